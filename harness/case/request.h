/* What the target was asked, as a failure shows it under "Sent": the request that got the wrong answer, not whatever
 * was written last. Who sends keeps a request with each connection or call, and says when it goes out and when it is
 * answered; what a room says itself (sent() in check.h) stands until the next one goes out. */
#ifndef ASSAY_CASE_REQUEST_H
#define ASSAY_CASE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    REQUEST_SHOWN_BYTES = 700,
    REQUEST_BEFORE_SHOWN_BYTES = 300,
    REQUEST_FRONT_BYTES = REQUEST_SHOWN_BYTES + 4, /* a character more than is shown, so that none is cut in two */
};

struct request {
    size_t bytes; /* in all, of which the front is kept; 0: there is none */
    char front[REQUEST_FRONT_BYTES];
};

void request_add(struct request *request, const void *bytes, size_t count);

/* From now on it is what was sent: a part of it goes out; its answer has been read, or has not come. `before` is the
 * one that had its answer on the same connection when this one was begun, for what is wrong may come from there. */
void request_goes_out(const struct request *request, const struct request *before);
void request_is_answered(const struct request *request, const struct request *before);

extern const struct request request_none;

/* The requests of a connection on which one follows the other. */
struct requests {
    struct request now;    /* all that was sent since the last answer that was read */
    struct request before; /* what was sent until then */
    bool answered;         /* what is sent next begins a new request */
};

/* What is about to go out belongs to the request that has no answer yet. */
void requests_go_out(struct requests *requests, const void *bytes, size_t count);

/* Something was read, or was not to come: the answer to what was sent, if `answered`. */
void requests_read(struct requests *requests, bool answered);

#endif
