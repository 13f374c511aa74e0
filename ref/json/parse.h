/* A tree, by cJSON, of text that is only read: json_check() first, since cJSON accepts much that is not JSON.
 *
 * What to mind with such a tree: cJSON_GetObjectItemCaseSensitive() finds a member, the shorter name would find "ID"
 * for "id" too; valueint is saturated, valuedouble is what the number is worth; and nothing that a client sent is
 * printed through cJSON, since its numbers are doubles (9007199254740993 comes out as another one). What is passed on
 * is passed on as the bytes that came: json/span.h. */
#ifndef REF_JSON_PARSE_H
#define REF_JSON_PARSE_H

#include "base/error.h"
#include "json/check.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* *root belongs to the caller (cJSON_Delete) and is NULL unless JSON_OK. A string with \u0000 is refused as JSON_NUL,
 * because a C string would end there and "a\u0000b" would pass for "a". Any thread; no recursion deeper than
 * JSON_DEPTH_MAX. */
enum json_result json_parse(const char *text, size_t bytes, cJSON **root, struct error *err);

/* True and *number set if the value is a number without fraction, and so small (up to 2^53) that a double tells it from
 * the next one. False: something else, or NULL. */
bool json_whole(const cJSON *value, int64_t *number);

#endif
