/* json_equal(): two documents walked side by side, without recursion. */
#include "base/xalloc.h"
#include "json/json.h"
#include "json/json_private.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    const struct json *a;
    const struct json *b;
};

/* Pairs of values that are still to be compared. */
struct work {
    struct pair *pairs;
    size_t count;
    size_t capacity;
};

static void push(struct work *work, const struct json *a, const struct json *b)
{
    if (work->count == work->capacity) {
        work->capacity = work->capacity ? work->capacity * 2 : 16;
        work->pairs = xalloc_resize(work->pairs, work->capacity, sizeof *work->pairs);
    }
    work->pairs[work->count++] = (struct pair){a, b};
}

static int compare_members(const void *a, const void *b)
{
    return json_compare_names(*(const struct json *const *)a, *(const struct json *const *)b);
}

static bool is_one_of(const struct json *member, const char *const *names)
{
    for (; names && *names; names++)
        if (strlen(*names) == member->name_bytes && memcmp(*names, member->name, member->name_bytes) == 0)
            return true;
    return false;
}

/* The members that count, by name; the caller frees them. */
static const struct json **sorted_members(const struct json *object, const char *const *without, size_t *count)
{
    const struct json **members = xalloc_resize(NULL, object->count, sizeof *members);

    *count = 0;
    for (const struct json *member = object->child; member; member = member->next)
        if (!is_one_of(member, without))
            members[(*count)++] = member;
    qsort(members, *count, sizeof *members, compare_members);
    return members;
}

/* Pairs each member of b with its namesake of a. False: there is none. What only a has does not matter. */
static bool push_members(struct work *work, const struct json *a, const struct json *b, const char *const *without)
{
    size_t a_count, b_count, at = 0;
    const struct json **a_members = sorted_members(a, without, &a_count);
    const struct json **b_members = sorted_members(b, without, &b_count);
    bool found = true;

    for (size_t i = 0; found && i < b_count; i++) {
        while (at < a_count && json_compare_names(a_members[at], b_members[i]) < 0)
            at++;
        found = at < a_count && json_compare_names(a_members[at], b_members[i]) == 0;
        if (found)
            push(work, a_members[at], b_members[i]);
    }
    free(a_members);
    free(b_members);
    return found;
}

/* Compares what can be compared at once, and leaves the rest for later. */
static bool compare_pair(struct work *work, const struct json *a, const struct json *b)
{
    if (a->type != b->type || a->count != b->count)
        return false;
    switch (a->type) {
    case JSON_NUMBER:
        return json_numbers_equal(a, b);
    case JSON_STRING:
        return a->string_bytes == b->string_bytes && memcmp(a->string, b->string, a->string_bytes) == 0;
    case JSON_ARRAY:
        a = a->child;
        b = b->child;
        for (; a; a = a->next, b = b->next)
            push(work, a, b);
        return true;
    case JSON_OBJECT:
        return push_members(work, a, b, NULL);
    default:
        return true;
    }
}

static bool compare_all(struct work *work)
{
    while (work->count > 0) {
        struct pair pair = work->pairs[--work->count];

        if (!compare_pair(work, pair.a, pair.b))
            return false;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    struct work work = {0};

    push(&work, a, b);
    bool equal = compare_all(&work);
    free(work.pairs);
    return equal;
}

bool json_holds_without(const struct json *whole, const struct json *part, const char *const *names)
{
    struct work work = {0};

    bool held = whole->type == JSON_OBJECT && part->type == JSON_OBJECT && push_members(&work, whole, part, names) &&
                compare_all(&work);
    free(work.pairs);
    return held;
}

static size_t count_without(const struct json *object, const char *const *names)
{
    size_t count = 0;

    for (const struct json *member = object->child; member; member = member->next)
        count += !is_one_of(member, names);
    return count;
}

bool json_equal_without(const struct json *a, const struct json *b, const char *const *names)
{
    return json_holds_without(a, b, names) && count_without(a, names) == count_without(b, names);
}
