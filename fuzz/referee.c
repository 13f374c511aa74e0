/* The referee's reader, behind the few questions that ref/ is held against. */
#include "referee.h"

#include "json/json.h"

bool referee_reads(const char *text, size_t bytes)
{
    const struct json *value = json_read(text, bytes, NULL);

    json_free(value);
    return value != NULL;
}

static bool equal(const char *a, size_t a_bytes, const char *b, size_t b_bytes, const char *const *without)
{
    const struct json *left = json_read(a, a_bytes, NULL);
    const struct json *right = json_read(b, b_bytes, NULL);
    bool are_equal = left && right && (without ? json_equal_without(left, right, without) : json_equal(left, right));

    json_free(left);
    json_free(right);
    return are_equal;
}

bool referee_equal(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    return equal(a, a_bytes, b, b_bytes, NULL);
}

bool referee_equal_events(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    static const char *const without[] = {"ts", "seq", NULL};

    return equal(a, a_bytes, b, b_bytes, without);
}

bool referee_integer(const char *text, size_t bytes, int64_t *number)
{
    const struct json *value = json_read(text, bytes, NULL);
    bool is_integer = json_as_integer(value, number);

    json_free(value);
    return is_integer;
}

static bool is_string(const struct json *value)
{
    return value && value->type == JSON_STRING;
}

int64_t referee_event_number(const char *event, size_t bytes)
{
    const struct json *value = json_read(event, bytes, NULL);
    int64_t number;
    bool is_event = json_get_integer(value, "seq", &number) && is_string(json_get(value, "type")) &&
                    is_string(json_get(value, "ts"));

    json_free(value);
    return is_event ? number : 0;
}
