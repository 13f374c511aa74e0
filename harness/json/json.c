/* The reader of json/json.h: builds a document without recursion, in one allocation.
 *
 * The text is looked at twice. The first pass counts what may begin a value, so that the second can put all values, the
 * copy of the text and all decoded strings into memory that was taken at once. */
#include "json/json.h"
#include "base/xalloc.h"
#include "json/json_private.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_MEMBERS = 8 };

/* While a container is open, its `next` is not yet in use, so it holds the container around it: the way back up costs
 * no stack. */
struct reader {
    struct json_cursor cursor;
    struct json *values;
    size_t values_used;
    size_t depth;
    struct json *parent; /* the innermost open container; NULL outside the root */
    struct json *last;   /* its last child so far */
    const char *name;    /* of the member whose value comes next */
    size_t name_bytes;
};

/* A value stands at the start, behind an opening bracket or behind a comma, so there are no more of them than these.
 * A text that is no JSON may be miscounted, but only behind the byte where the reader gives up. */
static size_t count_values(const char *text, size_t bytes)
{
    size_t count = 1;
    bool in_string = false;

    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '"')
            in_string = !in_string;
        else if (in_string)
            i += text[i] == '\\';
        else if (text[i] == '[' || text[i] == '{' || text[i] == ',')
            count++;
    }
    return count < JSON_VALUES_MAX ? count : JSON_VALUES_MAX;
}

/* Adds a value that starts at the cursor to the innermost open container. */
static struct json *add_value(struct reader *reader, enum json_type type)
{
    if (reader->values_used == JSON_VALUES_MAX) {
        json_fail(&reader->cursor, reader->cursor.at, "more than %d values", JSON_VALUES_MAX);
        return NULL;
    }
    struct json *value = &reader->values[reader->values_used++];
    *value = (struct json){.type = type, .raw = reader->cursor.at};
    if (reader->parent) {
        reader->parent->count++;
        if (reader->last)
            reader->last->next = value;
        else
            reader->parent->child = value;
        if (reader->parent->type == JSON_OBJECT) {
            value->name = reader->name;
            value->name_bytes = reader->name_bytes;
        }
    }
    reader->last = value;
    return value;
}

static bool read_name(struct reader *reader)
{
    struct json_cursor *cursor = &reader->cursor;

    json_skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != '"')
        return json_fail(cursor, cursor->at, "a member's name is expected here");
    if (!json_scan_string(cursor, &reader->name, &reader->name_bytes))
        return false;
    json_skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != ':')
        return json_fail(cursor, cursor->at, "a colon is expected here");
    cursor->at++;
    return true;
}

/* For qsort(): by name, then by place, so that of two members with one name the later one is the duplicate. */
static int compare_members(const void *a, const void *b)
{
    const struct json *first = *(const struct json *const *)a;
    const struct json *second = *(const struct json *const *)b;
    int order = json_compare_names(first, second);

    return order != 0 ? order : (first > second) - (first < second);
}

static const struct json *duplicate_among_few(const struct json *object)
{
    for (const struct json *later = object->child; later; later = later->next)
        for (const struct json *earlier = object->child; earlier != later; earlier = earlier->next)
            if (json_compare_names(earlier, later) == 0)
                return later;
    return NULL;
}

static const struct json *duplicate_among_many(const struct json *object)
{
    const struct json **members = xalloc_resize(NULL, object->count, sizeof *members);
    const struct json *found = NULL;
    size_t count = 0;

    for (const struct json *member = object->child; member; member = member->next)
        members[count++] = member;
    qsort(members, count, sizeof *members, compare_members);
    for (size_t i = 1; i < count; i++)
        if (json_compare_names(members[i - 1], members[i]) == 0 && (!found || members[i] < found))
            found = members[i];
    free(members);
    return found;
}

static bool has_unique_names(struct reader *reader, const struct json *object)
{
    const struct json *duplicate =
        object->count <= FEW_MEMBERS ? duplicate_among_few(object) : duplicate_among_many(object);

    if (!duplicate)
        return true;
    struct text shown;
    text_init(&shown, sizeof reader->cursor.error->text);
    text_add_visible(&shown, duplicate->name, duplicate->name_bytes, 32);
    json_fail(&reader->cursor, duplicate->raw, "a second member of the name \"%s\"", shown.bytes);
    text_free(&shown);
    return false;
}

/* Closes the innermost container at the bracket under the cursor. */
static bool close_container(struct reader *reader)
{
    struct json *container = reader->parent;

    if (container->type == JSON_OBJECT && !has_unique_names(reader, container))
        return false;
    reader->cursor.at++;
    container->raw_bytes = (size_t)(reader->cursor.at - container->raw);
    reader->parent = (struct json *)container->next;
    container->next = NULL;
    reader->last = container;
    reader->depth--;
    return true;
}

static bool at_closing_bracket(const struct reader *reader)
{
    const struct json_cursor *cursor = &reader->cursor;

    return cursor->at < cursor->end && *cursor->at == (reader->parent->type == JSON_OBJECT ? '}' : ']');
}

/* Opens a container, and closes it at once if it is empty; *open says that its first value comes next. */
static bool open_container(struct reader *reader, enum json_type type, bool *open)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return json_fail(&reader->cursor, reader->cursor.at, "deeper than %d levels", JSON_DEPTH_MAX);
    struct json *container = add_value(reader, type);
    if (!container)
        return false;
    container->next = reader->parent;
    reader->parent = container;
    reader->last = NULL;
    reader->depth++;
    reader->cursor.at++;
    json_skip_space(&reader->cursor);
    *open = !at_closing_bracket(reader);
    return *open || close_container(reader);
}

static bool read_scalar(struct reader *reader, enum json_type type)
{
    struct json_cursor *cursor = &reader->cursor;
    struct json *value = add_value(reader, type);
    bool sound;

    if (!value)
        return false;
    if (type == JSON_STRING)
        sound = json_scan_string(cursor, &value->string, &value->string_bytes);
    else if (type == JSON_NUMBER)
        sound = json_scan_number(cursor);
    else
        sound = json_scan_word(cursor, type == JSON_TRUE ? "true" : type == JSON_FALSE ? "false" : "null");
    value->raw_bytes = (size_t)(cursor->at - value->raw);
    return sound;
}

/* Reads a scalar, an empty container, or the opening bracket of one that is not empty. */
static bool read_value(struct reader *reader, bool *open)
{
    struct json_cursor *cursor = &reader->cursor;

    *open = false;
    json_skip_space(cursor);
    if (cursor->at == cursor->end)
        return json_fail(cursor, cursor->at, "the text ends where a value is expected");
    switch (*cursor->at) {
    case '{':
        return open_container(reader, JSON_OBJECT, open);
    case '[':
        return open_container(reader, JSON_ARRAY, open);
    case '"':
        return read_scalar(reader, JSON_STRING);
    case 't':
        return read_scalar(reader, JSON_TRUE);
    case 'f':
        return read_scalar(reader, JSON_FALSE);
    case 'n':
        return read_scalar(reader, JSON_NULL);
    default:
        if (*cursor->at != '-' && (*cursor->at < '0' || *cursor->at > '9'))
            return json_fail(cursor, cursor->at, "a value is expected here");
        return read_scalar(reader, JSON_NUMBER);
    }
}

/* Behind a value: the brackets that close its containers, then the comma before the next value. */
static bool read_after_value(struct reader *reader)
{
    struct json_cursor *cursor = &reader->cursor;

    json_skip_space(cursor);
    while (reader->parent && at_closing_bracket(reader)) {
        if (!close_container(reader))
            return false;
        json_skip_space(cursor);
    }
    if (!reader->parent)
        return true;
    if (cursor->at == cursor->end)
        return json_fail(cursor, cursor->at, "the text ends inside an %s",
                         reader->parent->type == JSON_OBJECT ? "object" : "array");
    if (*cursor->at != ',')
        return json_fail(cursor, cursor->at, "a comma or a closing bracket is expected here");
    cursor->at++;
    return true;
}

static bool read_document(struct reader *reader)
{
    do {
        bool open = true;

        while (open) {
            if (reader->parent && reader->parent->type == JSON_OBJECT && !read_name(reader))
                return false;
            if (!read_value(reader, &open))
                return false;
        }
        if (!read_after_value(reader))
            return false;
    } while (reader->parent);
    if (reader->cursor.at < reader->cursor.end)
        return json_fail(&reader->cursor, reader->cursor.at, "something follows the value");
    return true;
}

static const struct json *read_text(const char *text, size_t bytes, bool half_pairs, struct json_error *error)
{
    /* A string that is decoded is no longer than its escaped form, and its NUL takes the place of a quotation mark. */
    size_t value_count = count_values(text, bytes);
    struct json *values = xalloc_resize(NULL, value_count * sizeof *values + 2 * bytes, 1);
    char *copy = (char *)(values + value_count);

    if (bytes > 0)
        memcpy(copy, text, bytes);

    struct reader reader = {
        .cursor = {.begin = copy,
                   .at = copy,
                   .end = copy + bytes,
                   .half_pairs = half_pairs,
                   .decoded = copy + bytes,
                   .error = error},
        .values = values,
    };
    if (!read_document(&reader)) {
        free(values);
        return NULL;
    }
    return values;
}

const struct json *json_read(const char *text, size_t bytes, struct json_error *error)
{
    return read_text(text, bytes, false, error);
}

const struct json *json_read_event(const char *text, size_t bytes, struct json_error *error)
{
    return read_text(text, bytes, true, error);
}

void json_free(const struct json *root)
{
    free((struct json *)root);
}

size_t json_memory_bytes(const struct json *root)
{
    return malloc_usable_size((struct json *)root);
}
