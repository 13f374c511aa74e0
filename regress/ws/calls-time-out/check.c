/* A call that nobody answers ends after its time, and leaves nothing behind; its answer, when it comes after all, is
 * dropped. */
#include "check.h"
#include "ws/turn.h"

#include <string.h>

enum { CALL_MS = 200, LONGEST_MS = 10000, CALLS = 40, CALLS_LONG = 10000, ROUND = 100 };
enum { PATH_BYTES = 60 << 10, FEW = 20, ROUNDS = 8, SHORT_MS = 40, GROWTH_MAX_BYTES = 3 << 20, TIMES = 5 };

static const char pending[] = "assay_pending_calls";

static void give_calls_little_time(struct ws_target *server, int64_t time_ms)
{
    int64_t limit_ms = ws_restart_with_limit(server, "ws.request_ms", scaled_ms(time_ms));

    if (limit_ms > LONGEST_MS)
        not_applicable("the manifest says that a call has always %lld ms", (long long)limit_ms);
}

/* Whatever the agent makes of it, its prompt does not wait any longer. */
static void expect_settled(struct ws_client *client, const char *sid, size_t turn)
{
    ws_expect_turn_without(client, sid, turn, "assay-too-late");
}

static struct ws_asked ask_in_vain(struct ws_client *client, const char *sid)
{
    size_t turn;
    struct ws_asked asked = ws_begin_call(client, sid, WS_READ_FILE, "/project/never.txt", &turn);

    expect_settled(client, sid, turn);
    return asked;
}

static void a_prompt_does_not_wait_for_ever(void **state)
{
    give_calls_little_time(*state, CALL_MS);
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    ask_in_vain(client, sid);
    ws_expect_served(client, sid);
}

static void a_late_answer_is_dropped(void **state)
{
    give_calls_little_time(*state, CALL_MS);
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);
    struct ws_asked asked = ask_in_vain(client, sid);
    ws_forget(client, sid);
    ws_answer(client, &asked, "{\"content\":\"assay-too-late\"}");
    ws_expect_nothing_for(client, sid);
    ws_expect_served(client, sid);
}

/* What comes late must not be taken for the answer to the call that waits by then. */
static void a_late_answer_is_not_the_next_ones(void **state)
{
    struct ws_target *server = *state;

    give_calls_little_time(server, CALL_MS);
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    struct ws_asked late = ask_in_vain(client, sid);
    size_t turn;
    ws_begin_call(client, sid, WS_READ_FILE, "/project/next.txt", &turn);
    ws_answer(client, &late, "{\"content\":\"assay-too-late\"}");
    struct ws_asked next = ws_expect_asked(client, WS_READ_FILE);
    ws_answer(client, &next, "{\"content\":\"assay-in-time\"}");
    ws_expect_turn_says(client, sid, turn, "assay-in-time");
    expect(!strstr(ws_said(client, sid), "assay-too-late"), WRONG, "nothing of the late answer",
           "the agent said \"%.200s\"", ws_said(client, sid));
}

static void nothing_stays_pending(void **state)
{
    struct ws_target *server = *state;
    int left = long_run() ? CALLS_LONG : CALLS;

    give_calls_little_time(server, CALL_MS);
    int64_t before = ws_metric(server, pending);
    struct ws_client *client = ws_join(server);
    size_t turns[ROUND];
    const char *sids[ROUND];
    for (int i = 0; i < ROUND && i < left; i++)
        sids[i] = ws_new_session(client);
    for (; left > 0; left -= ROUND) {
        int count = left < ROUND ? left : ROUND;

        for (int i = 0; i < count; i++)
            turns[i] = ws_ask_prompt(client, sids[i], ws_prompt(server, "read", "/project/never.txt"));
        for (int i = 0; i < count; i++)
            expect_settled(client, sids[i], turns[i]);
    }
    ws_expect_metric(server, pending, before);
}

/* Calls that time out, in sessions that are closed then: what is kept of those for loading is not asked for here. */
static void time_out(struct ws_client *client, const char *path)
{
    const char *sids[FEW];
    size_t turns[FEW];

    for (int i = 0; i < FEW; i++) {
        sids[i] = ws_new_session(client);
        turns[i] = ws_ask_prompt(client, sids[i], ws_prompt(ws_server_of(client), "read", path));
    }
    for (int i = 0; i < FEW; i++) {
        expect_settled(client, sids[i], turns[i]);
        ws_forget(client, sids[i]);
        if (ws_can(client, "sessionCapabilities.close"))
            ws_call_session(client, WS_CLOSE_SESSION, sids[i], NULL);
    }
}

/* The first ones grow what is kept for use again, and further ones what a collector has not come to: a leak grows with
 * each. */
static void memory_comes_back(void **state)
{
    struct ws_target *server = *state;
    static char path[PATH_BYTES];
    int64_t grown_bytes = GROWTH_MAX_BYTES;

    give_calls_little_time(server, SHORT_MS);
    struct ws_client *client = ws_join(server);
    if (ws_can(client, "loadSession") && !ws_can(client, "sessionCapabilities.close"))
        not_applicable("the server keeps what was said for session/load, and closes no session");
    memset(path, 'p', sizeof path - 1);
    path[0] = '/';
    time_out(client, path);
    for (int times = 0; times < TIMES && grown_bytes >= GROWTH_MAX_BYTES; times++) {
        int64_t before_bytes = ws_usage(server).resident_bytes;

        for (int round = 0; round < ROUNDS; round++)
            time_out(client, path);
        grown_bytes = ws_usage(server).resident_bytes - before_bytes;
    }
    expect(grown_bytes < GROWTH_MAX_BYTES, LEAK, "memory that is used again", "%d calls that timed out cost %lld bytes",
           ROUNDS * FEW, (long long)grown_bytes);
}

static void an_answer_in_time_counts(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *sid = ws_new_session(client);

    ws_answer_always(client, WS_READ_FILE, "{\"content\":\"assay-in-time\"}");
    ws_expect_turn_says(client, sid, ws_ask_prompt(client, sid, ws_prompt(*state, "read", "/project/file.txt")),
                        "assay-in-time");
}

const struct check check = {
    .title = "A call that nobody answers ends after its time, and leaves nothing behind",
    .level = MUST,
    .origins = {"P28S-10", "CWE-401"},
    .cases =
        {
            CASE(a_prompt_does_not_wait_for_ever),
            CASE(a_late_answer_is_dropped),
            CASE(a_late_answer_is_not_the_next_ones),
            CASE(nothing_stays_pending, .promised = true),
            MEASURE(memory_comes_back),
            CONTROL(an_answer_in_time_counts),
        },
};
