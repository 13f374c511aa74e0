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
    uint64_t given; /* its number, where callers give it; else 0 */
};

struct numbered { /* a session whose numbers are given by us */
    struct numbered *next;
    const char *sid;
    uint64_t last;
    bool known; /* else the session itself is asked first */
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
    size_t torn_lines; /* that the case left behind, see store_damage() */
    struct numbered *numbered;
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

/* Where callers give the numbers (store.seq=caller): the next one of the session, which counts as given from now on, or
 * 0 where they do not; the event, to which a number other than 0 is added as its "seq". What was known of the sessions
 * is forgotten after a start of the target and after an append that was not acknowledged: then the session says what
 * its highest number is. */
uint64_t store_give_number(struct store *store, const char *sid);
void store_add_numbered(struct text *out, const char *event, size_t bytes, uint64_t number);
void store_know_number(struct store *store, const char *sid, uint64_t last);
void store_forget_numbers(struct store *store);

/* The highest number of the session's events, by a read or by its file; 0: there is none. */
uint64_t store_highest_number(struct store *store, const char *sid);

/* The number of the session's last event, as its file says or else a read; 0: there is none. */
uint64_t store_last_number(struct store *store, const char *sid);

/* What is wrong after appends that overlapped is a race only if it is right when they are made one after the other, in
 * a session of its own. First whether that can be tried; then the appends that were acknowledged, made again by all
 * processes in turns: the new session's id. What is expected of it is WRONG where it does not hold. */
bool store_may_repeat(const struct store *store);
const char *store_repeat_in_turn(struct store *store, const char *sid);

#endif
