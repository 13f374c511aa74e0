/* What the fields of a complete head mean for the connection: how long the body is, to which host the request went,
 * whether the connection lives on. All that request smuggling is made of is decided here (RFC 9112 3.2, 6, 9.3). */
#ifndef REF_HTTP_FRAMING_H
#define REF_HTTP_FRAMING_H

#include "http/request.h"

/* Sets host (unless the target named one), close, expect_continue, chunked and content_length of request.
 * False: the request must not be served, and *why says why. */
bool http_framing(struct http_request *request, uint64_t body_max_bytes, struct http_refusal *why);

#endif
