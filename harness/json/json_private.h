/* What the json files share among themselves.
 *
 * Tokens, of which json/json.c builds documents. A scan starts at the token's first byte, which the caller has looked
 * at, and leaves the cursor behind the token. */
#ifndef ASSAY_JSON_JSON_PRIVATE_H
#define ASSAY_JSON_JSON_PRIVATE_H

#include "json/json.h"

struct json_cursor {
    const char *begin;
    const char *at;
    const char *end;
    bool half_pairs; /* half a surrogate pair may stand as an escape */
    char *decoded;   /* where the next decoded string goes; the caller has left room for all of them */
    struct json_error *error;
};

/* Records why the text is no JSON, and at which byte that shows. Returns false, for `return json_fail(…)`. */
bool json_fail(struct json_cursor *cursor, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void json_skip_space(struct json_cursor *cursor);

/* Of each: false if the token is malformed, and the error says why. */
bool json_scan_string(struct json_cursor *cursor, const char **string, size_t *bytes);
bool json_scan_number(struct json_cursor *cursor);
bool json_scan_word(struct json_cursor *cursor, const char *word);

/* An order of members by name, for sorting; not that of any alphabet. */
int json_compare_names(const struct json *a, const struct json *b);

/* Both are JSON_NUMBER. No digit is lost however many there are, and exponents have no limit. */
bool json_numbers_equal(const struct json *a, const struct json *b);

#endif
