/* Server-Sent Events, read as a browser reads them (HTML standard, "Interpreting an event stream"): lines end with
 * CRLF, LF or CR; one space behind the colon is no part of the value; several data lines of an event are joined by line
 * feeds; comments and other fields (event, id, retry) may stand anywhere. No I/O, no state: the caller keeps the body
 * and its place in it. */
#ifndef ASSAY_WIRE_SSE_H
#define ASSAY_WIRE_SSE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The data of the next event that has any, from *at on: true, and *at is behind it. False: no event is whole yet, and
 * *at stays where it was, to be called again with a longer body. */
bool sse_next(const char *body, size_t bytes, size_t *at, struct text *data);

#endif
