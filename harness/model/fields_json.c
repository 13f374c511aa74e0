/* Fields as members of JSON objects, there and back. */
#include "model/fields.h"

#include "base/xalloc.h"
#include "model/results.h"

#include <string.h>

/* ---- writing ---- */

static void write_list(struct json_writer *writer, char *const *list)
{
    json_open(writer, '[');
    for (char *const *item = list; item && *item; item++)
        json_string(writer, *item);
    json_close(writer, ']');
}

static void write_counts(struct json_writer *writer, const size_t *counts)
{
    json_open(writer, '{');
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        json_member_integer(writer, verdict_name((enum verdict)verdict), (int64_t)counts[verdict]);
    json_close(writer, '}');
}

static int64_t number_at(const void *place, size_t bytes)
{
    const uint64_t *number = place;

    return bytes == sizeof(unsigned) ? *(const unsigned *)place : (int64_t)*number;
}

static void write_value(struct json_writer *writer, const struct field *field, const void *place)
{
    switch (field->kind) {
    case FIELD_STRING:
    case FIELD_OPTIONAL:
        json_string(writer, *(char *const *)place);
        break;
    case FIELD_LIST:
        write_list(writer, *(char *const *const *)place);
        break;
    case FIELD_BOOL:
        json_bool(writer, *(const bool *)place);
        break;
    case FIELD_VERDICT:
        json_string(writer, verdict_name(*(const enum verdict *)place));
        break;
    case FIELD_BLAME:
        json_string(writer, *(const enum blame *)place == BLAME_NONE ? NULL : blame_name(*(const enum blame *)place));
        break;
    case FIELD_NUMBER:
        json_integer(writer, number_at(place, field->bytes));
        break;
    case FIELD_COUNTS:
        write_counts(writer, place);
        break;
    }
}

void fields_write(const struct field *fields, const void *of, enum field_place in, struct json_writer *writer)
{
    for (const struct field *field = fields; field->name; field++) {
        if (!(field->in & in))
            continue;
        json_key(writer, field->name);
        write_value(writer, field, (const char *)of + field->offset);
    }
}

/* ---- reading ---- */

const struct json *fields_next(const struct json **next, const char *name, struct error *err)
{
    const struct json *member = *next;

    if (!member || member->name_bytes != strlen(name) || memcmp(member->name, name, member->name_bytes) != 0) {
        error_set(err, "member \"%s\" is not where it should be", name);
        return NULL;
    }
    *next = member->next;
    return member;
}

static bool is_last(const struct json *next, struct error *err)
{
    if (next)
        error_set(err, "unknown member \"%s\"", next->name);
    return !next;
}

static const char *string_of(const struct json *member, struct error *err)
{
    const char *string = json_as_string(member);

    if (!string)
        error_set(err, "\"%s\" is no string", member->name);
    return string;
}

static bool read_string(const struct json *member, char **out, struct error *err)
{
    *out = fields_copy_string(string_of(member, err));
    return *out != NULL;
}

static bool read_list(const struct json *member, size_t max, char ***out, struct error *err)
{
    size_t count = 0;

    if (member->type != JSON_ARRAY || member->count > max) {
        error_set(err, "\"%s\" is no array of at most %zu", member->name, max);
        return false;
    }
    *out = xalloc_resize(NULL, member->count + 1, sizeof **out);
    for (const struct json *item = member->child; item; item = item->next, count++) {
        (*out)[count] = fields_copy_string(json_as_string(item));
        if (!(*out)[count]) {
            error_set(err, "\"%s\" holds what is no string", member->name);
            return false;
        }
    }
    (*out)[count] = NULL;
    return true;
}

static bool read_bool(const struct json *member, bool *out, struct error *err)
{
    *out = member->type == JSON_TRUE;
    if (member->type == JSON_TRUE || member->type == JSON_FALSE)
        return true;
    error_set(err, "\"%s\" is neither true nor false", member->name);
    return false;
}

static bool read_verdict(const struct json *member, enum verdict *out, struct error *err)
{
    const char *name = string_of(member, err);

    for (int verdict = 0; name && verdict < VERDICT_COUNT; verdict++) {
        *out = (enum verdict)verdict;
        if (strcmp(name, verdict_name(*out)) == 0)
            return true;
    }
    if (name)
        error_set(err, "unknown verdict \"%s\"", name);
    return false;
}

static bool read_blame(const struct json *member, enum blame *out, struct error *err)
{
    *out = BLAME_NONE;
    if (member->type == JSON_NULL)
        return true;
    const char *name = string_of(member, err);
    for (int blame = BLAME_TARGET; name && blame <= BLAME_ENVIRONMENT; blame++) {
        *out = (enum blame)blame;
        if (strcmp(name, blame_name(*out)) == 0)
            return true;
    }
    if (name)
        error_set(err, "unknown blame \"%s\"", name);
    return false;
}

static bool read_number(const struct json *member, int64_t max, size_t bytes, void *out, struct error *err)
{
    int64_t number;

    if (!json_as_integer(member, &number) || number < 0 || number > max) {
        error_set(err, "\"%s\" is no number from 0 to %lld", member->name, (long long)max);
        return false;
    }
    if (bytes == sizeof(unsigned))
        *(unsigned *)out = (unsigned)number;
    else
        *(uint64_t *)out = (uint64_t)number;
    return true;
}

static bool read_counts(const struct json *object, int64_t max, size_t *counts, struct error *err)
{
    const struct json *next = object->child;

    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        const struct json *member = fields_next(&next, verdict_name((enum verdict)verdict), err);

        if (!member || !read_number(member, max, sizeof *counts, &counts[verdict], err))
            return false;
    }
    return is_last(next, err);
}

static bool read_value(const struct field *field, const struct json *member, void *place, struct error *err)
{
    switch (field->kind) {
    case FIELD_OPTIONAL:
        return member->type == JSON_NULL || read_string(member, place, err);
    case FIELD_STRING:
        return read_string(member, place, err);
    case FIELD_LIST:
        return read_list(member, (size_t)field->max, place, err);
    case FIELD_BOOL:
        return read_bool(member, place, err);
    case FIELD_VERDICT:
        return read_verdict(member, place, err);
    case FIELD_BLAME:
        return read_blame(member, place, err);
    case FIELD_NUMBER:
        return read_number(member, field->max, field->bytes, place, err);
    case FIELD_COUNTS:
        return read_counts(member, field->max, place, err);
    }
    return false;
}

bool fields_read(const struct field *fields, void *of, enum field_place in, const struct json *member,
                 struct error *err)
{
    for (const struct field *field = fields; field->name; field++) {
        if (!(field->in & in))
            continue;
        const struct json *own = fields_next(&member, field->name, err);
        if (!own || !read_value(field, own, (char *)of + field->offset, err))
            return false;
    }
    return is_last(member, err);
}
