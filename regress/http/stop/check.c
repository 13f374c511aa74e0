/* A server that is asked to stop goes, though clients keep their connections open. */
#include "check.h"
#include "http/expect.h"

enum { CLIENTS = 4 };

static void it_goes_when_it_is_asked(void **state)
{
    struct http_target *server = *state;

    expect_alive(server);
    http_expect_stop(server);
}

/* Each has had an answer, and keeps the connection for the next request. */
static void it_goes_with_idle_connections(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        peers[i] = http_dial(server);
        http_send_json(peers[i], server->json_endpoints, server->json_endpoints->body);
        expect_success(http_read(peers[i]));
    }
    sent("a request to stop, while %d connections that were answered are open", CLIENTS);
    http_expect_stop(server);
    for (int i = 0; i < CLIENTS; i++)
        http_hang_up(peers[i]);
}

static void it_serves_again_after_a_stop(void **state)
{
    struct http_target *server = *state;

    http_restart(server, &(struct server_settings){0});
    expect_alive(server);
}

const struct check check = {
    .title = "A server that is asked to stop goes",
    .level = MUST,
    .origins = {"PROTOCOL stop", "RFC 9112 9.5"},
    .cases =
        {
            CASE(it_goes_with_idle_connections),
            CASE(it_goes_when_it_is_asked),
            CONTROL(it_serves_again_after_a_stop),
        },
};
