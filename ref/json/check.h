/* JSON as RFC 8259 has it and not a byte more: the check that everything else in this folder relies on.
 *
 * Where the standard leaves a choice, the strict one is taken: two readers that disagree about a text are how one of
 * them is led past the other. No I/O, no globals, no recursion over the text: any thread may check any bytes. */
#ifndef REF_JSON_CHECK_H
#define REF_JSON_CHECK_H

#include "base/error.h"

#include <stddef.h>

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

/* Is this exactly one JSON value, white space around it allowed? Names are compared decoded: "a" equals "\u0061".
 * Time is n log n at worst. Anything but JSON_OK: err says what is wrong and at which byte. */
enum json_result json_check(const char *text, size_t bytes, struct error *err);

#endif
