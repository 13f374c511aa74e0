/* The trials: an event there and back, a request to each endpoint. */
#include "run/trial.h"

#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "http/expect.h"
#include "http/peer.h"
#include "http/target.h"
#include "json/json.h"
#include "store/store.h"

#include <string.h>

static void takes_an_event_and_gives_it_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    uint64_t seq = store_append(store, sid, "{\"type\":\"user.message\",\"text\":\"is anybody there?\"}");
    struct store_events events = store_read(store, sid);

    expect(events.count == 1 && events.events[0], WRONG, "the one event that was appended", "%zu events", events.count);
    expect_text(json_get_string(events.events[0], "text"), "is anybody there?", "the text of the event");
    store_events_free(&events);
    remark("create, append and read work; the first event has the number %llu", (unsigned long long)seq);
}

static void answers_each_endpoint(void **state)
{
    struct http_target *server = *state;
    size_t count = 0;

    for (const struct http_endpoint *endpoint = server->json_endpoints; endpoint->path; endpoint++, count++) {
        struct http_peer *peer = http_dial(server);

        case_note_state("%s %s at http://%s", endpoint->method, endpoint->path, server->host);
        http_send_json(peer, endpoint, endpoint->body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
    remark("http://%s answers a valid request to each of its endpoints: %zu", server->host, count);
}

static const struct check store_check = {.title = "A store takes an event and gives it back",
                                         .level = MUST,
                                         .cases = {CASE(takes_an_event_and_gives_it_back)}};
static const struct check http_check = {.title = "A server answers a valid request to each endpoint",
                                        .level = MUST,
                                        .cases = {CASE(answers_each_endpoint)}};

static const struct room trials[] = {
    {.id = "store/trial", .readme = "", .check = &store_check},
    {.id = "http/trial", .readme = "", .check = &http_check},
};

const struct room *trial_of(const char *surface)
{
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        if (surface_find(trials[i].id, '/') == surface_find(surface, '\0'))
            return &trials[i];
    return NULL;
}
