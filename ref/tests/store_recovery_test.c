/* What crashes and full disks leave behind, brought about with real files, limits and system call filters. */
#include "store/commit.h"
#include "store/files.h"
#include "tests/store_fixture.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const char *const events[] = {
    "{\"type\":\"user.message\",\"text\":\"one\"}",
    "{\"type\":\"tool.use\",\"x\":[1,{\"y\":\"}\"}]}",
    "{\"type\":\"assistant.message\",\"text\":\"\xe2\x82\xac two\\n\"}",
};

static void create_with_events(struct fixture *fixture, char sid[STORE_SID_BYTES])
{
    create(fixture, sid);
    for (size_t i = 0; i < 3; i++)
        append(fixture->store, sid, events[i]);
}

/* Opens the session anew and appends; both files must then be whole, with so many events, all messages among them. */
static void expect_sound(struct fixture *fixture, const char *sid, size_t kept)
{
    size_t messages = kept == 0 ? 0 : kept < 3 ? 1 : 2;
    struct error err = {{0}};
    uint64_t next = 0;
    char *file;

    reopen(fixture);
    if (store_resume(fixture->store, sid, &next, &err) != STORE_OK)
        fail_msg("%s", err.text);
    assert_int_equal(next, kept + 1);
    assert_int_equal(append(fixture->store, sid, "{\"type\":\"user.message\",\"text\":\"new\"}"), kept + 1);
    file = slurp(fixture, sid, "events.jsonl", NULL);
    assert_int_equal(count_lines(file, true), kept + 1);
    free(file);
    file = slurp(fixture, sid, "transcript.jsonl", NULL);
    assert_int_equal(count_lines(file, false), messages + 1);
    assert_int_equal(strstr(file, "\"one\"") != NULL, kept > 0);
    assert_int_equal(strstr(file, "two") != NULL, kept > 2);
    assert_non_null(strstr(file, "\"new\""));
    free(file);
}

/* The events' file, cut to every length, with zeros behind the cut or not. */
static void a_tail_torn_anywhere_is_repaired(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    size_t bytes;
    char *whole;
    char *torn;

    create_with_events(fixture, sid);
    whole = slurp(fixture, sid, "events.jsonl", &bytes);
    torn = calloc(1, bytes + 4096);
    assert_non_null(torn);
    for (size_t length = 0; length <= bytes; length++) {
        size_t kept = 0;

        memset(torn, 0, bytes + 4096);
        memcpy(torn, whole, length);
        for (size_t i = 0; i < length; i++)
            kept += whole[i] == '\n';
        kept += length < bytes && whole[length] == '\n'; /* whole but for its newline */
        spill(fixture, sid, "events.jsonl", torn, length);
        expect_sound(fixture, sid, kept);
        spill(fixture, sid, "events.jsonl", torn, bytes);
        expect_sound(fixture, sid, kept);
        spill(fixture, sid, "events.jsonl", torn, length + 4096);
        expect_sound(fixture, sid, kept);
    }
    free(torn);
    free(whole);
}

static void a_transcript_torn_anywhere_is_levelled(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    size_t events_bytes;
    size_t bytes;
    char *all_events;
    char *whole;

    create_with_events(fixture, sid);
    all_events = slurp(fixture, sid, "events.jsonl", &events_bytes);
    whole = slurp(fixture, sid, "transcript.jsonl", &bytes);
    for (size_t length = 0; length <= bytes; length++) {
        spill(fixture, sid, "events.jsonl", all_events, events_bytes);
        spill(fixture, sid, "transcript.jsonl", whole, length);
        expect_sound(fixture, sid, 3);
    }
    free(whole);
    free(all_events);
}

static void a_transcript_ahead_of_its_events_is_cut(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    char *file;

    create_with_events(fixture, sid);
    file = slurp(fixture, sid, "events.jsonl", NULL);
    spill(fixture, sid, "events.jsonl", file, (size_t)(strchr(file, '\n') + 1 - file));
    free(file);
    expect_sound(fixture, sid, 1);
}

static void a_missing_transcript_is_written_anew(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    char path[256];

    create_with_events(fixture, sid);
    file_path(fixture, sid, "transcript.jsonl", path);
    assert_int_equal(unlink(path), 0);
    expect_sound(fixture, sid, 3);
}

static void expect_damaged(struct fixture *fixture, const char *sid)
{
    char child[STORE_SID_BYTES];
    struct store_page page;
    uint64_t next;
    size_t before;
    size_t after;

    free(slurp(fixture, sid, "events.jsonl", &before));
    assert_int_equal(try_append(fixture->store, sid, events[0]), STORE_DAMAGED);
    assert_int_equal(store_read(fixture->store, sid, 0, 0, &page, NULL), STORE_DAMAGED);
    assert_int_equal(store_resume(fixture->store, sid, &next, NULL), STORE_DAMAGED);
    assert_int_equal(store_fork(fixture->store, sid, 0, child, NULL), STORE_DAMAGED);
    free(slurp(fixture, sid, "events.jsonl", &after));
    assert_int_equal(after, before);
    assert_int_equal(store_delete(fixture->store, sid, NULL), STORE_OK);
}

/* Any line, overwritten with what is no event or not the right one. */
static void damage_in_the_middle_is_refused(void **state)
{
    struct fixture *fixture = *state;

    for (size_t damaged = 0; damaged < 3; damaged++) {
        static const char *const how[] = {"garbage", "{}", "{\"type\":\"x\",\"seq\":3,\"ts\":\"\"}", "\"seq\":9"};

        for (size_t i = 0; i < 4; i++) {
            char sid[STORE_SID_BYTES];
            size_t bytes;
            char *file;
            char *line;

            if (damaged == 2 && i == 2)
                continue; /* the right number */
            create_with_events(fixture, sid);
            file = line = slurp(fixture, sid, "events.jsonl", &bytes);
            for (size_t skip = 0; skip < damaged; skip++)
                line = strchr(line, '\n') + 1;
            if (i == 3) {
                line = strstr(line, "\"seq\":");
                memcpy(line, how[i], strlen(how[i]));
            } else {
                size_t line_bytes = strcspn(line, "\n");

                memset(line, ' ', line_bytes);
                memcpy(line, how[i], strlen(how[i]));
            }
            spill(fixture, sid, "events.jsonl", file, bytes);
            free(file);
            reopen(fixture);
            expect_damaged(fixture, sid);
        }
    }
}

/* Changed behind the back of a store that knows the session, same size: a read looks at every line. */
static void a_read_checks_what_it_returns(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    struct store_page page;
    size_t bytes;
    char *file;

    create_with_events(fixture, sid);
    file = slurp(fixture, sid, "events.jsonl", &bytes);
    memcpy(strchr(file, '\n') + 1, "garbage", 7);
    spill(fixture, sid, "events.jsonl", file, bytes);
    free(file);
    assert_int_equal(store_read(fixture->store, sid, 0, 1, &page, NULL), STORE_OK);
    store_page_free(&page);
    assert_int_equal(store_read(fixture->store, sid, 0, 0, &page, NULL), STORE_DAMAGED);
    assert_int_equal(store_read(fixture->store, sid, 2, 1, &page, NULL), STORE_OK);
    store_page_free(&page);
}

/* The last number stands in a line longer than one block of the search, and around that length. */
static void long_last_lines_are_found(void **state)
{
    struct fixture *fixture = *state;

    for (size_t bytes = 64 * 1024 - 200; bytes < 64 * 1024 + 200; bytes += 7) {
        char sid[STORE_SID_BYTES];
        char *event = malloc(bytes + 1);
        uint64_t next;

        assert_non_null(event);
        memset(event, 'x', bytes);
        memcpy(event, "{\"type\":\"t\",\"a\":\"", 17);
        memcpy(event + bytes - 2, "\"}", 3);
        create(fixture, sid);
        append(fixture->store, sid, events[0]);
        append(fixture->store, sid, event);
        free(event);
        reopen(fixture);
        assert_int_equal(store_resume(fixture->store, sid, &next, NULL), STORE_OK);
        assert_int_equal(next, 3);
    }
}

static void left_overs_are_swept(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {".new-0123456789abcdef0123456789abcdef",
                                        ".deleted-0123456789abcdef0123456789abcdef"};
    char path[2][256];

    for (size_t i = 0; i < 2; i++) {
        char file[600];

        snprintf(path[i], sizeof path[i], "%s/sessions/%s", fixture->root, names[i]);
        assert_int_equal(mkdir(path[i], 0700), 0);
        snprintf(file, sizeof file, "%s/events.jsonl", path[i]);
        close(open(file, O_CREAT | O_WRONLY, 0600));
    }
    store_close(open_root(fixture->root, false)); /* not alone: another store may be building one of them */
    assert_int_equal(access(path[0], F_OK), 0);
    reopen(fixture);
    for (size_t i = 0; i < 2; i++)
        assert_int_not_equal(access(path[i], F_OK), 0);
}

/* From now on this process gets EIO from the system call, if its third argument is that one (0: any). */
static bool fail_system_call(int number, size_t third)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | (third ? BPF_JEQ : BPF_JGE) | BPF_K, (unsigned)third, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Files may not grow beyond this: a write is cut short there, and the next one fails, as on a full disk. */
static bool fill_disk_at(size_t bytes)
{
    struct rlimit limit = {bytes, bytes};

    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

enum { SET_UP_FAILED = 100 };

static const char *const one_more = "{\"type\":\"user.message\",\"text\":\"full\"}";

struct trouble {
    size_t file_limit_bytes;    /* 0: none */
    bool cut_fails;             /* ftruncate does */
    size_t failing_write_bytes; /* a write of just so many bytes does; 0: none */
};

/* Appends in a process of its own that has this trouble. Returns its result, or SET_UP_FAILED. */
static int append_in_trouble(struct fixture *fixture, const char *sid, struct trouble trouble)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct store_options options = {0};
        struct store *store;

        if (store_open(fixture->root, &options, &store, NULL) != STORE_OK ||
            (trouble.file_limit_bytes && !fill_disk_at(trouble.file_limit_bytes)) ||
            (trouble.cut_fails && !fail_system_call(SYS_ftruncate, 0)) ||
            (trouble.failing_write_bytes && !fail_system_call(SYS_write, trouble.failing_write_bytes)))
            _exit(SET_UP_FAILED);
        _exit((int)try_append(store, sid, one_more));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    size_t before;
    size_t after;

    create_with_events(fixture, sid);
    free(slurp(fixture, sid, "events.jsonl", &before));
    for (size_t room = 0; room < 78; room += 11) {
        assert_int_equal(append_in_trouble(fixture, sid, (struct trouble){.file_limit_bytes = before + room}),
                         STORE_IO);
        free(slurp(fixture, sid, "events.jsonl", &after));
        assert_int_equal(after, before);
    }
    expect_sound(fixture, sid, 3);
}

/* Not even cutting back works: the torn line stays, and the next who looks repairs it. */
static void a_failed_cut_is_repaired_later(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    size_t before;
    size_t after;

    create_with_events(fixture, sid);
    free(slurp(fixture, sid, "events.jsonl", &before));
    assert_int_equal(append_in_trouble(fixture, sid, (struct trouble){before + 20, true, 0}), STORE_UNSURE);
    free(slurp(fixture, sid, "events.jsonl", &after));
    assert_int_equal(after, before + 20);
    expect_sound(fixture, sid, 3);
}

/* The event is written, its transcript line is not: the event goes again, or nobody can tell. */
static void a_failed_transcript_takes_the_event_back(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];
    size_t before;
    size_t line_bytes;

    create_with_events(fixture, sid);
    free(slurp(fixture, sid, "transcript.jsonl", &before));
    append(fixture->store, sid, one_more);
    free(slurp(fixture, sid, "transcript.jsonl", &line_bytes));
    line_bytes -= before;
    assert_int_equal(append_in_trouble(fixture, sid, (struct trouble){0, false, line_bytes}), STORE_IO);
    assert_int_equal(append(fixture->store, sid, one_more), 5);
    assert_int_equal(append_in_trouble(fixture, sid, (struct trouble){0, true, line_bytes}), STORE_UNSURE);
    assert_int_equal(append(fixture->store, sid, one_more), 7); /* this time it stayed, and number 6 is its own */
}

/* Appends twice to a durable store in a process whose fdatasync fails. */
static int append_without_sync(struct fixture *fixture, const char *sid)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct store_options options = {.durable = true};
        struct store *store;
        uint64_t next;

        if (store_open(fixture->root, &options, &store, NULL) != STORE_OK || !fail_system_call(SYS_fdatasync, 0))
            _exit(SET_UP_FAILED);
        if (try_append(store, sid, events[0]) != STORE_UNSURE || try_append(store, sid, events[0]) != STORE_IO)
            _exit(1);
        if (store_resume(store, sid, &next, NULL) != STORE_IO || try_append(store, sid, events[0]) != STORE_IO)
            _exit(2);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_failed_sync_is_no_acknowledgement(void **state)
{
    struct fixture *fixture = *state;
    char sid[STORE_SID_BYTES];

    create(fixture, sid);
    assert_int_equal(append_without_sync(fixture, sid), 0);
    assert_int_equal(append(fixture->store, sid, events[0]), 2); /* the unsure one is there, once */
}

/* A sync of a pipe fails; resuming then syncs the file itself, and appends go on. */
static void a_failed_sync_is_healed_by_resume(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_root(fixture->root, true);
    struct visit visit;
    char sid[STORE_SID_BYTES];
    uint64_t next;
    int events_fd;
    int ends[2];

    create(fixture, sid);
    append(store, sid, events[0]);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(visit_begin(&visit, store, sid, NULL), STORE_OK);
    assert_int_equal(store_log_open(&visit, NULL), STORE_OK);
    events_fd = visit.events_fd;
    visit.events_fd = ends[1];
    visit_unlock(&visit);
    assert_int_equal(store_commit_wait(&visit, UINT64_MAX, NULL), STORE_UNSURE);
    visit.events_fd = events_fd;
    visit_end(&visit);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(try_append(store, sid, events[0]), STORE_IO);
    assert_int_equal(store_resume(store, sid, &next, NULL), STORE_OK);
    assert_int_equal(next, 2);
    assert_int_equal(append(store, sid, events[0]), 2);
    store_close(store);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tail_torn_anywhere_is_repaired, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transcript_torn_anywhere_is_levelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transcript_ahead_of_its_events_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_transcript_is_written_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_in_the_middle_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_checks_what_it_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_last_lines_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(left_overs_are_swept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_transcript_takes_the_event_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_cut_is_repaired_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_no_acknowledgement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_healed_by_resume, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
