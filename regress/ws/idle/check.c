/* A silent client is closed after its time; one whose prompt is under way is not silent. */
#include "check.h"
#include "ws/expect.h"

enum {
    IDLE_MS = 300,
    IDLE_MAX_MS = 5000, /* a fixed one: beyond, the waiting is too long */
    TURN_IDLES = 3,     /* how much longer a prompt takes */
    TALK_IDLE_MS = 600,
    TALKS = 9, /* and as many pauses: three times the limit */
    TALK_TRIES = 5,
};

/* "Closes cleanly": by a Close, and none that blames the client's bytes. */
static const char legal[] = "1000 1001 1008 none";

/* Returns the limit in force. */
static int64_t impatient_server(struct ws_target *server, int64_t wanted_ms)
{
    int64_t idle_ms = ws_restart_with_limit(server, "ws.idle_ms", scaled_ms(wanted_ms));

    if (idle_ms > scaled_ms(IDLE_MAX_MS))
        not_applicable("the server waits %lld ms for a silent client, which is longer than this case does",
                       (long long)idle_ms);
    return idle_ms;
}

/* The connection ends by a legal Close, and not before it has been silent for that long. */
static void expect_idle_end(struct ws_peer *peer, int64_t silent_since_ns, int64_t idle_ms)
{
    ws_expect_close_in_the_end(peer, legal);
    int64_t silent_ms = (now_ns() - silent_since_ns) / 1000000;

    expect(silent_ms >= idle_ms * 9 / 10, WRONG, "closed when it has been silent for its time",
           "closed too early: after %lld of %lld ms", (long long)silent_ms, (long long)idle_ms);
}

static void a_silent_client_is_closed(void **state)
{
    int64_t idle_ms = impatient_server(*state, IDLE_MS);
    struct ws_client *client = ws_join(*state);
    int64_t begun_ns = now_ns();

    ws_new_session(client);
    expect_idle_end(ws_peer_of(client), begun_ns, idle_ms);
}

/* Who has not initialized holds resources as well. */
static void one_that_never_says_anything_is_closed(void **state)
{
    int64_t idle_ms = impatient_server(*state, IDLE_MS);
    int64_t begun_ns = now_ns();

    expect_idle_end(ws_dial(*state), begun_ns, idle_ms);
}

/* A message that is begun is none yet. Ending it as a broken one is legal, too. */
static void one_that_never_ends_a_message_is_closed(void **state)
{
    impatient_server(*state, IDLE_MS);
    struct ws_client *client = ws_join(*state);

    ws_send_frame(ws_peer_of(client),
                  &(struct ws_frame){.opcode = WS_TEXT, .more = true, .payload = "{\"jsonrpc\"", .payload_bytes = 10});
    ws_expect_close_in_the_end(ws_peer_of(client), "1000 1001 1008 none 1002 drop");
}

/* A turn that takes some times as long as the client may be idle. Returns when it began. */
static int64_t work_on(struct ws_target *server, struct ws_client *client, int64_t idle_ms)
{
    const char *sid = ws_new_session(client);

    if (!ws_prompt_counts(server, "long"))
        not_applicable("the manifest's prompt \"long\" has no ${COUNT} milliseconds");
    int64_t begun_ns = now_ns();
    ws_expect_stop_reason(
        client, ws_prompt_and_wait(client, sid, ws_prompt_count(server, "long", TURN_IDLES * idle_ms)), "end_turn");
    return begun_ns;
}

static void a_running_prompt_is_activity(void **state)
{
    struct ws_target *server = *state;
    int64_t idle_ms = impatient_server(server, IDLE_MS);

    work_on(server, ws_join(server), idle_ms);
}

/* So is one that waits for its client, who is a human being at times. */
static void a_call_to_the_client_is_activity(void **state)
{
    struct ws_target *server = *state;
    int64_t idle_ms = impatient_server(server, IDLE_MS);
    struct ws_client *client = ws_join(server);
    size_t turn = ws_ask_prompt(client, ws_new_session(client), ws_prompt(server, "permit", "this"));
    struct ws_asked asked = ws_await_asked(client, WS_PERMISSION);
    int64_t end_ns = now_ns() + TURN_IDLES * idle_ms * 1000000;

    while (now_ns() < end_ns && ws_listen(client, IDLE_MS))
        ;
    ws_answer(client, &asked, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    struct ws_reply reply = ws_await(client, turn);
    expect(reply.outcome != WS_NO_REPLY, WRONG, "an answer to the prompt", "%s", reply.summary);
}

/* Not that of the last message: by then it is long past. */
static void the_time_begins_when_a_prompt_ends(void **state)
{
    struct ws_target *server = *state;
    int64_t idle_ms = impatient_server(server, IDLE_MS);
    struct ws_client *client = ws_join(server);
    int64_t begun_ns = work_on(server, client, idle_ms);

    expect_idle_end(ws_peer_of(client), begun_ns + TURN_IDLES * idle_ms * 1000000, idle_ms);
}

/* Talks three times in each idle time. False: this machine was too slow for that, and nothing is shown. */
static bool talk(struct ws_client *client, int64_t idle_ms)
{
    for (int i = 0; i < TALKS; i++) {
        int64_t said_ns = now_ns();

        ws_pause(ws_peer_of(client), idle_ms / 3);
        struct ws_reply reply = ws_call(client, "assay/no_such_method", NULL);
        if (reply.outcome == WS_NO_REPLY && now_ns() - said_ns > idle_ms * 1000000 * 2 / 3)
            return false;
        ws_expect_error(reply, 0);
    }
    return true;
}

static void who_talks_may_stay(void **state)
{
    int64_t idle_ms = impatient_server(*state, TALK_IDLE_MS);
    bool shown = false;

    for (int i = 0; i < TALK_TRIES && !shown; i++)
        shown = talk(ws_join(*state), idle_ms);
    if (!shown)
        error_of_environment("too slow: this process did not run for %lld ms", (long long)idle_ms * 2 / 3);
}

static void who_has_just_come_is_served(void **state)
{
    ws_expect_alive(*state);
}

const struct check check = {
    .title = "A silent client is closed after its time, and one whose prompt is under way is not",
    .level = MUST,
    .origins = {"P28S-18", "P28C-11", "CWE-772"},
    .cases =
        {
            CASE(a_silent_client_is_closed, .promised = true),
            CASE(one_that_never_says_anything_is_closed),
            CASE(one_that_never_ends_a_message_is_closed),
            CASE(a_running_prompt_is_activity),
            CASE(a_call_to_the_client_is_activity),
            CASE(the_time_begins_when_a_prompt_ends),
            CASE(who_talks_may_stay),
            CONTROL(who_has_just_come_is_served),
        },
};
