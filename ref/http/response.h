/* An HTTP response: filled in by whoever answers, then made into bytes (RFC 9112 4). Every refusal has one form,
 * {"error":"<name>"}: it never repeats what the client sent. No I/O. */
#ifndef REF_HTTP_RESPONSE_H
#define REF_HTTP_RESPONSE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    RESPONSE_BODY_MAX_BYTES = 64 << 20,
    RESPONSE_HEAD_MAX_BYTES = 1024,
    RESPONSE_FIELD_BYTES = 192,
};

struct response {
    int status;
    const char *type;                 /* of the content; a constant */
    char field[RESPONSE_FIELD_BYTES]; /* further header lines, each with its CR LF, or "" */
    struct buffer body;
    bool stream; /* the head ends the response's beginning only: events follow, until the connection ends */
};

/* 200 with a JSON body, still empty. */
struct response response_new(void);
void response_free(struct response *response);

/* Makes it an error and nothing else: status and the body {"error":"name"}. NULL as name: the status's own, such as
 * "bad_request". */
void response_error(struct response *response, int status, const char *name);

/* Adds the response to out, head and body together, so that they leave in one piece. `closing`: the connection ends
 * after it, and says so. `head_only`: it answers HEAD, so the body is only counted (RFC 9110 9.3.2). If out is full or
 * there is no memory, out->failed says so. A 101 is nothing but its fields (RFC 9110 15.2.2). */
void response_write(const struct response *response, bool closing, bool head_only, struct buffer *out);

/* All statuses that are ever answered, by index, so that they can be counted. */
enum { RESPONSE_STATUSES = 18 };
int response_status(size_t index);
size_t response_status_index(int status);

#endif
