/* cJSON, behind the check. */
#include "json/parse.h"

#include <string.h>

/* Is there an escape \u0000 in a string? */
static bool has_nul(const char *text, size_t bytes)
{
    const char *end = text + bytes;

    for (const char *at = text; at < end; at++) {
        if (*at != '\\')
            continue;
        if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
            return true;
        at++;
    }
    return false;
}

enum json_result json_parse(const char *text, size_t bytes, cJSON **root, struct error *err)
{
    enum json_result result = json_check(text, bytes, err);

    *root = NULL;
    if (result != JSON_OK)
        return result;
    if (has_nul(text, bytes)) {
        error_set(err, "a string holds \\u0000");
        return JSON_NUL;
    }
    *root = cJSON_ParseWithLength(text, bytes);
    if (!*root) {
        error_set(err, "out of memory");
        return JSON_NO_MEMORY;
    }
    return JSON_OK;
}

bool json_whole(const cJSON *value, int64_t *number)
{
    const double exact_max = 9007199254740992; /* 2^53 */

    if (!cJSON_IsNumber(value) || value->valuedouble < -exact_max || value->valuedouble > exact_max)
        return false;
    *number = (int64_t)value->valuedouble;
    return (double)*number == value->valuedouble;
}
