/* What an agent was told is its user's business: directories are 0700 and files 0600, whatever the umask says. */
#include "check.h"
#include "store/store.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void expect_private(const char *path)
{
    struct stat entry;

    expect(stat(path, &entry) == 0, WRONG, "a file of the session", "%s is not there", path);
    expect((entry.st_mode & 077) == 0, WRONG, "a mode that gives nothing to group and others", "%s has mode %04o", path,
           entry.st_mode & 07777);
}

static const char *session_with_an_event(struct store *store)
{
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, NULL));
    if (store_serves(store, "metadata"))
        store_metadata(store, sid, "{\"title\":\"private\"}");
    return sid;
}

/* A file of the session, and the directory it is in if that is the session's own. */
static void expect_private_file(struct store *store, const char *sid, enum store_file file)
{
    char path[PATH_MAX];

    if (!store_has_file(store, file))
        return;
    snprintf(path, sizeof path, "%s", store_path(store, sid, file));
    expect_private(path);
    if (strstr(dirname(path), sid))
        expect_private(path);
}

/* The target inherits our umask. */
static void nothing_is_readable_for_others_under_umask_000(void **state)
{
    struct store *store = *state;

    umask(0);
    store_restart(store);
    const char *sid = session_with_an_event(store);
    expect_private_file(store, sid, STORE_EVENTS);
    expect_private_file(store, sid, STORE_TRANSCRIPT);
    if (store_serves(store, "metadata"))
        expect_private_file(store, sid, STORE_METADATA);
}

static void the_owner_can_read_under_umask_077(void **state)
{
    struct store *store = *state;

    umask(077);
    store_restart(store);
    const char *sid = session_with_an_event(store);
    expect_private(store_path(store, sid, STORE_EVENTS));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Sessions are private, whatever the umask",
    .level = SHOULD,
    .tags = {"security"},
    .origins = {"CWE-732"},
    .needs = {"files"},
    .uses = {"transcript", "metadata", "store.metadata"},
    .cases =
        {
            CASE(nothing_is_readable_for_others_under_umask_000),
            CONTROL(the_owner_can_read_under_umask_077),
        },
};
