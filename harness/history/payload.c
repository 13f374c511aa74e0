/* What of an event says whose it is, and what of it must survive. */
#include "history/history_private.h"

#include <string.h>

static const char *const assigned_by_the_store[] = {"seq", "ts", NULL};
static const char *const rendered_at_will[] = {"ts", NULL};

static bool is_listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

/* What a store keeps that knows its types: the type, and of messages the text. */
static bool is_known_to_all(const struct json *event, const char *name)
{
    static const char *const messages[] = {"user.message", "assistant.message", NULL};
    const char *type = json_get_string(event, "type");

    return !strcmp(name, "type") || (!strcmp(name, "text") && type && is_listed(messages, type));
}

bool history_counts(const struct history_rules *rules, const struct json *event, const char *name)
{
    return rules->typed ? is_known_to_all(event, name) : !is_listed(assigned_by_the_store, name);
}

static bool equal_members(const struct json *a, const struct json *b, const char *name)
{
    const struct json *first = json_get(a, name), *second = json_get(b, name);

    return first && second && json_equal(first, second);
}

bool history_carries(const struct history_rules *rules, const struct json *line, const struct json *event)
{
    if (!rules->typed)
        return json_holds_without(line, event, assigned_by_the_store);
    for (const struct json *member = event->child; member; member = member->next)
        if (is_known_to_all(event, member->name) && !equal_members(line, event, member->name))
            return false;
    return true;
}

bool history_shows(const struct history_rules *rules, const struct json *shown, const struct json *line)
{
    if (!rules->typed)
        return json_holds_without(shown, line, rendered_at_will);
    return equal_members(shown, line, "seq") && history_carries(rules, shown, line);
}

size_t history_mark(const struct json *event, const char **mark)
{
    *mark = json_get_string(event, "text");
    size_t bytes = *mark ? strcspn(*mark, " ") : 0;
    return bytes <= HISTORY_MARK_MAX_BYTES ? bytes : 0;
}
