/* Many threads, several stores on one root, and two processes. Threads record, the test's thread asserts. */
#include "tests/store_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 8, APPENDS = 50 };

struct crowd {
    struct fixture *fixture;
    struct store *store;
    pthread_barrier_t start;
    char sid[STORE_SID_BYTES];
    int release_fd;
    sem_t ended;
    _Atomic size_t failures;
    _Atomic bool done;
};

/* A second, for what must not happen to happen: on right code nothing depends on it. True: it happened. */
static bool happens_within_a_second(sem_t *event)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    return sem_timedwait(event, &until) == 0;
}

struct member {
    struct crowd *crowd;
    pthread_t thread;
    size_t number;
    const char *sid;
};

/* Runs the function on so many threads at once, and waits for all. */
static void run_crowd(struct crowd *crowd, size_t count, void *(*run)(void *), char (*sids)[STORE_SID_BYTES])
{
    struct member members[64];

    assert_true(count <= 64);
    pthread_barrier_init(&crowd->start, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        members[i] = (struct member){.crowd = crowd, .number = i, .sid = sids ? sids[i] : crowd->sid};
        assert_int_equal(pthread_create(&members[i].thread, NULL, run, &members[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(members[i].thread, NULL);
    pthread_barrier_destroy(&crowd->start);
    assert_int_equal(crowd->failures, 0);
}

static void append_many(struct crowd *crowd, struct store *store, const char *sid, size_t who)
{
    uint64_t last = 0;

    for (int i = 0; i < APPENDS; i++) {
        char event[100];
        uint64_t seq = 0;

        snprintf(event, sizeof event, "{\"type\":\"user.message\",\"text\":\"%zu-%d;\"}", who, i);
        if (store_append(store, sid, event, strlen(event), &seq, NULL) != STORE_OK || seq <= last)
            crowd->failures++;
        last = seq;
    }
}

static void *append_thread(void *argument)
{
    struct member *member = argument;

    pthread_barrier_wait(&member->crowd->start);
    append_many(member->crowd, member->crowd->store, member->sid, member->number);
    return NULL;
}

/* Both files: numbers in file order, every payload once. */
static void expect_all(struct fixture *fixture, const char *sid, size_t who, size_t count)
{
    static const char *const names[] = {"events.jsonl", "transcript.jsonl"};

    for (size_t i = 0; i < 2; i++) {
        char *file = slurp(fixture, sid, names[i], NULL);

        assert_int_equal(count_lines(file, true), count * APPENDS);
        for (size_t payload = 0; payload < count * APPENDS; payload++) {
            char text[40];
            char *found;

            snprintf(text, sizeof text, "\"%zu-%zu;\"", who + payload / APPENDS, payload % APPENDS);
            found = strstr(file, text);
            assert_non_null(found);
            assert_null(strstr(found + 1, text));
        }
        free(file);
    }
}

static void threads_share_a_session(void **state)
{
    struct crowd crowd = {.fixture = *state};

    for (int durable = 0; durable < 2; durable++) {
        crowd.store = open_root(crowd.fixture->root, durable);
        create(crowd.fixture, crowd.sid);
        run_crowd(&crowd, THREADS, append_thread, NULL);
        expect_all(crowd.fixture, crowd.sid, 0, THREADS);
        store_close(crowd.store);
    }
}

/* More sessions at once than the budget of descriptors has room for. */
static void threads_have_sessions_of_their_own(void **state)
{
    struct crowd crowd = {.fixture = *state};
    static char sids[64][STORE_SID_BYTES];
    struct rlimit limit;
    struct rlimit few;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){64, limit.rlim_max};
    crowd.store = crowd.fixture->store;
    for (size_t i = 0; i < 64; i++)
        create(crowd.fixture, sids[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    run_crowd(&crowd, 64, append_thread, sids);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < 64; i++)
        expect_all(crowd.fixture, sids[i], i, 1);
}

/* A process that holds the locks of all these sessions until its input ends. */
static pid_t hold_locks(struct crowd *crowd, char (*sids)[STORE_SID_BYTES], size_t count, int until_fd, int ready_fd)
{
    pid_t pid = fork();
    char byte = 0;

    if (pid != 0)
        return pid;
    close(crowd->release_fd);
    for (size_t i = 0; i < count; i++) {
        char path[256];

        file_path(crowd->fixture, sids[i], "", path);
        if (flock(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), LOCK_EX))
            _exit(1);
    }
    _exit(write(ready_fd, &byte, 1) == 1 && read(until_fd, &byte, 1) == 0 ? 0 : 2);
}

/* The first one lets go of the locks once the others have had time to get stuck. */
static void *append_when_unlocked(void *argument)
{
    struct member *member = argument;

    pthread_barrier_wait(&member->crowd->start);
    if (member->number == 0) {
        if (happens_within_a_second(&member->crowd->ended))
            member->crowd->failures++;
        close(member->crowd->release_fd);
    }
    append_many(member->crowd, member->crowd->store, member->sid, member->number);
    sem_post(&member->crowd->ended);
    return NULL;
}

/* 63 appends wait for other processes at once: descriptors are not used up by waiting. */
static void waiting_needs_few_descriptors(void **state)
{
    struct crowd crowd = {.fixture = *state};
    static char sids[64][STORE_SID_BYTES];
    struct rlimit limit;
    struct rlimit few;
    int until[2];
    int ready[2];
    int status;
    char byte;
    pid_t pid;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){64, limit.rlim_max};
    crowd.store = crowd.fixture->store;
    for (size_t i = 0; i < 64; i++)
        create(crowd.fixture, sids[i]);
    assert_int_equal(sem_init(&crowd.ended, 0, 0), 0);
    assert_int_equal(pipe2(until, O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    crowd.release_fd = until[1];
    pid = hold_locks(&crowd, sids, 64, until[0], ready[1]);
    assert_true(pid > 0);
    close(until[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    run_crowd(&crowd, 64, append_when_unlocked, sids);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    sem_destroy(&crowd.ended);
    for (size_t i = 0; i < 64; i++)
        expect_all(crowd.fixture, sids[i], i, 1);
}

/* Each thread with a store of its own: nothing but flock(2) keeps them apart. */
static void *append_with_own_store(void *argument)
{
    struct member *member = argument;
    struct store_options options = {0};
    struct store *store;

    pthread_barrier_wait(&member->crowd->start);
    if (store_open(member->crowd->fixture->root, &options, &store, NULL) != STORE_OK) {
        member->crowd->failures++;
        return NULL;
    }
    append_many(member->crowd, store, member->sid, member->number);
    store_close(store);
    return NULL;
}

static void stores_share_a_session(void **state)
{
    struct crowd crowd = {.fixture = *state};

    create(crowd.fixture, crowd.sid);
    run_crowd(&crowd, THREADS, append_with_own_store, NULL);
    expect_all(crowd.fixture, crowd.sid, 0, THREADS);
}

static void processes_share_a_session(void **state)
{
    struct crowd crowd = {.fixture = *state};
    pid_t pids[4];

    create(crowd.fixture, crowd.sid);
    for (size_t i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct store_options options = {0};
            struct store *store;

            if (store_open(crowd.fixture->root, &options, &store, NULL) != STORE_OK)
                _exit(1);
            append_many(&crowd, store, crowd.sid, i);
            _exit(crowd.failures ? 2 : 0);
        }
        assert_true(pids[i] > 0);
    }
    for (size_t i = 0; i < 4; i++) {
        int status;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    expect_all(crowd.fixture, crowd.sid, 0, 4);
}

/* One store's memory of a session is stale as soon as another has appended. */
static void stores_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct store *other = open_root(fixture->root, false);
    char sid[STORE_SID_BYTES];

    create(fixture, sid);
    for (uint64_t seq = 1; seq < 20; seq++)
        assert_int_equal(append(seq % 3 ? fixture->store : other, sid, "{\"type\":\"user.message\"}"), seq);
    store_close(other);
}

/* An append on a thread of its own, while the test holds the session's lock as another process would. */
struct waiting {
    struct fixture *fixture;
    char sid[STORE_SID_BYTES];
    int lock_fd;
    pthread_t thread;
    sem_t ended;
    enum store_result result;
    uint64_t seq;
};

static void *append_once(void *argument)
{
    struct waiting *waiting = argument;
    static const char event[] = "{\"type\":\"x\"}";

    waiting->result = store_append(waiting->fixture->store, waiting->sid, event, sizeof event - 1, &waiting->seq, NULL);
    sem_post(&waiting->ended);
    return NULL;
}

/* Takes the lock, starts the append, and gives it time to do what it must not: go on without the lock. */
static void begin_waiting(struct waiting *waiting, struct fixture *fixture)
{
    char path[256];

    *waiting = (struct waiting){.fixture = fixture};
    create(fixture, waiting->sid);
    file_path(fixture, waiting->sid, "", path);
    waiting->lock_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(waiting->lock_fd >= 0);
    assert_int_equal(flock(waiting->lock_fd, LOCK_EX), 0);
    assert_int_equal(sem_init(&waiting->ended, 0, 0), 0);
    assert_int_equal(pthread_create(&waiting->thread, NULL, append_once, waiting), 0);
    assert_false(happens_within_a_second(&waiting->ended));
}

static void end_waiting(struct waiting *waiting)
{
    close(waiting->lock_fd);
    pthread_join(waiting->thread, NULL);
    sem_destroy(&waiting->ended);
}

static void another_process_locks_appends_out(void **state)
{
    static const char line[] = "{\"type\":\"y\",\"ts\":\"\",\"seq\":1}\n";
    struct waiting waiting;

    begin_waiting(&waiting, *state);
    spill(waiting.fixture, waiting.sid, "events.jsonl", line, sizeof line - 1);
    end_waiting(&waiting);
    assert_int_equal(waiting.result, STORE_OK);
    assert_int_equal(waiting.seq, 2);
}

static void another_process_deletes_under_a_waiting_append(void **state)
{
    struct waiting waiting;
    char path[256];
    char away[256];

    begin_waiting(&waiting, *state);
    file_path(waiting.fixture, waiting.sid, "", path);
    snprintf(away, sizeof away, "%s/away", waiting.fixture->root);
    assert_int_equal(rename(path, away), 0);
    end_waiting(&waiting);
    assert_int_equal(waiting.result, STORE_NO_SESSION);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Even members append, odd ones read and fork meanwhile: what they see is always a prefix, and grows. */
static void *append_or_read(void *argument)
{
    struct member *member = argument;
    struct crowd *crowd = member->crowd;
    size_t seen = 0;

    pthread_barrier_wait(&crowd->start);
    if (member->number % 2 == 0) {
        append_many(crowd, crowd->store, member->sid, member->number);
        crowd->done = true;
        return NULL;
    }
    while (!crowd->done) {
        struct store_page page;
        char child[STORE_SID_BYTES];
        uint64_t next;

        if (store_read(crowd->store, member->sid, 0, 0, &page, NULL) != STORE_OK || page.count < seen) {
            crowd->failures++;
            return NULL;
        }
        seen = page.count;
        store_page_free(&page);
        if (store_fork(crowd->store, member->sid, 0, child, NULL) != STORE_OK ||
            store_resume(crowd->store, child, &next, NULL) != STORE_OK || next <= seen)
            crowd->failures++;
    }
    return NULL;
}

static void reads_and_forks_see_prefixes(void **state)
{
    struct crowd crowd = {.fixture = *state};

    crowd.store = crowd.fixture->store;
    create(crowd.fixture, crowd.sid);
    run_crowd(&crowd, 6, append_or_read, NULL);
}

static void *append_until_deleted(void *argument)
{
    struct member *member = argument;
    struct crowd *crowd = member->crowd;
    enum store_result result = STORE_OK;

    pthread_barrier_wait(&crowd->start);
    for (int i = 0; result == STORE_OK && i < 100000; i++) {
        if (member->number == 0 && i == 10)
            result = store_delete(crowd->store, member->sid, NULL);
        else
            result = try_append(crowd->store, member->sid, "{\"type\":\"user.message\"}");
    }
    if (result != STORE_NO_SESSION)
        crowd->failures++;
    return NULL;
}

static void delete_stops_appends(void **state)
{
    struct crowd crowd = {.fixture = *state};

    crowd.store = crowd.fixture->store;
    for (int round = 0; round < 20; round++) {
        char path[256];

        create(crowd.fixture, crowd.sid);
        run_crowd(&crowd, 4, append_until_deleted, NULL);
        file_path(crowd.fixture, crowd.sid, "", path);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

static void *patch_own_member(void *argument)
{
    struct member *member = argument;

    pthread_barrier_wait(&member->crowd->start);
    for (int i = 0; i < APPENDS; i++) {
        char *metadata = NULL;
        char patch[60];

        snprintf(patch, sizeof patch, "{\"m%zu\":%d}", member->number, i);
        if (store_metadata(member->crowd->store, member->sid, patch, strlen(patch), &metadata, NULL) != STORE_OK)
            member->crowd->failures++;
        free(metadata);
    }
    return NULL;
}

static void metadata_patches_do_not_undo_each_other(void **state)
{
    struct crowd crowd = {.fixture = *state};
    char *metadata;

    crowd.store = crowd.fixture->store;
    create(crowd.fixture, crowd.sid);
    run_crowd(&crowd, THREADS, patch_own_member, NULL);
    assert_int_equal(store_metadata(crowd.store, crowd.sid, NULL, 0, &metadata, NULL), STORE_OK);
    for (int i = 0; i < THREADS; i++) {
        char member[60];

        snprintf(member, sizeof member, "\"m%d\":%d", i, APPENDS - 1);
        assert_non_null(strstr(metadata, member));
    }
    free(metadata);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_share_a_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_have_sessions_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_needs_few_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stores_share_a_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_share_a_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stores_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process_locks_appends_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process_deletes_under_a_waiting_append, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_and_forks_see_prefixes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(delete_stops_appends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_patches_do_not_undo_each_other, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
