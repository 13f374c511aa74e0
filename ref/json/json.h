/* JSON as RFC 8259 has it and not a byte more. First json_check(), then either of two ways in:
 *
 * - spans: pieces of the checked text itself. What a client sent can be passed on byte for byte, never printed anew:
 *   1e400 and 9007199254740993 survive, and so does every spelling.
 * - cJSON, by json_parse(), for messages that are only read.
 *
 * No I/O, no globals, no recursion over the text: any thread may call anything here with bytes from anywhere. */
#ifndef REF_JSON_JSON_H
#define REF_JSON_JSON_H

#include "base/buffer.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays and objects inside each other; RFC 8259 section 9 allows a limit. Below cJSON's own, which recurses. */
enum { JSON_DEPTH_MAX = 512 };

enum json_result {
    JSON_OK,
    JSON_SYNTAX,    /* not the grammar of RFC 8259, control characters in strings among it */
    JSON_ENCODING,  /* not well-formed UTF-8 (RFC 3629), or a \u escape with half a surrogate pair */
    JSON_DUPLICATE, /* one name twice in an object; RFC 8259 section 4 leaves open what that means */
    JSON_TOO_DEEP,  /* more than JSON_DEPTH_MAX */
    JSON_NUL,       /* json_parse() only: a string holds \u0000 */
    JSON_NO_MEMORY,
};

/* A piece of somebody else's text; valid as long as that is. */
struct json_span {
    const char *at;
    size_t bytes;
};

struct json_member {
    struct json_span name;  /* with its quotation marks and escapes, as written */
    struct json_span value; /* without white space around it */
};

/* Is this exactly one JSON value, white space around it allowed? Names are compared decoded: "a" equals "\u0061".
 * Time is n log n at worst. Anything but JSON_OK: err says what is wrong and at which byte. */
enum json_result json_check(const char *text, size_t bytes, struct error *err);

/* json_check(), then cJSON. *root belongs to the caller (cJSON_Delete) and is NULL unless JSON_OK. A string with
 * \u0000 is refused, because a C string would end there and "a\u0000b" would pass for "a". Use the case-sensitive
 * getters. Do not print a client's text through cJSON: its numbers are doubles. */
enum json_result json_parse(const char *text, size_t bytes, cJSON **root, struct error *err);

/* The rest is for text that json_check() has passed, and for the pieces of it. */

/* Next member of an object; start with a member of zeros. False: no more, or the value is no object. */
bool json_next_member(struct json_span object, struct json_member *member);

/* Finds a member by its decoded name; case counts. False: there is none, or the value is no object. */
bool json_find(struct json_span object, const char *name, struct json_span *value);

bool json_is_object(struct json_span value);
bool json_is_string(struct json_span value);

/* Compares two strings by their decoded characters: below, equal to or above 0, an order to sort by. */
int json_compare_strings(struct json_span a, struct json_span b);

/* Is the value a string that decodes to this text? */
bool json_string_is(struct json_span value, const char *text);

/* A string decoded to UTF-8: NUL-terminated, may hold NULs inside, the caller frees it. NULL: not a string, or no
 * memory. */
char *json_string(struct json_span value, size_t *bytes);

/* True and *number set if the value is a number without fraction and exponent that fits. */
bool json_integer(struct json_span value, int64_t *number);

/* Adds the value without the white space between its tokens: one line, since a string cannot hold a raw newline. */
void json_add_compact(struct buffer *out, struct json_span value);

/* Adds a JSON string with this content, quotation marks included. Bytes that are not UTF-8 become U+FFFD. */
void json_add_string(struct buffer *out, const char *text, size_t bytes);

/* How many bytes the well-formed UTF-8 sequence at the front takes (1 to 4); 0: it is none (RFC 3629, section 4). */
size_t json_utf8_bytes(const char *text, size_t bytes);

#endif
