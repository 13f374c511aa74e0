/* Rules of framing as tables: what a client sends that breaks a rule, or that only looks like it, and what must come of
 * it. Each row has a client of its own, which has initialized, and names the sentence that it holds.
 *
 *     static const struct ws_row rows[] = {
 *         {"a Ping with RSV1", "RFC 6455 5.2: \"MUST be 0 unless …\"", 1, {{.opcode = WS_PING, .rsv = 4}}},
 *     };
 *     ws_expect_failed(server, rows, sizeof rows / sizeof *rows, "1002");
 *
 * The functions end the case as FAIL when a row does not hold, and say which one. One thread uses them. */
#ifndef ASSAY_WS_FRAMING_H
#define ASSAY_WS_FRAMING_H

#include "ws/rpc.h"

enum {
    WS_ROW_FRAMES_MAX = 5,
    WS_PROBE_ID_BYTES = 16,
    WS_PROBE_MIN_BYTES = 80, /* a probe has at least so many */
};

struct ws_row {
    const char *what; /* for people */
    const char *rule; /* where it stands, and what it says */
    size_t count;     /* of the frames */
    struct ws_frame frames[WS_ROW_FRAMES_MAX];
};

/* The server fails the connection (RFC 6455 7.1.7), and answers nothing that comes behind the row. One that declares
 * ws.framing=strict sends a Close with one of `codes`, in words; of another any Close that is no normal one will do
 * (1000 too, where the row ends in a Close), or the end of the connection. */
void ws_expect_failed(struct ws_target *server, const struct ws_row *rows, size_t count, const char *codes);

/* The same of one peer, to which the frames have gone already. */
void ws_expect_failing(struct ws_peer *peer, const char *codes, const char *what, const char *rule);

/* Nothing comes of the row, and the connection goes on: a request behind it is answered. */
void ws_expect_passed_over(struct ws_target *server, const struct ws_row *rows, size_t count);

/* A request that every server answers, since it has no such method, and the answer holds the id. It is so many bytes
 * long, or as short as it can be; with letters of two to four bytes in it, if it is long enough. Lives until the next
 * one is made. */
struct ws_probe {
    char id[WS_PROBE_ID_BYTES];
    const char *text;
    size_t bytes;
};
struct ws_probe ws_make_probe(size_t bytes);

/* Sends one in one frame, as small as it can be. */
struct ws_probe ws_send_probe(struct ws_peer *peer);

/* The next message is the answer to it. */
void ws_expect_answered(struct ws_peer *peer, const struct ws_probe *probe, const char *what);

/* The next thing, messages and Pings aside, is a Pong with that payload. */
void ws_expect_pong(struct ws_peer *peer, const void *payload, size_t count);

#endif
