/* The trials of the surfaces. */
#include "run/trials.h"

#include "check.h"
#include "http/expect.h"
#include "http/peer.h"
#include "http/target.h"
#include "store/store.h"

#include <unistd.h>

/* ---- http ---- */

static void try_sample(struct http_target *server, const struct http_endpoint *sample)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, sample, sample->body);
    struct http_answer answer = http_read(peer);
    if (answer.outcome == HTTP_ANSWER && answer.status / 100 != 2)
        error_of_target("the sample %s %s, which is to be answered 2xx, is not: %s; mend its path or its body in the "
                        "manifest's http.json_endpoints",
                        sample->method, sample->path, answer.summary);
    expect(answer.outcome == HTTP_ANSWER || answer.outcome == HTTP_SILENCE, WRONG, "an answer to each sample",
           "%s %s: %s", sample->method, sample->path, answer.summary);
    http_hang_up(peer);
}

static void each_sample_is_answered(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *sample = server->json_endpoints; sample->path; sample++)
        try_sample(server, sample);
}

static const struct check http_check = {.title = "The samples work", .cases = {CONTROL(each_sample_is_answered)}};

/* ---- store ---- */

/* Some write when they stop at the latest. */
static void expect_file(struct store *store, const char *sid)
{
    const char *path = store_path(store, sid, STORE_EVENTS);

    if (access(path, F_OK) != 0)
        store_restart(store);
    if (access(path, F_OK) != 0)
        error_of_target("the manifest's store.events leads to %s, which is not there after an append; say where the "
                        "events lie below the directory of store.start, or leave it out",
                        path);
}

static void an_event_is_stored(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, NULL));
    if (store_has_file(store, STORE_EVENTS))
        expect_file(store, sid);
}

static const struct check store_check = {.title = "An event is stored", .cases = {CONTROL(an_event_is_stored)}};

const struct room trials[] = {
    {.id = "store/trial", .readme = "", .check = &store_check},
    {.id = "http/trial", .readme = "", .check = &http_check},
    {0},
};
