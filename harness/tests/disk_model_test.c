/* The disk, event by event: what is written, what is sure, what a failed sync leaves in doubt. */
#include "store/disk_model.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOG "/s/events.jsonl"

static int new_disk(void **state)
{
    *state = disk_create();
    return 0;
}

static int free_disk(void **state)
{
    disk_free(*state);

    return 0;
}

static void write_at(struct disk *disk, const char *path, int64_t offset, const char *bytes, bool synced)
{
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_WRITE,
                                                .name = "write",
                                                .where = path,
                                                .made = true,
                                                .synced = synced,
                                                .result = (int64_t)strlen(bytes),
                                                .offset = offset,
                                                .bytes = bytes});
}

static void sync_with(struct disk *disk, const char *name, const char *path, int64_t result)
{
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_SYNC,
                                                .name = name,
                                                .where = path,
                                                .made = true,
                                                .synced = result == 0 && strcmp(name, "sync_file_range") != 0,
                                                .result = result});
}

static void cut(struct disk *disk, const char *path, int64_t length)
{
    disk_apply(disk,
               &(struct supervisor_event){
                   .kind = SUPERVISOR_TRUNCATE, .name = "ftruncate", .where = path, .made = true, .offset = length});
}

static void rename_to(struct disk *disk, const char *from, const char *to)
{
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_RENAME, .name = "rename", .where = from, .to = to});
}

static void open_with(struct disk *disk, const char *path, uint64_t flags)
{
    disk_apply(disk, &(struct supervisor_event){
                         .kind = SUPERVISOR_OPEN, .name = "openat", .where = path, .flags = flags, .offset = -1});
}

static void expect_file(const struct disk *disk, const char *path, const char *content, size_t synced_bytes)
{
    const struct disk_file *file = disk_file(disk, path);

    assert_non_null(file);
    assert_int_equal(file->length, strlen(content));
    if (file->length > 0)
        assert_memory_equal(file->bytes, content, file->length);
    assert_int_equal(disk_synced_bytes(file), synced_bytes);
}

static void a_sync_is_for_what_was_written_before_it(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\n", false);
    expect_file(disk, LOG, "one\n", 0);
    sync_with(disk, "fdatasync", LOG, 0);
    write_at(disk, LOG, 4, "two\n", false);
    write_at(disk, "/s/other", 0, "x", false);
    expect_file(disk, LOG, "one\ntwo\n", 4);
    sync_with(disk, "fsync", "/s/other", 0);
    expect_file(disk, LOG, "one\ntwo\n", 4);
    expect_file(disk, "/s/other", "x", 1);
    assert_null(disk_file(disk, "/s"));
}

static void the_promise_is_that_of_the_call(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\n", true);
    write_at(disk, LOG, 4, "two\n", false);
    expect_file(disk, LOG, "one\ntwo\n", 4);
    sync_with(disk, "sync_file_range", LOG, 0);
    expect_file(disk, LOG, "one\ntwo\n", 4);
    sync_with(disk, "syncfs", "/s/another", 0);
    expect_file(disk, LOG, "one\ntwo\n", 8);
}

static void a_failed_sync_leaves_doubt_until_all_is_written_again(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\n", true);
    write_at(disk, LOG, 4, "two\n", false);
    sync_with(disk, "fdatasync", LOG, -EIO);
    sync_with(disk, "fdatasync", LOG, 0);
    expect_file(disk, LOG, "one\ntwo\n", 4);
    write_at(disk, LOG, 8, "three\n", false);
    sync_with(disk, "fdatasync", LOG, 0);
    expect_file(disk, LOG, "one\ntwo\nthree\n", 4);
    assert_int_equal(disk_fate(disk, LOG, "three"), DISK_IN_MEMORY);
    write_at(disk, LOG, 4, "two\n", false);
    expect_file(disk, LOG, "one\ntwo\nthree\n", 4);
    sync_with(disk, "fdatasync", LOG, 0);
    expect_file(disk, LOG, "one\ntwo\nthree\n", 14);
    assert_int_equal(disk_fate(disk, LOG, "three"), DISK_ON_DISK);
}

static void what_is_cut_off_is_in_doubt_no_more(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\ntwo\n", false);
    sync_with(disk, "fdatasync", LOG, -ENOSPC);
    cut(disk, LOG, 4);
    expect_file(disk, LOG, "one\n", 0);
    cut(disk, LOG, 0);
    write_at(disk, LOG, 0, "two\n", false);
    sync_with(disk, "fdatasync", LOG, 0);
    expect_file(disk, LOG, "two\n", 4);
    cut(disk, LOG, 6);
    assert_int_equal(disk_file(disk, LOG)->length, 6);
    assert_int_equal(disk_file(disk, LOG)->bytes[5], 0);
    assert_int_equal(disk_synced_bytes(disk_file(disk, LOG)), 4);
}

static void renames_of_files_and_directories_are_followed(void **state)
{
    struct disk *disk = *state;

    write_at(disk, "/s/.new-1/meta.json", 0, "{}\n", false);
    open_with(disk, "/s/.new-1/events.jsonl", O_CREAT | O_EXCL);
    write_at(disk, "/s/.new-12/x", 0, "not below it", false);
    rename_to(disk, "/s/.new-1", "/s/1");
    expect_file(disk, "/s/1/meta.json", "{}\n", 0);
    expect_file(disk, "/s/1/events.jsonl", "", 0);
    assert_null(disk_file(disk, "/s/.new-1/meta.json"));
    write_at(disk, "/s/1/meta.json.new", 0, "{\"a\":1}", true);
    rename_to(disk, "/s/1/meta.json.new", "/s/1/meta.json");
    expect_file(disk, "/s/1/meta.json", "{\"a\":1}", 7);
    assert_int_equal(disk->count, 3);
}

static void openings_that_empty_a_file_are_seen(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\n", false);
    open_with(disk, LOG, O_RDWR | O_CREAT | O_APPEND);
    expect_file(disk, LOG, "one\n", 0);
    open_with(disk, LOG, O_WRONLY | O_TRUNC);
    expect_file(disk, LOG, "", 0);
    open_with(disk, "/s/read-only", O_RDONLY);
    assert_null(disk_file(disk, "/s/read-only"));
}

static void what_was_there_before_the_record_is_synced(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 4, "two\n", false);
    assert_int_equal(disk_file(disk, LOG)->length, 8);
    assert_int_equal(disk_synced_bytes(disk_file(disk, LOG)), 4);
    write_at(disk, LOG, 10, "x", false);
    sync_with(disk, "fsync", LOG, -EIO);
    assert_int_equal(disk_synced_bytes(disk_file(disk, LOG)), 4);
}

static void the_best_fate_in_any_file_counts(void **state)
{
    struct disk *disk = *state;

    assert_int_equal(disk_fate(disk, LOG, "op-1"), DISK_NOWHERE);
    write_at(disk, LOG, 0, "{\"op\":\"op-1\"}", true);
    assert_int_equal(disk_fate(disk, LOG, "op-1"), DISK_NOWHERE);
    write_at(disk, LOG, 13, "\n", false);
    assert_int_equal(disk_fate(disk, LOG, "op-1"), DISK_IN_MEMORY);
    write_at(disk, "/s/journal", 0, "\1op-1\2", false);
    assert_int_equal(disk_fate(disk, LOG, "op-1"), DISK_IN_MEMORY);
    sync_with(disk, "fdatasync", "/s/journal", 0);
    assert_int_equal(disk_fate(disk, LOG, "op-1"), DISK_ON_DISK);
    assert_int_equal(disk_fate(disk, LOG, "op-2"), DISK_NOWHERE);
}

/* Calls that were left to the kernel, or failed, change nothing that is known. */
static void calls_without_effect_have_none(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, 0, "one\n", false);
    disk_apply(disk, &(struct supervisor_event){
                         .kind = SUPERVISOR_WRITE, .name = "write", .where = LOG, .made = true, .result = -EIO});
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_SYNC, .name = "fsync", .where = LOG});
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_LOCK, .name = "flock", .where = LOG});
    disk_apply(disk, &(struct supervisor_event){.kind = SUPERVISOR_RENAME,
                                                .name = "rename",
                                                .where = LOG,
                                                .to = "/s/gone",
                                                .made = true,
                                                .result = -EXDEV});
    expect_file(disk, LOG, "one\n", 0);
}

static void files_are_followed_up_to_their_maximum(void **state)
{
    struct disk *disk = *state;

    write_at(disk, LOG, DISK_FILE_MAX_BYTES - 2, "x", false);
    assert_int_equal(disk_file(disk, LOG)->length, DISK_FILE_MAX_BYTES - 1);
    write_at(disk, LOG, DISK_FILE_MAX_BYTES - 1, "x", false);
    assert_int_equal(disk_file(disk, LOG)->length, DISK_FILE_MAX_BYTES);
    write_at(disk, LOG, DISK_FILE_MAX_BYTES, "x", false);
    assert_int_equal(disk_file(disk, LOG)->length, DISK_FILE_MAX_BYTES);
    cut(disk, LOG, (int64_t)DISK_FILE_MAX_BYTES + 1);
    assert_int_equal(disk_file(disk, LOG)->length, DISK_FILE_MAX_BYTES);
    for (int i = 1; i <= DISK_FILES_MAX; i++) {
        char path[32];

        snprintf(path, sizeof path, "/s/%d", i);
        write_at(disk, path, 0, "x", false);
        assert_int_equal(disk->count, i < DISK_FILES_MAX ? i + 1 : DISK_FILES_MAX);
    }
}

#define STEP(function) cmocka_unit_test_setup_teardown(function, new_disk, free_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STEP(a_sync_is_for_what_was_written_before_it),
        STEP(the_promise_is_that_of_the_call),
        STEP(a_failed_sync_leaves_doubt_until_all_is_written_again),
        STEP(what_is_cut_off_is_in_doubt_no_more),
        STEP(renames_of_files_and_directories_are_followed),
        STEP(openings_that_empty_a_file_are_seen),
        STEP(what_was_there_before_the_record_is_synced),
        STEP(the_best_fate_in_any_file_counts),
        STEP(calls_without_effect_have_none),
        STEP(files_are_followed_up_to_their_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
