/* Threads do to the sessions of one store whatever it allows, all at once:
 *
 *     stress-store [SEED]
 *
 * Under ThreadSanitizer (ci/tsan) a data race is reported. In any build each number must have been answered once, and
 * the session hold just as many events. Some sessions stay; others are deleted while threads work on them. */
#include "store/store.h"
#include "tempdir.h"
#include "threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 250, STEPS_DURABLE = 60, KEPT = 3, BRIEF = 20, NUMBERS_MAX = THREADS_COUNT * STEPS };

static const char event[] = "{\"type\":\"user.message\",\"text\":\"x\"}";

struct fixture {
    struct store *store;
    size_t steps;
    char kept[KEPT][STORE_SID_BYTES];
    char brief[BRIEF][STORE_SID_BYTES];
};

/* What one thread was told about the sessions that stay. */
struct memory {
    uint64_t last[KEPT];
    bool given[KEPT][NUMBERS_MAX + 1];
};

static void append(struct worker *worker, size_t session)
{
    const struct fixture *fixture = worker->shared;
    struct memory *memory = worker->own;
    uint64_t seq = 0;
    struct error err = {{0}};

    enum store_result result = store_append(fixture->store, fixture->kept[session], event, strlen(event), &seq, &err);
    if (!threads_expect(worker, result == STORE_OK, "append: %s", err.text) ||
        !threads_expect(worker, seq > memory->last[session] && seq <= NUMBERS_MAX, "append: number %" PRIu64, seq))
        return;
    memory->last[session] = seq;
    memory->given[session][seq] = true;
}

static void read_all(struct worker *worker, size_t session)
{
    const struct fixture *fixture = worker->shared;
    const struct memory *memory = worker->own;
    struct store_page page = {0};
    struct error err = {{0}};

    enum store_result result = store_read(fixture->store, fixture->kept[session], 0, 0, &page, &err);
    threads_expect(worker, result == STORE_OK, "read: %s", err.text);
    threads_expect(worker, page.count >= memory->last[session], "read: %zu events, though %" PRIu64 " were answered",
                   page.count, memory->last[session]);
    store_page_free(&page);
}

static void patch_metadata(struct worker *worker, size_t session)
{
    const struct fixture *fixture = worker->shared;
    char patch[32], *metadata = NULL;
    struct error err = {{0}};

    snprintf(patch, sizeof patch, "{\"m%zu\":%d}", worker->number, (int)threads_draw(worker, 1000));
    enum store_result result =
        store_metadata(fixture->store, fixture->kept[session], patch, strlen(patch), &metadata, &err);
    threads_expect(worker, result == STORE_OK, "metadata: %s", err.text);
    /* Nobody else writes this member, so it is there as it was written, without the braces. */
    patch[strlen(patch) - 1] = '\0';
    threads_expect(worker, metadata && strstr(metadata, patch + 1), "metadata: %s is lost", patch + 1);
    free(metadata);
}

static void fork_session(struct worker *worker, size_t session)
{
    const struct fixture *fixture = worker->shared;
    const struct memory *memory = worker->own;
    char child[STORE_SID_BYTES];
    uint64_t next = 0;
    struct error err = {{0}};

    enum store_result result = store_fork(fixture->store, fixture->kept[session], 0, child, &err);
    if (!threads_expect(worker, result == STORE_OK, "fork: %s", err.text))
        return;
    result = store_resume(fixture->store, child, &next, &err);
    threads_expect(worker, result == STORE_OK && next > memory->last[session], "resume: %s", err.text);
    threads_expect(worker, store_delete(fixture->store, child, &err) == STORE_OK, "delete: %s", err.text);
}

/* One of those that come and go: all threads are at about the same one. */
static void use_brief(struct worker *worker, const char *sid)
{
    struct store *store = ((const struct fixture *)worker->shared)->store;
    uint64_t seq;
    struct error err = {{0}};

    enum store_result result = threads_draw(worker, 6) == 0
                                   ? store_delete(store, sid, &err)
                                   : store_append(store, sid, event, strlen(event), &seq, &err);
    threads_expect(worker, result == STORE_OK || result == STORE_NO_SESSION, "brief session: %s", err.text);
}

static void list_sessions(struct worker *worker)
{
    const struct fixture *fixture = worker->shared;
    char(*sids)[STORE_SID_BYTES] = NULL;
    size_t count = 0;

    threads_expect(worker, store_list(fixture->store, &sids, &count, NULL) == STORE_OK && count >= KEPT, "list");
    free(sids);
}

static void work(struct worker *worker)
{
    const struct fixture *fixture = worker->shared;

    for (size_t step = 0; step < fixture->steps; step++) {
        size_t session = threads_draw(worker, KEPT);
        uint64_t what = threads_draw(worker, 20);

        if (what < 10)
            append(worker, session);
        else if (what < 13)
            read_all(worker, session);
        else if (what < 15)
            patch_metadata(worker, session);
        else if (what < 16)
            fork_session(worker, session);
        else if (what < 17)
            list_sessions(worker);
        else
            use_brief(worker, fixture->brief[step * BRIEF / fixture->steps]);
    }
}

static int times_given(const struct memory *memories, size_t session, uint64_t seq)
{
    int times = 0;

    for (size_t i = 0; i < THREADS_COUNT; i++)
        times += memories[i].given[session][seq];
    return times;
}

/* The number of each event that is there was answered once, and no other number was answered. */
static size_t count_faults(const struct fixture *fixture, const struct memory *memories)
{
    size_t faults = 0;

    for (size_t session = 0; session < KEPT; session++) {
        struct store_page page = {0};

        faults += store_read(fixture->store, fixture->kept[session], 0, 0, &page, NULL) != STORE_OK || page.count == 0;
        for (uint64_t seq = 1; seq <= NUMBERS_MAX; seq++)
            faults += times_given(memories, session, seq) != (seq <= page.count);
        store_page_free(&page);
    }
    return faults;
}

static void create_all(struct store *store, char (*sids)[STORE_SID_BYTES], size_t count)
{
    struct error err;

    for (size_t i = 0; i < count; i++) {
        if (store_create(store, sids[i], &err) == STORE_OK)
            continue;
        fprintf(stderr, "stress-store: %s\n", err.text);
        exit(1);
    }
}

static size_t run(uint64_t seed, bool durable)
{
    static struct memory memories[THREADS_COUNT];
    const struct store_options options = {.durable = durable};
    struct fixture fixture = {.steps = durable ? STEPS_DURABLE : STEPS};
    char directory[TEMPDIR_BYTES];
    struct error err;

    memset(memories, 0, sizeof memories);
    tempdir_make(directory);
    if (store_open(directory, &options, &fixture.store, &err) != STORE_OK) {
        fprintf(stderr, "stress-store: %s\n", err.text);
        exit(1);
    }
    create_all(fixture.store, fixture.kept, KEPT);
    create_all(fixture.store, fixture.brief, BRIEF);
    size_t complaints = threads_run(work, seed, &fixture, memories, sizeof *memories);
    size_t faults = count_faults(&fixture, memories);
    if (faults > 0)
        fprintf(stderr, "stress-store: %zu numbers were given twice, or lost\n", faults);
    store_close(fixture.store);
    tempdir_remove(directory);
    return complaints + faults;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    size_t failures = run(seed, false) + run(seed, true);

    printf("store: %d threads, %d steps each, %d durable; seed %" PRIu64 "; %zu failures\n", THREADS_COUNT,
           STEPS + STEPS_DURABLE, STEPS_DURABLE, seed, failures);
    return failures > 0;
}
