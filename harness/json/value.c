/* What a reader's caller asks of a value. */
#include "json/json_private.h"

#include <string.h>

int json_compare_names(const struct json *a, const struct json *b)
{
    if (a->name_bytes != b->name_bytes)
        return a->name_bytes < b->name_bytes ? -1 : 1;
    return memcmp(a->name, b->name, a->name_bytes);
}

const struct json *json_get(const struct json *value, const char *name)
{
    if (!value || value->type != JSON_OBJECT)
        return NULL;
    size_t name_bytes = strlen(name);
    for (const struct json *member = value->child; member; member = member->next)
        if (member->name_bytes == name_bytes && memcmp(member->name, name, name_bytes) == 0)
            return member;
    return NULL;
}

const char *json_as_string(const struct json *value)
{
    if (!value || value->type != JSON_STRING || strlen(value->string) != value->string_bytes)
        return NULL;
    return value->string;
}

const char *json_get_string(const struct json *object, const char *name)
{
    return json_as_string(json_get(object, name));
}

bool json_lists(const struct json *array, const char *string)
{
    for (const struct json *entry = array ? array->child : NULL; entry; entry = entry->next) {
        const char *listed = json_as_string(entry);

        if (listed && strcmp(listed, string) == 0)
            return true;
    }
    return false;
}

/* Counts downwards from zero, since the least number has no positive counterpart. */
bool json_as_integer(const struct json *value, int64_t *out)
{
    if (!value || value->type != JSON_NUMBER)
        return false;
    bool negative = value->raw[0] == '-';
    int64_t number = 0;
    for (size_t i = negative; i < value->raw_bytes; i++) {
        if (value->raw[i] < '0' || value->raw[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, (int64_t)10, &number) ||
            __builtin_sub_overflow(number, (int64_t)(value->raw[i] - '0'), &number))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, number, &number))
        return false;
    *out = number;
    return true;
}

bool json_get_integer(const struct json *object, const char *name, int64_t *out)
{
    return json_as_integer(json_get(object, name), out);
}
