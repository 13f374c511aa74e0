/* What an append to the reference's store costs beside a plain write(2) of the same bytes in the same directory:
 *
 *     stress-store_bench
 *
 * A durable append costs a sync; those of several threads that wait at the same time share one. */
#include "bench.h"
#include "store/store.h"
#include "tempdir.h"
#include "threads.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { APPENDS = 5000, DURABLE_APPENDS = 160 };

static const char event[] = "{\"type\":\"tool.result\",\"text\":\"eighty bytes of payload are what a short event has, "
                            "give or take a few of them\"}";

/* What the store makes of it. */
static const char line[] = "{\"type\":\"tool.result\",\"ts\":\"2026-01-31T23:59:59.999Z\",\"seq\":100000,\"text\":\""
                           "eighty bytes of payload are what a short event has, give or take a few of them\"}\n";

struct target {
    int fd; /* of the plain file */
    struct store *store;
    char sid[STORE_SID_BYTES];
};

static void write_plain(void *context, size_t count)
{
    const struct target *target = context;

    for (size_t i = 0; i < count; i++)
        if (write(target->fd, line, sizeof line - 1) != sizeof line - 1)
            bench_fail("a write failed");
}

static void write_synced(void *context, size_t count)
{
    const struct target *target = context;

    for (size_t i = 0; i < count; i++) {
        write_plain(context, 1);
        if (fdatasync(target->fd) != 0)
            bench_fail("a sync failed");
    }
}

static void append(void *context, size_t count)
{
    const struct target *target = context;
    struct error err;
    uint64_t seq;

    for (size_t i = 0; i < count; i++)
        if (store_append(target->store, target->sid, event, sizeof event - 1, &seq, &err) != STORE_OK)
            bench_fail(err.text);
}

static void append_share(struct worker *worker)
{
    const size_t *share = worker->own;

    append((void *)worker->shared, *share);
}

static void append_together(void *context, size_t count)
{
    size_t shares[THREADS_COUNT];

    for (size_t i = 0; i < THREADS_COUNT; i++)
        shares[i] = count / THREADS_COUNT;
    threads_run(append_share, 0, context, shares, sizeof *shares);
}

static struct target open_target(const char *directory, bool durable)
{
    const struct store_options options = {.durable = durable};
    struct target target;
    char path[TEMPDIR_BYTES + sizeof "/plain"];
    struct error err;

    snprintf(path, sizeof path, "%s/plain", directory);
    target.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (target.fd < 0)
        bench_fail("the plain file cannot be opened");
    if (store_open(directory, &options, &target.store, &err) != STORE_OK ||
        store_create(target.store, target.sid, &err) != STORE_OK)
        bench_fail(err.text);
    return target;
}

static void close_target(struct target *target)
{
    store_close(target->store);
    close(target->fd);
}

int main(void)
{
    char directory[TEMPDIR_BYTES];

    tempdir_make(directory);
    struct target target = open_target(directory, false);
    bench_compare(&(struct bench){"write, O_APPEND", write_plain, &target, APPENDS},
                  &(struct bench){"store_append", append, &target, APPENDS});
    close_target(&target);
    target = open_target(directory, true);
    bench_compare(&(struct bench){"write, fdatasync", write_synced, &target, DURABLE_APPENDS},
                  &(struct bench){"store_append, durable", append, &target, DURABLE_APPENDS});
    bench_compare(&(struct bench){"write, fdatasync", write_synced, &target, DURABLE_APPENDS},
                  &(struct bench){"store_append, durable, 8 threads", append_together, &target, DURABLE_APPENDS});
    close_target(&target);
    tempdir_remove(directory);
    return 0;
}
