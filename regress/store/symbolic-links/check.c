/* A symbolic link where a session or its file should be is refused: what it points to is neither read nor written. */
#include "check.h"
#include "store/store.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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
    char bytes[sizeof bait + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, bytes, sizeof bytes - 1);

    if (fd >= 0)
        close(fd);
    expect(count >= 0 && !strcmp(bytes, bait), WRONG, "the link's target unchanged", "%zd bytes: %s", count, bytes);
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

/* Puts a link in the place of the session's file, while the target does not run. */
static void link_file(struct store *store, const char *sid, enum store_file file, const char *outside)
{
    const char *path = store_path(store, sid, file);

    driver_stop(store_driver(store));
    close(store_open_file(store, sid, file)); /* it is there */
    if (unlink(path) || symlink(outside, path))
        error_of_environment("%s cannot be replaced by a link", path);
    store_start_again(store);
}

static void a_linked_file_is_refused(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, NULL));
    char outside[PATH_MAX];
    snprintf(outside, sizeof outside, "%s/outside.jsonl", case_directory());
    write_bait(outside);
    link_file(store, sid, STORE_EVENTS, outside);
    expect_refusals(store, sid);
    expect_untouched(outside);
}

/* A transcript that is made anew takes the link's place; one that is added to leads outside. Both may be refused. */
static void a_linked_transcript_leads_nowhere(void **state)
{
    struct store *store = *state;

    if (!store_has_file(store, STORE_TRANSCRIPT))
        not_applicable("the manifest does not say where the transcript lies");
    const char *sid = store_create(store);
    store_append(store, sid, store_event(store, NULL));
    char outside[PATH_MAX];
    snprintf(outside, sizeof outside, "%s/outside.jsonl", case_directory());
    write_bait(outside);
    link_file(store, sid, STORE_TRANSCRIPT, outside);
    sent("two appends to a session whose transcript is a symbolic link");
    store_try_append(store, sid, store_event(store, NULL));
    store_try_append(store, sid, store_event(store, NULL));
    expect_untouched(outside);
}

static struct answer try_metadata(struct store *store, const char *sid, const char *members)
{
    struct text params;

    text_init(&params, 256);
    text_addf(&params, "{\"sid\":\"%s\"%s}", sid, members);
    struct answer answer = store_try(store, "store.metadata", &params);
    text_free(&params);
    return answer;
}

/* Reading tells nothing of what the link points to, and writing does not change it; a new file may take its place. */
static void linked_metadata_lead_nowhere(void **state)
{
    struct store *store = *state;

    if (!store_has_file(store, STORE_METADATA) || !store_serves(store, "metadata"))
        not_applicable("the manifest does not say where the metadata lie, or store.metadata is not served");
    const char *sid = store_create(store);
    store_metadata(store, sid, "{\"title\":\"inside\"}");
    char outside[PATH_MAX];
    snprintf(outside, sizeof outside, "%s/outside.json", case_directory());
    write_bait(outside);
    link_file(store, sid, STORE_METADATA, outside);
    struct answer read = try_metadata(store, sid, "");
    expect(!json_get(json_get(read.result, "metadata"), "text"), WRONG, "an error, or metadata from inside the store",
           "metadata from outside the store");
    try_metadata(store, sid, ",\"patch\":{\"title\":\"new\"}");
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
    .needs = {"files"},
    .uses = {"transcript", "metadata", "store.metadata"},
    .cases =
        {
            CASE(a_linked_file_is_refused),
            CASE(a_linked_transcript_leads_nowhere),
            CASE(linked_metadata_lead_nowhere),
            CASE(a_linked_session_is_refused),
            CONTROL(a_session_without_links_works),
        },
};
