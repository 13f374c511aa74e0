/* A session id is 32 lower-case hexadecimal digits. Anything else is refused by every operation before a path is made
 * of it: nothing outside the store's directory is created, changed, read or removed. */
#include "check.h"
#include "store/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX31 "0123456789abcdef0123456789abcde"
#define LONG50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* As JSON string literals, so that NUL and escapes can be said. */
static const char *const bad_ids[] = {
    "\"../../victim\"",
    "\"../../../victim\"",
    "\"../victim\"",
    "\"a/b\"",
    "\"\"",
    "\".\"",
    "\"..\"",
    "\"" HEX31 "\"",
    "\"" HEX31 "ff\"",
    "\"" HEX31 "g\"",
    "\"" HEX31 "F\"",
    "\"" HEX31 "/\"",
    "\"" HEX31 "\\u0000\"",
    "\"" HEX31 "f\\n\"",
    "\"" HEX31 "f\\u0000\"",
    "\"" HEX31 "f/../../../victim\"",
    "\"%2e%2e%2fvictim\"",
    "\"" LONG50 LONG50 LONG50 LONG50 LONG50 LONG50 "\"",
    "\"..\\\\..\\\\victim\"",
    "null",
    "7",
    "[\"" HEX31 "f\"]",
};

/* The id of a session that is there, %s, and something that a path would not notice. */
static const char *const nearly_ids[] = {"\"./%s\"", "\"%s/\"", "\"%s/.\"", "\"%s\\n\"", "\"%s\\u0000\""};

static const struct {
    const char *method;
    const char *members;
} operations[] = {
    {"store.append", ",\"event\":\"{\\\"type\\\":\\\"user.message\\\"}\""},
    {"store.read", ""},
    {"store.metadata", ",\"patch\":{\"a\":1}"},
    {"store.delete", ""},
    {"store.fork", ""},
    {"store.resume", ""},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const char *const victim_files[] = {"meta.json", "transcript.jsonl", "events.jsonl"};
static const char line[] = "{\"type\":\"user.message\",\"ts\":\"2026-01-01T00:00:00.000Z\",\"seq\":1}\n";
enum { VICTIM_FILES = sizeof victim_files / sizeof *victim_files };

static size_t entries;
static char inside[4096]; /* the store's directory, where it may make what it likes */

static int count_entry(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)entry;
    size_t bytes = strlen(inside);
    bool is_inside = strncmp(path, inside, bytes) == 0 && (path[bytes] == '/' || path[bytes] == '\0');
    bool is_log = kind == FTW_F && where->level == 1; /* which a manifest may put beside the store */
    entries += !is_inside && !is_log;
    return 0;
}

/* Everything below the case's directory, but for what is the store's. */
static size_t count_entries_outside(void)
{
    entries = 0;
    snprintf(inside, sizeof inside, "%s/store", case_directory());
    nftw(case_directory(), count_entry, 8, FTW_PHYS);
    return entries;
}

/* A directory beside the store's that looks like a session, so that a traversal finds something. */
static void tempdir_victim(void)
{
    char path[4200];

    snprintf(path, sizeof path, "%s/victim", case_directory());
    mkdir(path, 0700);
    for (int i = 0; i < VICTIM_FILES; i++) {
        snprintf(path, sizeof path, "%s/victim/%s", case_directory(), victim_files[i]);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, line, sizeof line - 1) < 0 || close(fd))
            error_of_environment("%s cannot be written", path);
    }
}

static void expect_untouched_victim(void)
{
    for (int i = 0; i < VICTIM_FILES; i++) {
        char path[4200], bytes[sizeof line] = "";

        snprintf(path, sizeof path, "%s/victim/%s", case_directory(), victim_files[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        bool same = fd >= 0 && read(fd, bytes, sizeof bytes) == sizeof line - 1 && !strcmp(bytes, line);
        if (fd >= 0)
            close(fd);
        expect(same, WRONG, "the files outside the store's directory as they were", "%s was changed or removed", path);
    }
}

/* The id is JSON text. Whether a read that has nothing to show has to be an error is the subject of unknown-session;
 * what matters here is that it shows nothing, and that nothing is done. */
static void expect_refusals(struct store *store, const char *id)
{
    size_t before = count_entries_outside();

    for (size_t i = 0; i < OPERATIONS; i++) {
        struct text params;

        text_init(&params, 16384);
        text_addf(&params, "{\"sid\":%s%s}", id, operations[i].members);
        struct answer answer = store_try(store, operations[i].method, &params);
        text_free(&params);
        bool taken = !store_shows_nothing(&answer);

        expect(!taken, WRONG, "a refusal", "success: %.*s", taken ? (int)answer.result->raw_bytes : 0,
               taken ? answer.result->raw : "");
        expect_integer((int64_t)count_entries_outside(), (int64_t)before, "files outside the store's directory:");
    }
    expect_untouched_victim();
}

static void every_operation_refuses_bad_ids(void **state)
{
    tempdir_victim();
    for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++)
        expect_refusals(*state, bad_ids[i]);
}

static void every_operation_refuses_an_absolute_path(void **state)
{
    tempdir_victim();
    struct text id;
    text_init(&id, 8192);
    struct json_writer writer = json_write(&id);
    char path[4200];
    snprintf(path, sizeof path, "%s/victim", case_directory());
    json_string(&writer, path);
    expect_refusals(*state, id.bytes);
    text_free(&id);
}

/* What is as good as the id of a session for open(2) is none, and the session stays as it is. */
static void every_operation_refuses_what_is_nearly_an_id(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    tempdir_victim();
    store_append(store, sid, store_event(store, NULL));
    for (size_t i = 0; i < sizeof nearly_ids / sizeof *nearly_ids; i++) {
        const char *mark = strstr(nearly_ids[i], "%s");
        struct text id;

        text_init(&id, 256);
        text_addf(&id, "%.*s%s%s", (int)(mark - nearly_ids[i]), nearly_ids[i], sid, mark + 2);
        expect_refusals(store, id.bytes);
        text_free(&id);
    }
    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

static void ids_of_the_store_are_safe(void **state)
{
    struct store *store = *state;

    for (int i = 0; i < 20; i++) {
        const char *sid = store_create(store);

        expect(strlen(sid) == 32 && strspn(sid, "0123456789abcdef") == 32, WRONG, "32 lower-case hexadecimal digits",
               "\"%s\"", sid);
    }
}

const struct check check = {
    .title = "Only safe session ids reach the file system",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CWE-22", "CWE-158"},
    .uses = {"store.metadata", "store.delete", "store.fork", "store.resume"},
    .cases =
        {
            CASE(every_operation_refuses_bad_ids),
            CASE(every_operation_refuses_an_absolute_path),
            CASE(every_operation_refuses_what_is_nearly_an_id),
            CONTROL(ids_of_the_store_are_safe),
        },
};
