/* UTF-8 (RFC 3629) in pieces: says no at the first byte with which the text can no longer become UTF-8, in the middle
 * of a character too, so that nobody has to wait for the end of a message that is lost already (RFC 6455 8.1).
 * No I/O, no allocation; a struct belongs to one thread at a time. */
#ifndef REF_WEBSOCKET_UTF8_H
#define REF_WEBSOCKET_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: a text begins. */
struct websocket_utf8 {
    unsigned char left;      /* bytes that the character still needs */
    unsigned char low, high; /* what the next of them may be */
};

/* The next bytes of the text. False: with them it is none, whatever follows; it must not be added to any more. */
bool websocket_utf8_add(struct websocket_utf8 *utf8, const char *bytes, size_t count);

/* The text may end here: no character is half there. */
bool websocket_utf8_is_whole(const struct websocket_utf8 *utf8);

#endif
