/* DEFLATE (RFC 1951) as permessage-deflate needs it (RFC 7692): a writer that puts together just what it is told to,
 * bombs and references to earlier messages among it, and a reader. No I/O. */
#ifndef ASSAY_WIRE_DEFLATE_H
#define ASSAY_WIRE_DEFLATE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DEFLATE_LITERALS_MAX_BYTES = 65535, /* of a stored block */
    DEFLATE_MATCH_MAX_BYTES = 258,
    DEFLATE_WINDOW_BYTES = 32768,
};

/* --- writing --- */

/* One message: a block with the fixed codes, until it is at its end. */
struct deflate {
    struct text *out;
    unsigned bits; /* those that do not make a byte yet */
    unsigned count;
};

void deflate_begin(struct deflate *deflate, struct text *out);
void deflate_literals(struct deflate *deflate, const void *bytes, size_t count);

/* Those bytes again that are `distance` back (1 to 32768), `length` of them (3 to 258). */
void deflate_match(struct deflate *deflate, unsigned length, unsigned distance);

/* Ends the message as RFC 7692 7.2.1 has it: flushed, without the last four bytes. */
void deflate_end(struct deflate *deflate);

/* A message that is not compressed, but stored. */
void deflate_stored(struct text *out, const void *bytes, size_t count);

/* --- reading --- */

/* Adds what the message says. With context takeover `out` holds all the messages before it, else nothing. NULL, or what
 * is wrong with it; a text that is too short for it is a fault, too. */
const char *deflate_read(const void *bytes, size_t count, struct text *out);

#endif
