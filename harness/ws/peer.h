/* The raw WebSocket client of a room: writes whatever frames and bytes it is told to, in whatever pieces, and reads
 * strictly.
 *
 *     struct ws_peer *peer = ws_dial(server);                                     a right handshake
 *     ws_send_frame(peer, &(struct ws_frame){.opcode = WS_PING, .unmasked = true});
 *     ws_expect_close(peer, "1002 drop");
 *     ws_hang_up(peer);
 *
 * While it reads it answers a Ping by its Pong and a Close by its Close, unless told to be rude; nothing else is sent
 * that the room has not written. Every wait has a deadline (WS_WAIT_MS, scaled), and what a hostile server can cost is
 * bounded (wire/ws_frame.h, wire/http_response.h, net/tcp.h). All that goes to and fro is kept as evidence. One thread
 * uses a peer; the caller owns it and ends it with ws_hang_up() or ws_reset(). */
#ifndef ASSAY_WS_PEER_H
#define ASSAY_WS_PEER_H

#include "net/tcp_plan.h"
#include "wire/ws_frame.h"
#include "wire/ws_handshake.h"
#include "ws/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_WAIT_MS = 20000,           /* for whatever must come, scaled */
    WS_SENT_MAX_BYTES = 80 << 20, /* of a frame that a room sends */
};

struct ws_peer;

/* --- the handshake --- */

/* What is left out is right. */
struct ws_dialling {
    struct ws_request request; /* host and target NULL: the server's; key NULL: a new one; its `fields` are added to
                                * those that the server asks for */
    bool stranger;             /* without the server's own fields: no token, no headers */
    const void *glued;         /* bytes that leave with the request, right behind it */
    size_t glued_bytes;
    struct tcp_plan plan; /* how the request is cut */
    bool narrow;          /* advertises as small a receive window as the system allows: for clients that do not read */
};

/* How the server answered the handshake. Pointers live until the peer's next reading. */
struct ws_opening {
    bool open;         /* a right 101: frames may follow */
    int status;        /* 0: no well-formed response came */
    const char *fault; /* of the response, or of its 101; NULL: none */
    bool closed;       /* no response: the connection ended, or was reset */
    int64_t at_ms;     /* since the dialling */
    const char *summary;
    const struct ws_peer *peer;
};

/* Connects and opens; a server that cannot be reached, or does not answer by a right 101, FAILs the case. */
struct ws_peer *ws_dial(struct ws_target *server);

/* The same as told. ws_knock() sends the request and does not wait: ws_read_opening() reads the answer, once. */
struct ws_peer *ws_dial_as(struct ws_target *server, const struct ws_dialling *dialling);
struct ws_peer *ws_knock(struct ws_target *server, const struct ws_dialling *dialling);
struct ws_opening ws_read_opening(struct ws_peer *peer);

/* Connects, and sends nothing: the room writes its request with ws_send_bytes(). */
struct ws_peer *ws_connect(struct ws_target *server);

/* Whom it has dialled. */
struct ws_target *ws_peer_server(const struct ws_peer *peer);

/* The value of a field of the answer; NULL: it has none. */
const char *ws_opening_field(const struct ws_opening *opening, const char *name);

/* --- sending --- */

/* Each enters what was sent as evidence. A server that takes no more, or has closed already, is no failure here: the
 * next reading tells. True when all bytes were taken by the system. */
bool ws_send_frame(struct ws_peer *peer, const struct ws_frame *frame);
bool ws_send_frame_chopped(struct ws_peer *peer, struct tcp_plan plan, const struct ws_frame *frame);
bool ws_send_text(struct ws_peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool ws_send_text_bytes(struct ws_peer *peer, const void *bytes, size_t count);
bool ws_send_close(struct ws_peer *peer, unsigned code, const char *reason);
bool ws_send_bytes(struct ws_peer *peer, const void *bytes, size_t count); /* as they are, in no frame */
bool ws_send_chopped(struct ws_peer *peer, struct tcp_plan plan, const void *bytes, size_t count);

/* Sends these bytes over and over, times in all, or until the server takes no more, closes, or the deadline has passed.
 * What the server says meanwhile is read from the socket only as far as the peer's buffer goes. Returns how often they
 * were taken whole. */
size_t ws_flood(struct ws_peer *peer, const void *bytes, size_t count, size_t times);

/* The same, and no longer than until nothing was taken for patience_ms: a server may well read no more from a client
 * that does not read. Bytes that were not taken whole leave half a frame behind:
 * send nothing more on that connection. */
size_t ws_flood_patiently(struct ws_peer *peer, const void *bytes, size_t count, size_t times, int64_t patience_ms);

/* --- reading --- */

enum ws_kind {
    WS_GOT_MESSAGE,  /* one whole, well-formed message */
    WS_GOT_FRAGMENT, /* a frame of a message that goes on: ws_read_any() alone */
    WS_GOT_PING,     /* ws_read_any() alone */
    WS_GOT_PONG,     /* ws_read_any() alone */
    WS_GOT_CLOSE,
    WS_GOT_FIN,   /* the end of the connection between two frames, or behind a Close */
    WS_GOT_RESET, /* the connection was reset */
    WS_SILENCE,   /* neither bytes nor an end until the deadline */
    WS_GARBLED,   /* the server broke a rule of framing: `fault` */
    WS_CUT,       /* a frame was begun and not finished: the connection ended or the deadline passed */
};

/* Pointers live until the peer's next reading. */
struct ws_event {
    enum ws_kind kind;
    unsigned opcode;   /* of a message: WS_TEXT or WS_BINARY */
    const char *bytes; /* of a message, a Ping or a Pong; the reason of a Close; NUL-terminated */
    size_t count;
    unsigned code;    /* of a Close; 0: it has none */
    size_t fragments; /* of a message */
    bool deflated;    /* a message that is compressed: `bytes` are as they came (wire/deflate.h) */
    const char *fault;
    int64_t at_ms; /* since the dialling */
    const char *summary;
};

/* The next message, Close, or end. */
struct ws_event ws_read(struct ws_peer *peer);
struct ws_event ws_read_within(struct ws_peer *peer, int64_t timeout_ms);

/* The next frame or end, whatever it is. */
struct ws_event ws_read_any(struct ws_peer *peer);
struct ws_event ws_read_any_within(struct ws_peer *peer, int64_t timeout_ms);

/* From now on neither a Ping nor a Close is answered. */
void ws_be_rude(struct ws_peer *peer);

/* From now on reads at most read_bytes at a time with a pause after each, and only when told to read. A client that
 * never reads is one with .narrow, on which no reading function is called. */
void ws_read_slowly(struct ws_peer *peer, size_t read_bytes, int64_t pause_ms);

/* Takes what the socket holds for pause_ms, up to the peer's buffer. True: something waits to be read, or the end. */
bool ws_pause(struct ws_peer *peer, int64_t pause_ms);

/* --- the end --- */

void ws_half_close(struct ws_peer *peer); /* FIN; the other half stays open for reading */
void ws_hang_up(struct ws_peer *peer);    /* closes and frees the peer; NULL is allowed */
void ws_reset(struct ws_peer *peer);      /* the same with a reset instead of a FIN */
void ws_hang_up_all(void);                /* every peer that a case has left behind */

#endif
