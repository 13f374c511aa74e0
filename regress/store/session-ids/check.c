/* A session id is 32 lower-case hexadecimal digits. Anything else is refused by every operation before a path is made
 * of it: nothing outside the store's directory is created, changed, read or removed. */
#include "check.h"
#include "store.h"

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
    "\"/etc\"",
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

static size_t entries;

static int count_entry(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)path;
    (void)entry;
    (void)kind;
    (void)where;
    entries++;
    return 0;
}

/* Everything below the case's directory, the store's and what lies beside it. */
static size_t count_entries(void)
{
    entries = 0;
    nftw(case_directory(), count_entry, 8, FTW_PHYS);
    return entries;
}

/* A directory beside the store's that looks like a session, so that a traversal finds something. */
static void place_victim(char *events_path, size_t bytes)
{
    char directory[4096];
    snprintf(directory, sizeof directory, "%s/victim", case_directory());
    mkdir(directory, 0700);
    static const char line[] = "{\"type\":\"user.message\",\"ts\":\"2026-01-01T00:00:00.000Z\",\"seq\":1}\n";
    static const char *const files[] = {"meta.json", "transcript.jsonl", "events.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(events_path, bytes, "%s/victim/%s", case_directory(), files[i]);
        int fd = open(events_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, line, sizeof line - 1) < 0 || close(fd))
            error_of_environment("%s cannot be written", events_path);
    }
}

static void every_operation_refuses_bad_ids(void **state)
{
    struct store *store = *state;
    char victim[4200];
    place_victim(victim, sizeof victim);
    struct stat before, after;
    stat(victim, &before);
    size_t entries_before = count_entries();
    for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++)
        for (size_t j = 0; j < OPERATIONS; j++) {
            struct text params;
            text_init(&params, 4096);
            text_addf(&params, "{\"sid\":%s%s}", bad_ids[i], operations[j].members);
            struct answer answer = store_try(store, operations[j].method, &params);
            text_free(&params);
            expect(answer.outcome != ACKNOWLEDGED, WRONG, "a refusal", "success");
            expect_integer((int64_t)count_entries(), (int64_t)entries_before, "files below the case's directory:");
        }
    expect(stat(victim, &after) == 0 && before.st_size == after.st_size, WRONG,
           "a file outside the store's directory untouched", "it was changed or removed");
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
    .cases =
        {
            CASE(every_operation_refuses_bad_ids),
            CONTROL(ids_of_the_store_are_safe),
        },
};
