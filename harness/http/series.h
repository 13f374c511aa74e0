/* Many requests, one after the other, over as few connections as the server allows: one is used again until an answer
 * says that it closes. A server need not persist (RFC 9112 9.3), and may end a connection between two requests without
 * a word; then the request is sent once more on a new one, so it must be one that may come twice. */
#ifndef ASSAY_HTTP_SERIES_H
#define ASSAY_HTTP_SERIES_H

#include "http/peer.h"

/* {.server = server} begins a series, http_series_end() ends it. */
struct http_series {
    struct http_target *server;
    struct http_peer *peer; /* NULL: the next request begins a connection */
    bool used;              /* it has brought an answer */
};

/* The answer to these bytes, a whole request; it lives until the next one. */
struct http_answer http_series_ask(struct http_series *series, const void *request, size_t count);

/* The same of a valid request to the endpoint with that body (of body_bytes, so it may hold NUL). A server that turns
 * its client away (429, or 503 to a right request, too) does not say what it makes of the body: the case ends as NA. */
struct http_answer http_series_ask_json(struct http_series *series, const struct http_endpoint *endpoint,
                                        const char *body, size_t body_bytes);

void http_series_end(struct http_series *series);

#endif
