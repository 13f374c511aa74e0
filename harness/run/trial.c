/* The trials: an event there and back, a request to each endpoint, a session and what its agent says. */
#include "run/trial.h"

#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "http/expect.h"
#include "http/peer.h"
#include "http/target.h"
#include "json/json.h"
#include "store/store.h"
#include "target/manifest.h"
#include "ws/expect.h"
#include "ws/target.h"

#include <string.h>
#include <unistd.h>

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

static void takes_an_event_and_gives_it_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    const char *event = store_message(store, "is anybody there?");
    uint64_t seq = store_append(store, sid, event);
    struct store_events events = store_read(store, sid);

    expect(events.count == 1 && events.events[0], WRONG, "the one event that was appended", "%zu events", events.count);
    expect_text(json_get_string(events.events[0], "text"), "is anybody there?", "the text of the event");
    store_events_free(&events);
    if (store_has_file(store, STORE_EVENTS))
        expect_file(store, sid);
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
        struct http_answer answer = http_read(peer);
        if (answer.outcome == HTTP_ANSWER && answer.status / 100 != 2)
            error_of_target(
                "the sample %s %s, which is to be answered 2xx, is not: %s; mend its path or its body in the "
                "manifest's http.json_endpoints",
                endpoint->method, endpoint->path, answer.summary);
        expect_success(answer);
        http_hang_up(peer);
    }
    remark("http://%s answers a valid request to each of its endpoints: %zu", server->host, count);
}

static void makes_a_session_and_is_prompted(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);

    if (ws_has_prompt(server, "echo")) {
        struct ws_reply reply = ws_prompt_and_wait(client, sid, ws_prompt(server, "echo", "assay-trial"));

        if (reply.outcome != WS_RESULT)
            error_of_target("the prompt \"echo\" is not answered: %s; mend its text in the manifest's ws.prompts",
                            reply.summary);
        const char *says = ws_prompt_says(server, "echo", "assay-trial");
        if (says && !strstr(ws_said(client, sid), says))
            error_of_target("the prompt \"echo\" is to make the agent say \"%s\", and it says \"%.200s\"; mend its "
                            "text in the manifest's ws.prompts",
                            says, ws_said(client, sid));
    }
    expect(*sid, WRONG, "a session", "none");
    ws_leave(client);
    remark("ws://%s%s opens, initializes and makes a session%s", server->host, server->path,
           ws_has_prompt(server, "echo") ? ", whose agent answers a prompt" : "");
}

static const struct check store_check = {.title = "A store takes an event and gives it back",
                                         .level = MUST,
                                         .cases = {CASE(takes_an_event_and_gives_it_back)}};
static const struct check http_check = {.title = "A server answers a valid request to each endpoint",
                                        .level = MUST,
                                        .cases = {CASE(answers_each_endpoint)}};
static const struct check ws_check = {
    .title = "A WebSocket server makes a session", .level = MUST, .cases = {CASE(makes_a_session_and_is_prompted)}};

static const struct room trials[] = {
    {.id = "store/trial", .readme = "", .check = &store_check},
    {.id = "http/trial", .readme = "", .check = &http_check},
    {.id = "ws/trial", .readme = "", .check = &ws_check},
};

const struct room *trial_of(const char *surface)
{
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        if (surface_find(trials[i].id, '/') == surface_find(surface, '\0'))
            return &trials[i];
    return NULL;
}
