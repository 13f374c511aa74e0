/* What a room may expect of an HTTP server. Each function ends the case as FAIL when it does not hold, with the
 * answer as evidence. */
#ifndef ASSAY_HTTP_EXPECT_H
#define ASSAY_HTTP_EXPECT_H

#include "http/peer.h"

enum { HTTP_QUIET_MS = 300 }; /* how long to listen for what must not come, where nothing else ends the wait; scaled */

/* The ways in which a request may legally be refused. */
enum http_legal {
    MAY_4XX = 1 << 0,
    MAY_501 = 1 << 1,
    MAY_505 = 1 << 2,
    MAY_CLOSE = 1 << 3, /* hang up without an answer; by a reset too, for that is what the system makes of a close()
                         * while bytes are unread, and of the answer that it was about to read the client
                         * may lose a part or all; a lingering close is a SHOULD (RFC 9112 9.6) */
    MAY_2XX = 1 << 4,   /* serve it after all, where the standard leaves that open */
    MAY_3XX = 1 << 5,   /* redirect to what the request should have been */
    MAY_WAIT =
        1 << 6, /* for the rest of it, for to this server the request is not finished: expect_variants_refused() */
};

/* The answer is legal, or the case ends as FAIL, by what was seen: HANG: neither bytes nor an end until the deadline;
 * SILENT: an end without an answer; CRASH: the same, or half an answer, and nobody listens any more; else WRONG. */
void expect_answer(struct http_answer answer, bool legal, const char *expected);

/* One well-formed response with that status; with one of the class 2xx; with one that `legal` (of enum http_legal)
 * names, or none where it may be closed. */
void expect_status(struct http_answer answer, int status);
void expect_success(struct http_answer answer);
void expect_legal(struct http_answer answer, unsigned legal);

/* The same of the next answer, which must be the last: whatever else was sent is not served. The server may close or
 * keep the connection. */
void expect_refused(struct http_peer *peer, unsigned legal);

/* As expect_refused(), and the server closes the connection (with a FIN or a reset) by itself. */
void expect_refused_and_closed(struct http_peer *peer, unsigned legal);

/* Behind the request that `first` answers the room has sent a valid one to a JSON endpoint: it is served by 2xx, and
 * nothing comes behind that. Where `first` says that the connection ends, as any response may (RFC 9112 9.3), nothing
 * comes at all. */
void expect_next_success(struct http_peer *peer, struct http_answer first);

/* For what can only be seen on a connection that lives: where `answer` says that it ends, nothing more may come, and
 * the case ends as NA. */
void http_need_open(struct http_peer *peer, struct http_answer answer);

/* What a request to the first JSON endpoint carries beside what every request does. */
struct http_variant {
    const char *lines; /* whole lines with their CRLF; NULL behind the last variant */
    const char *rest;  /* behind the empty line; NULL: the endpoint's valid body, and its Content-Length in front */
};

/* Sends each variant on a connection of its own: expect_refused(), or with `closes` expect_refused_and_closed().
 * With MAY_WAIT this side then says that it sends no more: what is wrong shows as an answer, a close is legal, and one
 * who goes on waiting must answer somebody else. */
void expect_variants_refused(struct http_target *server, const struct http_variant *variants, unsigned legal,
                             bool closes);

/* MAY_2XX, unless the target declares http.syntax=strict: for what the standards let a server mend or refuse. */
unsigned http_leeway(const struct http_target *server);

/* Ends the case as NA for a target that has routes of its own instead of the reference's. */
void http_need_contract(const struct http_target *server);

/* The answer to the first JSON endpoint's valid body as a single chunk. */
struct http_answer http_ask_in_chunks(struct http_peer *peer);

/* Ends the case as NA for a server that does not read such a body: because it speaks HTTP/1.0, to which nobody may send
 * one (RFC 9112 6.1), because it answers 411, as RFC 9112 6.3 lets it, or wrongly. That is found once, by
 * http/chunk-framing, and is no finding of every case that sends chunks. */
void http_need_chunked(struct http_target *server);

/* The same for one that does not look at Transfer-Encoding at all, so that the chunks of any body are its next request:
 * for cases of codings that must be refused. */
void http_need_transfer_encoding(struct http_target *server);

/* An error that the application itself answers: the status, and where the target declares http.errors=assay a JSON
 * content type and the body {"error":"<error>"}. */
void expect_error(struct http_answer answer, int status, const char *error);

/* The answer's Content-Type is a JSON one. */
void expect_json_type(struct http_answer answer);

/* A valid request to the first JSON endpoint behind that answer, and so behind what it answers: served by 2xx, unless
 * the answer says that the connection ends. */
void expect_in_step(struct http_peer *peer, struct http_answer answer);

/* The server closes now, without another byte. */
void expect_closed(struct http_peer *peer);

/* Nothing more comes: closes this side's half, and listens until the server closes too or HTTP_QUIET_MS have passed. */
void expect_no_more(struct http_peer *peer);

/* A new connection is answered, and a valid request to the first JSON endpoint succeeds. */
void expect_alive(struct http_target *server);

#endif
