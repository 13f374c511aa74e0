/* Processes of the store, started and stopped. */
#include "store/store.h"

#include "base/directory.h"
#include "base/error.h"
#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "store/store_private.h"
#include "supervisor/supervisor.h"

#include <stdlib.h>
#include <string.h>

static struct answer begin(struct store *store)
{
    store->driver = driver_start(store->shared->supervisor);
    store->pending_count = 0;
    store_forget_numbers(store);
    struct text params;
    struct json_writer writer = store_open_params(&params, NULL);
    json_member(&writer, "directory", store->shared->directory);
    if (store->shared->durable && store_has_feature(store, "durable")) {
        json_key(&writer, "durable");
        json_bool(&writer, true);
    }
    return store_finish_call(store, "store.start", &writer, &params);
}

static void launch(struct store *store)
{
    store_must(begin(store), "store.start");
}

static struct store *new_process(struct shared *shared)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store)
        abort();
    if (shared->store_count == STORE_PROCESSES_MAX)
        error_of_harness("more than %d processes of the target", STORE_PROCESSES_MAX);
    shared->stores[shared->store_count++] = store;
    store->shared = shared;
    return store;
}

static struct store *add_process(struct shared *shared)
{
    struct store *store = new_process(shared);

    launch(store);
    return store;
}

/* The directory goes by its real name, since that is how the supervisor sees it: --out may lead through a link. */
void *store_start(void)
{
    struct shared *shared = calloc(1, sizeof *shared);
    struct text directory;

    text_init(&directory, 8192);
    text_addf(&directory, "%s/store", case_directory());
    if (!shared || !directory_make(directory.bytes) || !(shared->directory = realpath(directory.bytes, NULL)))
        error_of_environment("%s cannot be made", directory.bytes);
    text_free(&directory);
    shared->history = history_create();
    return add_process(shared);
}

struct store *store_beside(struct store *store)
{
    return add_process(store->shared);
}

struct store *store_try_beside(struct store *store)
{
    struct store *beside = new_process(store->shared);

    return begin(beside).outcome == ACKNOWLEDGED ? beside : NULL;
}

void store_stop(void *state)
{
    struct shared *shared = ((struct store *)state)->shared;

    for (size_t i = 0; i < shared->store_count; i++) {
        driver_stop(shared->stores[i]->driver);
        driver_free(shared->stores[i]->driver);
        free(shared->stores[i]);
    }
    for (struct numbered *next; shared->numbered; shared->numbered = next) {
        next = shared->numbered->next;
        free(shared->numbered);
    }
    for (struct kept *next; shared->kept; shared->kept = next) {
        next = shared->kept->next;
        free(shared->kept);
    }
    const char *trouble = shared->supervisor ? supervisor_trouble(shared->supervisor) : NULL;
    if (trouble)
        error_of_environment("%s", trouble);
    case_doubt(NULL, NULL);
    supervisor_stop(shared->supervisor);
    history_free(shared->history);
    free(shared->directory);
    free(shared);
}

/* The driver that comes next may not start, which ends the case: then there is none to be stopped. */
static void bury_driver(struct store *store)
{
    driver_free(store->driver);
    store->driver = NULL;
}

void store_restart(struct store *store)
{
    driver_stop(store->driver);
    bury_driver(store);
    launch(store);
}

void store_kill(struct store *store)
{
    driver_kill(store->driver);
}

void store_start_again(struct store *store)
{
    bury_driver(store);
    launch(store);
}

void store_ask_durable(struct store *store)
{
    store->shared->durable = true;
}

static const char *trouble_of(void *supervisor)
{
    return supervisor_trouble(supervisor);
}

struct supervisor *store_supervise(struct store *store, unsigned kinds)
{
    struct error err;

    if (supervisor_start(&store->shared->supervisor, kinds, &err) != SUPERVISOR_OK)
        error_of_environment("%s", err.text);
    case_doubt(trouble_of, store->shared->supervisor);
    for (size_t i = 0; i < store->shared->store_count; i++)
        store_restart(store->shared->stores[i]);
    return store->shared->supervisor;
}

/* The directory's own name may hold what means something in a glob. */
const char *store_glob(struct store *store, const char *sid)
{
    struct text glob;

    text_init(&glob, 16384);
    for (const char *at = store->shared->directory; *at; at++)
        text_addf(&glob, "%s%c", strchr("*?[\\", *at) ? "\\" : "", *at);
    text_addf(&glob, "/*%s%s", sid ? sid : "", sid ? "*" : "");
    const char *kept = store_keep(store, glob.bytes);
    text_free(&glob);
    return kept;
}

struct driver *store_driver(struct store *store)
{
    return store->driver;
}
