/* The referee's own JSON: a strict reader that keeps every value's bytes, and a writer.
 *
 * A target's lines are judged by this reader, so it accepts RFC 8259 and nothing else: no leading zeros, no raw control
 * characters, no lone surrogates, no invalid UTF-8, no second value. Duplicate member names are refused too (RFC 8259
 * section 4 leaves their meaning open, and an event with two "seq" has no number). It does not recurse, so depth costs
 * memory and not stack; what is deeper than JSON_DEPTH_MAX or has more values than JSON_VALUES_MAX is refused. Values
 * are immutable; a document may be read by several threads. */
#ifndef ASSAY_JSON_JSON_H
#define ASSAY_JSON_JSON_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 200000, JSON_VALUES_MAX = 2 << 20 };

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    const char *raw; /* the value's own bytes in the text that was read, for splicing and for evidence */
    size_t raw_bytes;
    const char *name; /* of a member: its decoded name, NUL-terminated; else NULL */
    size_t name_bytes;
    const char *string; /* JSON_STRING: decoded UTF-8, NUL-terminated, may hold NULs inside; else NULL */
    size_t string_bytes;
    const struct json *child; /* first element or member, in the order of the text */
    const struct json *next;  /* next element or member of the same parent */
    size_t count;             /* elements or members */
};

struct json_error {
    size_t offset; /* of the first byte that cannot stand where it stands; of a duplicate member: of its value */
    char text[96]; /* why, in a few words */
};

/* Reads exactly one value, white space around it allowed. The text is copied: the result outlives it. Time grows
 * linearly with the text (times the logarithm of the members of its largest object). NULL: it is not JSON, and error
 * (may be NULL) says where and why. json_free() ends a result; NULL is allowed there. */
const struct json *json_read(const char *text, size_t bytes, struct json_error *error);
void json_free(const struct json *root);

/* The same for the event of a store, where half a surrogate pair may stand as an escape: such text cannot be exchanged
 * as UTF-8, but a store may keep it as it came (RFC 8259 8.2). It decodes to three bytes that no UTF-8 has, so that it
 * equals itself and nothing else. */
const struct json *json_read_event(const char *text, size_t bytes, struct json_error *error);

/* How much memory a result of json_read() takes. */
size_t json_memory_bytes(const struct json *root);

/* The member of that name, or NULL when value is NULL, no object, or has none. Names are compared byte for byte. */
const struct json *json_get(const struct json *value, const char *name);

/* The text of a string member or value; NULL when it is missing, no string, or holds a NUL. */
const char *json_get_string(const struct json *object, const char *name);
const char *json_as_string(const struct json *value);

/* Whether an array has that string among its elements; NULL has none. */
bool json_lists(const struct json *array, const char *string);

/* True and *out set when value is a number written as an integer (no fraction, no exponent) that fits. */
bool json_as_integer(const struct json *value, int64_t *out);
bool json_get_integer(const struct json *object, const char *name, int64_t *out);

/* Equal as values: member order, escapes and white space do not count; numbers count by their exact decimal value
 * (1.0 equals 1 and 10e-1, 9007199254740993 differs from 9007199254740992). */
bool json_equal(const struct json *a, const struct json *b);

/* The same for two objects, of which the members of these names (at top level, up to a NULL) do not count. */
bool json_equal_without(const struct json *a, const struct json *b, const char *const *names);

/* Whether each top-level member of `part`, but for those named, is in `whole` with an equal value; what else `whole`
 * has does not matter. */
bool json_holds_without(const struct json *whole, const struct json *part, const char *const *names);

/* The writer adds commas by itself and writes no white space. Invalid UTF-8 in a string becomes U+FFFD. */
struct json_writer {
    struct text *out;
    bool comma; /* a value was written at this level, so the next needs a comma */
};

struct json_writer json_write(struct text *out);
void json_open(struct json_writer *writer, char bracket);  /* '{' or '[' */
void json_close(struct json_writer *writer, char bracket); /* '}' or ']' */
void json_key(struct json_writer *writer, const char *name);
void json_string(struct json_writer *writer, const char *string); /* NULL writes null */
void json_string_bytes(struct json_writer *writer, const char *bytes, size_t count);
void json_integer(struct json_writer *writer, int64_t number);
void json_bool(struct json_writer *writer, bool value);
void json_raw(struct json_writer *writer, const char *json, size_t bytes); /* text that is JSON already */

/* key and value in one line */
void json_member(struct json_writer *writer, const char *name, const char *string);
void json_member_integer(struct json_writer *writer, const char *name, int64_t number);

#endif
