/* What the files of the store (store/store.h) share among themselves. */
#ifndef ASSAY_STORE_STORE_PRIVATE_H
#define ASSAY_STORE_STORE_PRIVATE_H

#include "store/store.h"

enum {
    STORE_PROCESSES_MAX = 8,
    STORE_CALL_MS = 20000,
    STORE_PARAMS_BYTES_MAX = DRIVER_LINE_MAX_BYTES,
};

struct kept { /* a string that a room was given */
    struct kept *next;
    char bytes[];
};

struct pending {
    uint64_t call;
    unsigned client;
    const char *sid;
    const char *event;
};

/* What all processes of the target on one directory have in common. */
struct shared {
    struct history *history;
    struct kept *kept;
    char *directory;
    struct supervisor *supervisor; /* of all processes, or NULL */
    struct store *stores[STORE_PROCESSES_MAX];
    size_t store_count;
    uint64_t next_op;
    size_t biggest_event_bytes;
    size_t torn_lines;    /* that the case left behind, see store_damage() */
    bool durable;         /* ask for it at the next start */
    const char *stimulus; /* see store_stimulus(), or NULL */
    bool overlapped;      /* appends were in flight together, so what is wrong may be a race */
    bool in_turn;         /* they are made again, one after the other */
};

struct store {
    struct shared *shared;
    struct driver *driver;
    struct pending pending[DRIVER_CALLS_MAX];
    size_t pending_count;
};

/* A copy that lives as long as the store. */
const char *store_keep(struct store *store, const char *string);

/* {"sid":…, to be filled and handed to store_finish_call(), which closes and frees the text. sid may be NULL. */
struct json_writer store_open_params(struct text *params, const char *sid);
struct answer store_finish_call(struct store *store, const char *method, struct json_writer *writer,
                                struct text *params);

/* The operation is legal and claimed, so it has to succeed; its result. */
const struct json *store_must(struct answer answer, const char *method);

/* An append by that client (from 1), and its end: the operation is in the history then. Returns whose it was. */
uint64_t store_begin_append_as(struct store *store, unsigned client, const char *sid, const char *event);
unsigned store_enter_append(struct store *store, uint64_t call, const struct answer *answer);

/* The number of the session's last event, as its file says or else a read; 0: there is none. */
uint64_t store_last_number(struct store *store, const char *sid);

/* What is wrong after appends that overlapped is a race only if it is right when they are made one after the other, in
 * a session of its own. First whether that can be tried; then the appends that were acknowledged, made again by all
 * processes in turns: the new session's id. What is expected of it is WRONG where it does not hold. */
bool store_may_repeat(const struct store *store);
const char *store_repeat_in_turn(struct store *store, const char *sid);

#endif
