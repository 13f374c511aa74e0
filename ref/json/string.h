/* JSON strings (RFC 8259 7): those of checked text compared and decoded, and new ones written.
 *
 * A string is a span with its quotation marks and escapes, as written; it must be a piece of text that json_check() has
 * passed. Nothing here allocates but json_string(); any thread. */
#ifndef REF_JSON_STRING_H
#define REF_JSON_STRING_H

#include "base/buffer.h"
#include "json/span.h"

/* Compares two strings by their decoded characters: below, equal to or above 0, an order to sort by. */
int json_compare_strings(struct json_span a, struct json_span b);

/* Is the value a string that decodes to this text? */
bool json_string_is(struct json_span value, const char *text);

/* A string decoded to UTF-8: NUL-terminated, may hold NULs inside, the caller frees it. NULL: not a string, or no
 * memory. */
char *json_string(struct json_span value, size_t *bytes);

/* Adds a JSON string with this content, quotation marks included. Bytes that are not UTF-8 become U+FFFD. */
void json_add_string(struct buffer *out, const char *text, size_t bytes);

#endif
