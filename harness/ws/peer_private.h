/* What ws/peer.c (the connection, and sending), ws/peer_read.c (frames) and ws/dial.c (the handshake) share. */
#ifndef ASSAY_WS_PEER_PRIVATE_H
#define ASSAY_WS_PEER_PRIVATE_H

#include "base/text.h"
#include "case/request.h"
#include "net/tcp.h"
#include "wire/http_response.h"
#include "ws/peer.h"

enum {
    WS_SUMMARY_MAX_BYTES = 2048,
    WS_SHOWN_MAX_BYTES = 240, /* of a message or of garbage, in a summary */
};

struct ws_peer {
    struct ws_peer *next; /* of those that are still connected */
    struct ws_target *server;
    struct tcp wire;
    struct ws_request asked; /* whose answer is judged; its key, extensions and protocols are copies */
    char *key, *extensions, *protocols;
    struct http_response response;
    struct ws_reader reader;
    struct text summary;
    int64_t dialled_ns;
    struct requests requests;
    bool rude;
    bool close_sent;
    bool end_noted; /* in the exchange */
    char name[32];  /* in the exchange */
};

/* Connects; 0: a receive window of the system's own size. */
struct ws_peer *ws_peer_reach(struct ws_target *server, int receive_window_bytes);

/* Since the dialling. */
int64_t ws_peer_at_ms(const struct ws_peer *peer);

/* Enters the end of the connection in the exchange, once. */
void ws_peer_note_end(struct ws_peer *peer);

/* ws_read() until then. */
struct ws_event ws_peer_read(struct ws_peer *peer, int64_t deadline_ns);

/* Enters a frame in the exchange: "Text, 5 bytes: hello". */
void ws_peer_note(struct ws_peer *peer, bool sent, const char *what, const void *bytes, size_t count);

/* What a frame with that opcode is called: "Text". */
const char *ws_peer_opcode(unsigned opcode);

#endif
