/* A small message leaves at once: it waits neither for the next one nor for an acknowledgement of the one before. */
#include "check.h"
#include "ws/expect.h"

#include <stdlib.h>

enum {
    ROUNDS = 25,
    ROUNDS_LONG = 200,
    WARM = 20, /* at first a system acknowledges at once, and nothing waits */
    TRIES = 3,
    STALL_MS = 25, /* a delayed acknowledgement takes 40 and more */
    TIMES = 4,
};

struct figures {
    int64_t calls_us[ROUNDS_LONG], handshakes_us[ROUNDS_LONG];
};

typedef void one_call(struct ws_client *client, const char *sid);

static void ask(struct ws_client *client, const char *sid)
{
    (void)sid;
    ws_expect_error(ws_call(client, "assay/no_such_method", NULL), 0);
}

/* Two messages come: what the agent says, and the answer. */
static void prompt(struct ws_client *client, const char *sid)
{
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(ws_server_of(client), "echo", "x")), NULL);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static int64_t median(int64_t *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

static int64_t passed_us(int64_t since_ns)
{
    return (now_ns() - since_ns) / 1000;
}

/* Calls and handshakes by turns, so that both meet the same machine: on a fresh connection nothing waits. */
static bool is_quick(struct ws_client *client, const char *sid, one_call *call, bool last)
{
    static struct figures figures;
    int rounds = long_run() ? ROUNDS_LONG : ROUNDS;

    for (int i = 0; i < rounds; i++) {
        int64_t begun_ns = now_ns();

        call(client, sid);
        figures.calls_us[i] = passed_us(begun_ns);
        begun_ns = now_ns();
        struct ws_peer *peer = ws_dial(ws_server_of(client));
        figures.handshakes_us[i] = passed_us(begun_ns);
        ws_hang_up(peer);
    }
    int64_t calls_us = median(figures.calls_us, rounds), handshakes_us = median(figures.handshakes_us, rounds);
    bool quick = calls_us <= TIMES * handshakes_us + scaled_ms(STALL_MS) * 1000;
    remark("half of the answers came within %lld us, half of the handshakes within %lld us", (long long)calls_us,
           (long long)handshakes_us);
    expect(quick || !last, WRONG, "answers as quick as handshakes, four times that, and 25 ms",
           "half of the answers took more than %lld us, of the handshakes %lld us", (long long)calls_us,
           (long long)handshakes_us);
    return quick;
}

/* A machine that is busy may be slow once, a server that waits is slow each time. */
static void expect_quick(struct ws_target *server, one_call *call)
{
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    bool quick = false;

    for (int i = 0; i < WARM; i++)
        call(client, sid);
    for (int i = 1; i <= TRIES && !quick; i++)
        quick = is_quick(client, sid, call, i == TRIES);
}

static void the_answer_behind_an_update_does_not_wait(void **state)
{
    if (!ws_has_prompt(*state, "echo"))
        not_applicable("the manifest has no prompt \"echo\"");
    expect_quick(*state, prompt);
}

static void a_single_answer_does_not_wait(void **state)
{
    expect_quick(*state, ask);
}

static void a_call_is_answered(void **state)
{
    struct ws_client *client = ws_join(*state);

    ask(client, ws_new_session(client));
}

const struct check check = {
    .title = "A small message leaves at once",
    .level = SHOULD,
    .origins = {"RFC 9293 3.7.4"},
    .cases =
        {
            MEASURE(the_answer_behind_an_update_does_not_wait),
            MEASURE(a_single_answer_does_not_wait),
            CONTROL(a_call_is_answered),
        },
};
