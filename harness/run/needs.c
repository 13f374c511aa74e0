/* The kinds of needs that a room may name, and whether a target meets them. */
#include "run/needs.h"

#include "case/surface.h"

#include <string.h>

enum kind { NO_KIND, METHOD, FILES, TRANSCRIPT, METADATA, NUMBERS, DECLARATION, FEATURE, DRIVER, SUPERVISOR, WHOLE };

static bool is_listed(const char *const *list, const char *name)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list;
}

static bool is_method(const char *need)
{
    const struct surface *surface = surface_find(need, '.');
    const char *method = strchr(need, '.');

    return surface && method && (is_listed(surface->required, method + 1) || is_listed(surface->optional, method + 1));
}

static bool is_declaration(const char *need)
{
    size_t bytes = strcspn(need, "=");

    for (const struct manifest_declaration *known = manifest_declarations; known->name && need[bytes]; known++)
        if (strlen(known->name) == bytes && strncmp(known->name, need, bytes) == 0)
            return is_listed(known->values, need + bytes + 1);
    return false;
}

static enum kind kind_of(const char *need)
{
    static const struct {
        const char *need;
        enum kind kind;
    } words[] = {
        {"files", FILES},        {"transcript", TRANSCRIPT}, {"raw_events", FEATURE},
        {"durable", FEATURE},    {"driver", DRIVER},         {"supervisor", SUPERVISOR},
        {"whole_events", WHOLE}, {"own_numbers", NUMBERS},   {"metadata", METADATA},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].need, need) == 0)
            return words[i].kind;
    return is_method(need) ? METHOD : is_declaration(need) ? DECLARATION : NO_KIND;
}

bool needs_know(const char *need)
{
    return kind_of(need) != NO_KIND;
}

/* "store.fork": the list of the surface has the name. */
static bool lists_method(const struct json *hello, const char *need)
{
    return json_lists(json_get(json_get(hello, "surfaces"), surface_find(need, '.')->name), strchr(need, '.') + 1);
}

/* What it says is only meant where it returns false. */
static bool __attribute__((format(printf, 3, 4))) holds(bool met, struct error *err, const char *missing, ...)
{
    va_list arguments;

    va_start(arguments, missing);
    if (!met)
        error_vset(err, missing, arguments);
    va_end(arguments);
    return met;
}

bool needs_are_met(const char *need, const struct manifest *manifest, const struct json *hello, struct error *err)
{
    switch (kind_of(need)) {
    case METHOD:
        return holds(lists_method(hello, need), err, "the driver does not list the method %s", need);
    case FILES:
        return holds(manifest->store_events, err, "the manifest does not say where the events lie (store.events)");
    case TRANSCRIPT:
        return holds(manifest->store_transcript, err,
                     "the manifest does not say where the transcript lies (store.transcript)");
    case METADATA:
        return holds(manifest->store_metadata, err,
                     "the manifest does not say where the metadata lie (store.metadata)");
    case DECLARATION:
        return holds(manifest_declares(manifest, need), err, "the manifest does not declare %s", need);
    case FEATURE:
        return holds(json_lists(json_get(hello, "features"), need), err, "the driver does not list the feature %s",
                     need);
    case DRIVER:
        return holds(manifest->driver, err, "the target has no driver");
    case WHOLE:
        return holds(!manifest_declares(manifest, "store.events=typed"), err,
                     "the manifest declares store.events=typed: not all of an event is kept");
    case NUMBERS:
        return holds(!manifest_declares(manifest, "store.seq=caller"), err,
                     "the manifest declares store.seq=caller: numbers are not the store's own");
    case SUPERVISOR:
        return true;
    case NO_KIND:
        break;
    }
    return holds(false, err, "no target has \"%s\", which is a defect of the room", need);
}
