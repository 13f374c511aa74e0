/* Over the rate a client is told so by 429, and is served again when its time has come. */
#include "check.h"
#include "peers/http_expect.h"

enum { RATE_PER_S = 5, BURST = 40, AGAIN_MS = 4000, PAUSE_MS = 100 };

static struct http_target *limited_server(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct http_settings){.limits = {{"http.rate_per_s", RATE_PER_S}}});
    return server;
}

static void send_one(struct http_target *server, struct http_peer *peer)
{
    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
}

/* Reads the answers to what was sent; true when the server closes the connection after this one. */
static bool read_one(struct http_peer *peer, int *refused)
{
    struct http_answer answer = http_read(peer);

    if (answer.status == 429)
        ++*refused;
    else
        expect_success(answer);
    return answer.closes;
}

/* Sends a burst, all of it before any answer is read, on one connection or on one each. Returns how many were turned
 * away. What takes longer than the rate needs to let all of it in proves nothing. */
static int burst(struct http_target *server, bool on_one_connection)
{
    struct http_peer *peers[BURST] = {NULL};
    int64_t begun_ns = now_ns();
    int refused = 0;

    for (int i = 0; i < BURST; i++) {
        peers[i] = on_one_connection && i > 0 ? peers[0] : http_dial(server);
        send_one(server, peers[i]);
    }
    for (int i = 0; i < BURST; i++)
        if (read_one(peers[i], &refused) && on_one_connection)
            break;
    for (int i = 0; i < (on_one_connection ? 1 : BURST); i++)
        http_hang_up(peers[i]);
    if (refused == 0 && now_ns() - begun_ns > (int64_t)BURST / RATE_PER_S / 2 * 1000000000)
        error_of_environment("the machine is too slow: %d requests took %lld ms", BURST,
                             (long long)((now_ns() - begun_ns) / 1000000));
    return refused;
}

static void a_burst_is_turned_away(void **state)
{
    struct http_target *server = limited_server(state);
    int refused = burst(server, true);

    expect(refused > 0, WRONG, "429 to some of forty requests in a row", "all of them were served");
}

/* The rate belongs to the client, not to its connection. */
static void a_new_connection_is_no_new_start(void **state)
{
    struct http_target *server = limited_server(state);
    int refused = burst(server, false);

    expect(refused > 0, WRONG, "429 to some of forty requests on a connection each", "all of them were served");
}

static void the_client_is_served_again(void **state)
{
    struct http_target *server = limited_server(state);
    struct http_peer *peer;
    struct http_answer answer = {.status = 429};
    int64_t end_ns;

    burst(server, true);
    end_ns = now_ns() + scaled_ms(AGAIN_MS) * 1000000;
    while (answer.status == 429 && now_ns() < end_ns) {
        peer = http_dial(server);
        http_pause(peer, PAUSE_MS);
        send_one(server, peer);
        answer = http_read(peer);
        if (answer.status == 429)
            expect(http_answer_field(&answer, "Retry-After"), WRONG, "Retry-After with a 429", "none");
        else
            expect_success(answer);
        http_hang_up(peer);
    }
    expect_integer(answer.status == 429, 0, "still turned away after four seconds:");
}

static void below_the_rate_all_are_served(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct http_settings){.limits = {{"http.rate_per_s", 100000}}});
    expect_integer(burst(server, true), 0, "turned away:");
}

const struct check check = {
    .title = "Over its rate a client is told 429, and is served again later",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "RFC 6585 4", "CWE-770"},
    .cases =
        {
            CASE(a_burst_is_turned_away),
            CASE(a_new_connection_is_no_new_start),
            CASE(the_client_is_served_again),
            CONTROL(below_the_rate_all_are_served),
        },
};
