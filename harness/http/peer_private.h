/* What http/peer.c (the connection, and sending) and http/peer_read.c (reading) share. */
#ifndef ASSAY_HTTP_PEER_PRIVATE_H
#define ASSAY_HTTP_PEER_PRIVATE_H

#include "base/text.h"
#include "case/request.h"
#include "http/peer.h"
#include "net/tcp.h"
#include "wire/http_response.h"

enum {
    HTTP_SUMMARY_MAX_BYTES = 2048,
    HTTP_SHOWN_MAX_BYTES = 240, /* of a body or of garbage, in a summary */
};

struct http_peer {
    struct http_peer *next; /* of those that are still connected */
    struct http_target *server;
    struct tcp wire;
    struct http_response response;
    struct text first; /* the first bytes of the response as they came, to be shown when it is none */
    struct text summary;
    int64_t dialled_ns;
    struct requests requests;
    size_t noted_bytes; /* of what the wire holds, that are in the exchange */
    bool end_noted;     /* so is the end of the connection */
    char name[32];      /* in the exchange */
};

/* Enters in the exchange what has come since the last time, and how the connection ended. */
void http_peer_note(struct http_peer *peer);

#endif
