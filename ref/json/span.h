/* Pieces of a text that json_check() has passed, found in it and never copied: what a client sent can be passed on byte
 * for byte and is never printed anew, so 1e400 and 9007199254740993 survive, and so does every spelling.
 *
 * Everything here takes checked text, or a piece of it: other bytes make it read out of bounds. Any thread. */
#ifndef REF_JSON_SPAN_H
#define REF_JSON_SPAN_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's text; valid as long as that is. */
struct json_span {
    const char *at;
    size_t bytes;
};

struct json_member {
    struct json_span name;  /* with its quotation marks and escapes, as written */
    struct json_span value; /* without white space around it */
};

bool json_is_object(struct json_span value);
bool json_is_string(struct json_span value);

/* Next member of an object; start with a member of zeros. False: no more, or the value is no object. */
bool json_next_member(struct json_span object, struct json_member *member);

/* Next element of an array; start with a span of zeros. False: no more, or the value is no array. */
bool json_next_element(struct json_span array, struct json_span *element);

/* Finds a member by its decoded name; case counts. False: there is none, or the value is no object. Walks along the
 * object from its beginning: who wants several members walks once, by json_next_member(). */
bool json_find(struct json_span object, const char *name, struct json_span *value);

/* True and *number set if the value is a number without fraction and exponent that fits. */
bool json_integer(struct json_span value, int64_t *number);

/* Adds the value without the white space between its tokens: one line, since a string cannot hold a raw newline. */
void json_add_compact(struct buffer *out, struct json_span value);

#endif
