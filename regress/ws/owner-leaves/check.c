/* When the owner of a session goes in the middle of a stream, its turn ends, and nobody else notices. */
#include "check.h"
#include "ws/session.h"
#include "ws/turn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { UPDATES = 1000000, SEEN = 10, WAYS = 3, TIMES = 6, FEW = 300, PAUSE_MS = 5 };

/* By a reset, a FIN or a Close; what is under way to it, it does not read. */
static void go(struct ws_client *client, int way)
{
    if (way % WAYS == 0) {
        ws_break(client);
        return;
    }
    if (way % WAYS == 1)
        ws_half_close(ws_peer_of(client));
    else
        ws_send_close(ws_peer_of(client), 1000, "");
    ws_drop(client);
}

/* A session whose turn streams: some of it has come. */
static const char *stream(struct ws_client *client)
{
    const struct ws_target *server = ws_server_of(client);
    const char *sid = ws_new_session(client);

    if (ws_prompt_chunks(server, "stream", UPDATES) < SEEN)
        not_applicable("the manifest does not say that the prompt \"stream\" brings %d updates", SEEN);
    ws_ask_prompt(client, sid, ws_prompt_count(server, "stream", UPDATES));
    expect(ws_await_updates(client, sid, SEEN), SILENT, "updates of a prompt that streams", "fewer than %d", SEEN);
    return sid;
}

/* Whoever comes back to the session finds it free. */
static void the_turn_ends(void **state)
{
    struct ws_target *server = *state;

    for (int way = 0; way < WAYS; way++) {
        struct ws_client *client = ws_join(server);
        const char *sid = stream(client);

        go(client, way);
        struct ws_client *again = ws_join(server);
        ws_expect_again(again, WS_RESUME, sid);
        ws_expect_served(again, sid);
    }
}

static void others_are_served(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *other = ws_join(server);
    const char *sid = ws_new_session(other);
    int64_t chunks = ws_prompt_chunks(server, "stream", FEW);

    for (int i = 0; i < TIMES; i++) {
        struct ws_client *client = ws_join(server);

        stream(client);
        ws_forget(other, sid);
        size_t turn = ws_ask_prompt(other, sid, ws_prompt_count(server, "stream", FEW));
        go(client, i);
        ws_expect_stop_reason(other, ws_await(other, turn), NULL);
        expect((int64_t)ws_updates(other, sid) >= chunks, WRONG, "every update of another client", "%zu of %lld",
               ws_updates(other, sid), (long long)chunks);
    }
    ws_expect_alive(server);
}

/* What was to be sent is given up, with the client. */
static void nothing_is_kept_for_it(void **state)
{
    struct ws_target *server = *state;
    int64_t queued = ws_metric(server, "assay_queue_bytes"), clients = ws_metric(server, "assay_clients");

    for (int i = 0; i < TIMES; i++) {
        struct ws_client *client = ws_join(server);

        stream(client);
        go(client, i);
    }
    ws_expect_metric(server, "assay_clients", clients);
    ws_expect_metric(server, "assay_queue_bytes", queued);
}

static size_t warnings(struct ws_target *server)
{
    char *log = ws_log(server);
    size_t count = 0;

    for (const char *at = log; (at = strcasestr(at, "warn")); at = strchrnul(at, '\n'))
        count++;
    free(log);
    return count;
}

/* One for each that goes so, and not one for each update that cannot be sent. */
static void one_warning_is_enough(void **state)
{
    struct ws_target *server = *state;
    size_t before = warnings(server);

    for (int way = 0; way < WAYS; way++) {
        int64_t deadline_ns = deadline_after(WS_WAIT_MS);
        struct ws_client *client = ws_join(server);

        stream(client);
        go(client, way);
        while (warnings(server) == before + (size_t)way && now_ns() < deadline_ns)
            poll(NULL, 0, PAUSE_MS);
    }
    ws_expect_alive(server);
    expect_integer((int64_t)(warnings(server) - before), WAYS, "warnings of clients that left in the middle of a turn");
}

static void an_owner_that_stays_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "A turn ends when its owner goes in the middle of it, and nobody else notices",
    .level = MUST,
    .origins = {"P28S-16", "P28S-17"},
    .cases =
        {
            CASE(others_are_served, .promised = true),
            CASE(the_turn_ends),
            CASE(nothing_is_kept_for_it),
            CASE(one_warning_is_enough, .level = SHOULD),
            CONTROL(an_owner_that_stays_is_served),
        },
};
