/* The store as one thread sees it: sessions, events, pages, metadata, forks, and their limits. */
#include "tests/store_fixture.h"

#include <dirent.h>
#include <sys/resource.h>

/* The line as it stands in the file, without the time. */
static void expect_line(struct fixture *fixture, const char *event, const char *before_ts, const char *after_ts)
{
    char sid[STORE_SID_BYTES];
    char *file;

    create(fixture, sid);
    append(fixture->store, sid, event);
    file = slurp(fixture, sid, "events.jsonl", NULL);
    assert_memory_equal(file, before_ts, strlen(before_ts));
    assert_string_equal(file + strlen(before_ts) + strlen("2026-01-31T23:59:59.999Z"), after_ts);
    assert_int_equal(strspn(file + strlen(before_ts), "0123456789-T:.Z"), strlen("2026-01-31T23:59:59.999Z"));
    free(file);
}

static void lines_keep_the_clients_bytes(void **state)
{
    struct fixture *fixture = *state;

    expect_line(fixture,
                " {\"b\" : [1e400, 9007199254740993,\n-0 ],\"type\":\"x\", \"a\":\"\\u0041 \xe2\x80\xa8\\n\"} ",
                "{\"type\":\"x\",\"ts\":\"",
                "\",\"seq\":1,\"b\":[1e400,9007199254740993,-0],\"a\":\"\\u0041 \xe2\x80\xa8\\n\"}\n");
    expect_line(fixture, "{\"seq\":999,\"ts\":{\"x\":[]},\"type\":\"\\u0078\",\"SEQ\":7}",
                "{\"type\":\"\\u0078\",\"ts\":\"", "\",\"seq\":1,\"SEQ\":7}\n");
    expect_line(fixture, "{\"\\u0073eq\":999,\"t\\u0073\":1,\"\\u0074ype\":\"x\"}", "{\"type\":\"x\",\"ts\":\"",
                "\",\"seq\":1}\n");
}

static void refused_events_use_no_number(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *event;
        enum store_result why;
    } refused[] = {
        {"", STORE_NOT_JSON},
        {"{\"type\":\"x\"", STORE_NOT_JSON},
        {"{\"type\":\"x\"}{}", STORE_NOT_JSON},
        {"{\"type\":\"\\ud800\"}", STORE_NOT_JSON},
        {"{\"type\":\"\xff\xfe\"}", STORE_NOT_JSON},
        {"{\"type\":\"x\",\"seq\":1,\"seq\":2}", STORE_NOT_JSON},
        {"{\"type\":\"x\",\"a\":\"\n\"}", STORE_NOT_JSON},
        {"{}", STORE_BAD_EVENT},
        {"{\"type\":1}", STORE_BAD_EVENT},
        {"{\"Type\":\"x\"}", STORE_BAD_EVENT},
        {"[\"type\"]", STORE_BAD_EVENT},
        {"null", STORE_BAD_EVENT},
    };
    char sid[STORE_SID_BYTES];

    create(fixture, sid);
    append(fixture->store, sid, "{\"type\":\"x\"}");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(try_append(fixture->store, sid, refused[i].event), refused[i].why);
    assert_int_equal(append(fixture->store, sid, "{\"type\":\"x\"}"), 2);
}

static void transcript_holds_messages_only(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    char *file;

    create(fixture, sid);
    append(fixture->store, sid, "{\"type\":\"system.init\",\"text\":\"no\"}");
    append(fixture->store, sid, "{\"type\":\"user\\u002emessage\",\"text\":\"h\\u00e9\"}");
    append(fixture->store, sid, "{\"type\":\"tool.result\",\"text\":\"secret\"}");
    append(fixture->store, sid, "{\"type\":\"assistant.message\",\"text\":\"yes\",\"x\":1}");
    append(fixture->store, sid, "{\"type\":\"user.message\",\"text\":{}}");
    file = slurp(fixture, sid, "transcript.jsonl", NULL);
    assert_int_equal(count_lines(file, false), 3);
    assert_memory_equal(file, "{\"seq\":2,\"ts\":\"2", 16);
    assert_non_null(strstr(file, "\",\"role\":\"user\",\"text\":\"h\\u00e9\"}\n{\"seq\":4,\"ts\":\""));
    assert_non_null(strstr(file, "\",\"role\":\"assistant\",\"text\":\"yes\"}\n{\"seq\":5,\"ts\":\""));
    assert_non_null(strstr(file, "\",\"role\":\"user\",\"text\":\"\"}\n"));
    free(file);
}

/* An event of exactly so many bytes. */
static char *event_of(size_t bytes)
{
    static const char head[] = "{\"type\":\"user.message\",\"text\":\"";
    char *event = malloc(bytes + 1);

    assert_non_null(event);
    memset(event, 'x', bytes);
    memcpy(event, head, sizeof head - 1);
    memcpy(event + bytes - 2, "\"}", 3);
    return event;
}

static enum store_result append_of(struct store *store, const char *sid, size_t bytes)
{
    char *event = event_of(bytes);
    enum store_result result = try_append(store, sid, event);

    free(event);
    return result;
}

static void events_have_a_maximum(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = {.event_max_bytes = 100};
    struct store *small;
    char sid[STORE_SID_BYTES];
    struct store_page page;
    uint64_t next;

    create(fixture, sid);
    for (int off = -1; off <= 1; off++)
        assert_int_equal(append_of(fixture->store, sid, (size_t)(STORE_EVENT_MAX_BYTES + off)),
                         off > 0 ? STORE_TOO_BIG : STORE_OK);
    reopen(fixture);
    assert_int_equal(store_resume(fixture->store, sid, &next, NULL), STORE_OK);
    assert_int_equal(next, 3);
    assert_int_equal(store_read(fixture->store, sid, 0, 0, &page, NULL), STORE_OK);
    assert_int_equal(page.count, 1); /* one is more than a page, and a page has one at least */
    store_page_free(&page);
    assert_int_equal(store_open(fixture->root, &options, &small, NULL), STORE_OK);
    for (int off = -1; off <= 1; off++)
        assert_int_equal(append_of(small, sid, (size_t)(100 + off)), off > 0 ? STORE_TOO_BIG : STORE_OK);
    store_close(small);
}

static void read_pages(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        uint64_t after, limit, count, first;
    } pages[] = {{0, 0, 10, 1}, {0, 3, 3, 1}, {3, 3, 3, 4}, {9, 5, 1, 10}, {10, 5, 0, 0}, {UINT64_MAX, 0, 0, 0}};
    char sid[STORE_SID_BYTES];
    struct store_page page;

    create(fixture, sid);
    assert_int_equal(store_read(fixture->store, sid, 0, 0, &page, NULL), STORE_OK);
    assert_int_equal(page.count, 0);
    assert_null(page.lines);
    for (int i = 0; i < 10; i++)
        append(fixture->store, sid, "{\"type\":\"x\"}");
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        char seq[40];

        assert_int_equal(store_read(fixture->store, sid, pages[i].after, pages[i].limit, &page, NULL), STORE_OK);
        assert_int_equal(page.count, pages[i].count);
        snprintf(seq, sizeof seq, "\"seq\":%" PRIu64 "}", pages[i].first);
        if (page.count) {
            assert_int_equal(count_lines(page.lines, false), page.count);
            assert_ptr_equal(strstr(page.lines, "\"seq\":"), strstr(page.lines, seq));
        }
        store_page_free(&page);
    }
}

/* Lines that fill a page to the byte, and one byte more. */
static void a_page_has_a_maximum(void **state)
{
    struct fixture *fixture = *state;
    size_t line_bytes;
    struct store_page page;

    for (int off = -1; off <= 1; off++) {
        char sid[STORE_SID_BYTES];
        char *file;

        create(fixture, sid);
        assert_int_equal(append_of(fixture->store, sid, 1000), STORE_OK);
        file = slurp(fixture, sid, "events.jsonl", &line_bytes);
        free(file);
        line_bytes -= 1000; /* what the store adds */
        assert_int_equal(append_of(fixture->store, sid, (size_t)(STORE_PAGE_MAX_BYTES - 1000 + off) - 2 * line_bytes),
                         STORE_OK);
        assert_int_equal(store_read(fixture->store, sid, 0, 0, &page, NULL), STORE_OK);
        assert_int_equal(page.count, off > 0 ? 1 : 2);
        store_page_free(&page);
    }
}

static void bad_ids_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "../x",
                                      "/abs",
                                      "a/b",
                                      "%2e%2e",
                                      "0123456789abcdef0123456789abcde",
                                      "0123456789abcdef0123456789abcdef0",
                                      "0123456789abcdef0123456789abcdef\n",
                                      "0123456789ABCDEF0123456789ABCDEF",
                                      "0123456789abcdef0123456789abcdeg",
                                      "0123456789abcdef/../sessions/123"};
    uint64_t seq;
    char *metadata;
    char child[STORE_SID_BYTES];
    struct store_page page;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(try_append(fixture->store, bad[i], "{\"type\":\"x\"}"), STORE_BAD_ID);
        assert_int_equal(store_read(fixture->store, bad[i], 0, 0, &page, NULL), STORE_BAD_ID);
        assert_int_equal(store_metadata(fixture->store, bad[i], NULL, 0, &metadata, NULL), STORE_BAD_ID);
        assert_int_equal(store_delete(fixture->store, bad[i], NULL), STORE_BAD_ID);
        assert_int_equal(store_fork(fixture->store, bad[i], 0, child, NULL), STORE_BAD_ID);
        assert_int_equal(store_resume(fixture->store, bad[i], &seq, NULL), STORE_BAD_ID);
    }
    assert_int_equal(try_append(fixture->store, "0123456789abcdef0123456789abcdef", "{\"type\":\"x\"}"),
                     STORE_NO_SESSION);
}

static void symbolic_links_are_not_followed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"events.jsonl", "transcript.jsonl"};
    char sid[STORE_SID_BYTES];
    char path[256];
    char outside[256];
    char *metadata;
    struct stat status;

    snprintf(outside, sizeof outside, "%s/outside", fixture->root);
    close(open(outside, O_CREAT | O_WRONLY, 0600));
    for (size_t i = 0; i < 2; i++) {
        create(fixture, sid);
        file_path(fixture, sid, names[i], path);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink(outside, path), 0);
        assert_int_equal(try_append(fixture->store, sid, "{\"type\":\"user.message\"}"), STORE_DAMAGED);
    }
    file_path(fixture, sid, "meta.json", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(outside, path), 0);
    assert_int_equal(store_metadata(fixture->store, sid, "{}", 2, &metadata, NULL), STORE_DAMAGED);
    snprintf(path, sizeof path, "%s/sessions/0123456789abcdef0123456789abcdef", fixture->root);
    assert_int_equal(symlink(fixture->root, path), 0);
    assert_int_equal(try_append(fixture->store, "0123456789abcdef0123456789abcdef", "{\"type\":\"x\"}"), STORE_DAMAGED);
    assert_int_equal(stat(outside, &status), 0);
    assert_int_equal(status.st_size, 0);
}

static void expect_mode(const char *path, mode_t mode)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    if ((status.st_mode & 07777) != mode)
        fail_msg("%s has mode %o", path, status.st_mode & 07777);
}

static void modes_do_not_depend_on_the_umask(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t masks[] = {0, 0277};
    static const char *const names[] = {"events.jsonl", "transcript.jsonl", "meta.json"};
    char path[256];

    snprintf(path, sizeof path, "%s/sessions", fixture->root);
    expect_mode(path, 0700);
    for (size_t i = 0; i < 2; i++) {
        mode_t before = umask(masks[i]);
        char sid[STORE_SID_BYTES];
        char *metadata;

        create(fixture, sid);
        assert_int_equal(store_metadata(fixture->store, sid, "{\"a\":1}", 7, &metadata, NULL), STORE_OK);
        umask(before);
        free(metadata);
        for (size_t j = 0; j < 3; j++) {
            file_path(fixture, sid, names[j], path);
            expect_mode(path, 0600);
        }
        file_path(fixture, sid, "", path);
        expect_mode(path, 0700);
    }
}

static void expect_metadata(struct fixture *fixture, const char *sid, const char *patch, const char *expected)
{
    struct error err = {{0}};
    char *metadata;

    if (store_metadata(fixture->store, sid, patch, patch ? strlen(patch) : 0, &metadata, &err) != STORE_OK)
        fail_msg("%s", err.text);
    assert_string_equal(metadata, expected);
    free(metadata);
}

static void metadata_members_are_replaced(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    char *metadata;

    create(fixture, sid);
    expect_metadata(fixture, sid, NULL, "{}\n");
    expect_metadata(fixture, sid, "{\"a\": 1, \"b\" : {\"x\":1}}", "{\"a\":1,\"b\":{\"x\":1}}");
    expect_metadata(fixture, sid, "{\"\\u0061\":1e400,\"c\":null}", "{\"b\":{\"x\":1},\"\\u0061\":1e400,\"c\":null}");
    expect_metadata(fixture, sid, "{\"b\":{\"y\":2}}", "{\"\\u0061\":1e400,\"c\":null,\"b\":{\"y\":2}}");
    reopen(fixture);
    expect_metadata(fixture, sid, NULL, "{\"\\u0061\":1e400,\"c\":null,\"b\":{\"y\":2}}");
    assert_int_equal(store_metadata(fixture->store, sid, "[]", 2, &metadata, NULL), STORE_BAD_EVENT);
    assert_int_equal(store_metadata(fixture->store, sid, "{", 1, &metadata, NULL), STORE_NOT_JSON);
}

static enum store_result patch_with(struct fixture *fixture, const char *sid, size_t members, size_t bytes)
{
    char *patch = malloc(bytes + members * 16 + 16);
    char *at = patch;
    char *metadata = NULL;
    enum store_result result;

    assert_non_null(patch);
    *at++ = '{';
    for (size_t i = 0; i + 1 < members; i++)
        at += sprintf(at, "\"m%zu\":1,", i);
    at += sprintf(at, "\"m\":\"");
    for (; at < patch + bytes - 2; at++)
        *at = 'x';
    at += sprintf(at, "\"}");
    result = store_metadata(fixture->store, sid, patch, (size_t)(at - patch), &metadata, NULL);
    free(metadata);
    free(patch);
    return result;
}

static void metadata_has_maxima(void **state)
{
    struct fixture *fixture = *state;

    for (int off = -1; off <= 1; off++) {
        enum store_result expected = off > 0 ? STORE_TOO_BIG : STORE_OK;
        char sid[STORE_SID_BYTES];

        create(fixture, sid);
        assert_int_equal(patch_with(fixture, sid, (size_t)(STORE_METADATA_MEMBERS_MAX + off), 0), expected);
        create(fixture, sid);
        assert_int_equal(patch_with(fixture, sid, 1, (size_t)(STORE_METADATA_MAX_BYTES + off)), expected);
        create(fixture, sid); /* the sum counts, too */
        expect_metadata(fixture, sid, "{\"z\":1}", "{\"z\":1}");
        assert_int_equal(patch_with(fixture, sid, 1, (size_t)(STORE_METADATA_MAX_BYTES + off) - 6), expected);
    }
}

static void deleted_sessions_are_gone(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    char other[STORE_SID_BYTES];
    char(*sids)[STORE_SID_BYTES];
    size_t count;

    assert_int_equal(store_list(fixture->store, &sids, &count, NULL), STORE_OK);
    assert_int_equal(count, 0);
    assert_null(sids);
    create(fixture, sid);
    create(fixture, other);
    append(fixture->store, sid, "{\"type\":\"x\"}");
    assert_int_equal(store_delete(fixture->store, sid, NULL), STORE_OK);
    assert_int_equal(try_append(fixture->store, sid, "{\"type\":\"x\"}"), STORE_NO_SESSION);
    assert_int_equal(store_delete(fixture->store, sid, NULL), STORE_NO_SESSION);
    assert_int_equal(store_list(fixture->store, &sids, &count, NULL), STORE_OK);
    assert_int_equal(count, 1);
    assert_string_equal(sids[0], other);
    free(sids);
}

static void forks_are_renumbered(void **state)
{
    struct fixture *fixture = *state;
    static const char *const types[] = {"system.init", "user.message", "session.x", "assistant.message",
                                        "result",      "tool.use",     "sessions"};
    char sid[STORE_SID_BYTES];
    char child[STORE_SID_BYTES];
    char event[100];
    uint64_t next;
    char *file;
    char *parent;

    create(fixture, sid);
    for (size_t i = 0; i < 7; i++) {
        snprintf(event, sizeof event, "{\"type\":\"%s\",\"text\":\"t%zu\"}", types[i], i);
        append(fixture->store, sid, event);
    }
    assert_int_equal(store_fork(fixture->store, sid, 4, child, NULL), STORE_OK);
    parent = slurp(fixture, sid, "events.jsonl", NULL);
    file = slurp(fixture, child, "events.jsonl", NULL);
    assert_int_equal(count_lines(file, true), 2);
    assert_int_equal(count_lines(parent, true), 7);
    assert_non_null(strstr(file, "\"t1\"}\n"));
    assert_non_null(strstr(file, "\"t3\"}\n"));
    free(file);
    free(parent);
    file = slurp(fixture, child, "transcript.jsonl", NULL);
    assert_int_equal(count_lines(file, true), 2);
    free(file);
    assert_int_equal(append(fixture->store, child, "{\"type\":\"x\"}"), 3);
    assert_int_equal(store_fork(fixture->store, sid, 0, child, NULL), STORE_OK);
    assert_int_equal(store_resume(fixture->store, child, &next, NULL), STORE_OK);
    assert_int_equal(next, 5);
    assert_int_equal(store_fork(fixture->store, sid, 1, child, NULL), STORE_OK);
    assert_int_equal(append(fixture->store, child, "{\"type\":\"x\"}"), 1);
}

static size_t count_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void descriptors_stay_few(void **state)
{
    struct fixture *fixture = *state;
    size_t before = count_fds();
    struct rlimit limit;
    struct rlimit few = {64, 64};
    char sid[STORE_SID_BYTES];
    char child[STORE_SID_BYTES];

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few.rlim_max = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int i = 0; i < 500; i++) {
        create(fixture, sid);
        assert_int_equal(append(fixture->store, sid, "{\"type\":\"user.message\"}"), 1);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(store_fork(fixture->store, sid, 0, child, NULL), STORE_OK);
        assert_int_equal(store_delete(fixture->store, child, NULL), STORE_OK);
        assert_int_equal(try_append(fixture->store, child, "{\"type\":\"x\"}"), STORE_NO_SESSION);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(count_fds(), before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_keep_the_clients_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_events_use_no_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(transcript_holds_messages_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_have_a_maximum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(read_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_has_a_maximum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_ids_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(symbolic_links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(modes_do_not_depend_on_the_umask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_members_are_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_has_maxima, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deleted_sessions_are_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forks_are_renumbered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(descriptors_stay_few, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
