/* The line is HTTP's unit of grammar: the request line, each header field, each chunk size and each trailer is one.
 * Collects a line byte by byte into a buffer of fixed size, so that the outcome cannot depend on how the bytes were cut
 * on their way, and takes field lines apart. No I/O, no allocation; a struct belongs to one thread at a time. */
#ifndef REF_HTTP_LINE_H
#define REF_HTTP_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Why a request is not served: the status to answer with, and a constant text for the log. */
struct http_refusal {
    int status;
    const char *reason;
};

/* Sets *why and returns false, so that every refusal reads `return http_refuse(why, 400, "...")`. */
bool http_refuse(struct http_refusal *why, int status, const char *reason);

struct http_line {
    char *bytes;                  /* the caller's buffer, of max_bytes + 1 */
    size_t count;                 /* bytes collected, without CR LF */
    size_t max_bytes;             /* a longer line is refused as too_long says */
    struct http_refusal too_long; /* set by the caller, since each kind of line has a status of its own */
    bool after_cr;                /* CR was seen, LF must follow */
};

void http_line_begin(struct http_line *line, char *buffer, size_t max_bytes, struct http_refusal too_long);

enum http_line_state { HTTP_LINE_MORE, HTTP_LINE_WHOLE, HTTP_LINE_REFUSED };

/* Takes one byte. HTTP_LINE_WHOLE: CR LF has come, and line->bytes is a string without it.
 * HTTP_LINE_REFUSED: no line may hold that byte there, and *why says so. Strict where RFC 9112 2.2 leaves a choice:
 * a line ends with CR LF and with nothing else, since parties that disagree about the end of a line disagree about
 * where the next request begins. */
enum http_line_state http_line_add(struct http_line *line, unsigned char byte, struct http_refusal *why);

struct http_field {
    const char *name;
    const char *value; /* without white space around it */
};

/* Takes a whole field line apart in place (RFC 9112 5): puts NULs into it, and points field at its two halves.
 * False: it is no field line, and *why says why. */
bool http_line_field(char *line, struct http_field *field, struct http_refusal *why);

/* At least one character, and all of them of RFC 9110 5.6.2: field names and methods are tokens. */
bool http_is_token(const char *string);

#endif
