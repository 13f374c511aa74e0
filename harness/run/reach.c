/* What keeps a case from being run at all. */
#include "run/reach.h"

#include "target/manifest.h"

#include <string.h>

static bool is_listed(const char *list, const char *name, size_t length)
{
    for (size_t word; list && *list; list += word + (list[word] == ',')) {
        word = strcspn(list, ",");
        if (word == length && !strncmp(list, name, length))
            return true;
    }
    return false;
}

/* By the manifest or on the command line. */
static bool is_required(const struct manifest *manifest, const struct config *config, const struct room *room)
{
    size_t length = strcspn(room->id, "/");

    for (const char *const *surface = manifest->require; *surface; surface++)
        if (is_listed(*surface, room->id, length))
            return true;
    return is_listed(config->require, room->id, length);
}

bool reach_is_given(const struct capabilities *capabilities, const struct config *config, const struct room *room,
                    const struct check_case *test, enum verdict *verdict, struct error *why)
{
    const struct manifest *manifest = capabilities->manifest;

    *verdict = VERDICT_NA;
    if (!capabilities_claim_surface(capabilities, room, why)) {
        *verdict = is_required(manifest, config, room) ? VERDICT_FAIL : VERDICT_NA;
        return false;
    }
    if (!capabilities_suffice(capabilities, room, why))
        return false;
    if (!test->measures || (!manifest->sanitizer && !config->wrap))
        return true;
    error_set(why, "time and memory of a sanitised or wrapped target are not measured");
    return false;
}
