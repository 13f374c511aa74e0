/* A symbolic link where a session or its file should be is refused: what it points to is neither read nor written. */
#include "check.h"
#include "store.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char bait[] =
    "{\"type\":\"user.message\",\"ts\":\"2026-01-01T00:00:00.000Z\",\"seq\":1,\"text\":\"bait\"}\n";

static void write_bait(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bait, sizeof bait - 1) != sizeof bait - 1 || close(fd))
        error_of_environment("%s cannot be written", path);
}

static void expect_untouched(const char *path)
{
    struct stat file = {0};
    expect(stat(path, &file) == 0 && file.st_size == sizeof bait - 1, WRONG, "the link's target unchanged",
           "%lld bytes", (long long)file.st_size);
}

static void expect_refusals(struct store *store, const char *sid)
{
    sent("an append and a read through a symbolic link");
    struct answer append = store_try_append(store, sid, store_event(store, NULL));
    expect(append.outcome != ACKNOWLEDGED, WRONG, "an error", "the append was acknowledged");
    struct answer read = store_try_read(store, sid);
    const struct json *events = json_get(read.result, "events");
    expect(read.outcome != ACKNOWLEDGED || (events && events->count == 0), WRONG, "an error or no events",
           "events from outside the store");
}

static void a_linked_file_is_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    driver_stop(store_driver(store));
    char outside[PATH_MAX];
    snprintf(outside, sizeof outside, "%s/outside.jsonl", case_directory());
    write_bait(outside);
    const char *path = store_path(store, sid, STORE_EVENTS);
    close(store_open_file(store, sid, STORE_EVENTS)); /* it is there */
    if (unlink(path) || symlink(outside, path))
        error_of_environment("%s cannot be replaced by a link", path);
    store_start_again(store);
    expect_refusals(store, sid);
    expect_untouched(outside);
}

static void a_linked_session_is_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    driver_stop(store_driver(store));
    char session[PATH_MAX], outside[PATH_MAX], file[PATH_MAX + 32];
    close(store_open_file(store, sid, STORE_EVENTS)); /* it is there */
    snprintf(session, sizeof session, "%s", store_path(store, sid, STORE_EVENTS));
    const char *name = strrchr(store_path(store, sid, STORE_EVENTS), '/') + 1;
    dirname(session);
    snprintf(outside, sizeof outside, "%s/outside", case_directory());
    if (!strstr(session, sid))
        not_applicable("this store keeps its sessions in no directories of their own");
    if (rename(session, outside) || symlink(outside, session))
        error_of_environment("%s cannot be replaced by a link", session);
    snprintf(file, sizeof file, "%s/%s", outside, name);
    unlink(file);
    write_bait(file);
    store_start_again(store);
    expect_refusals(store, sid);
    expect_untouched(file);
}

static void a_session_without_links_works(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    store_restart(store);
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "Symbolic links in the store are not followed",
    .level = SHOULD,
    .tags = {"security"},
    .origins = {"CWE-59"},
    .needs = NEEDS_FILES,
    .cases =
        {
            CASE(a_linked_file_is_refused),
            CASE(a_linked_session_is_refused),
            CONTROL(a_session_without_links_works),
        },
};
