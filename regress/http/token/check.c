/* Where a bearer token is asked for, nothing else opens the door: 401 for all but exactly it. */
#include "check.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

#define TOKEN "assay-0123456789-abcdefghij-XYZ"

/* A server with a token: its own, or one that it is given. */
static struct http_target *guarded_server(void **state)
{
    struct http_target *server = *state;

    if (!server->token)
        http_restart(server, &(struct http_settings){.token = TOKEN});
    return server;
}

static struct http_peer *send_with(struct http_target *server, const char *path, const char *credentials)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
              endpoint->method, path, server->host, credentials, strlen(endpoint->body), endpoint->body);
    return peer;
}

static void expect_401(struct http_target *server, const char *path, const char *credentials)
{
    struct http_peer *peer = send_with(server, path, credentials);
    struct http_answer answer = http_read(peer);

    expect_error(answer, 401, "unauthorized");
    expect(http_answer_field(&answer, "WWW-Authenticate"), WRONG, "WWW-Authenticate with a 401 (RFC 9110 15.5.2)",
           "none");
    http_hang_up(peer);
}

static void no_token_is_answered_401(void **state)
{
    struct http_target *server = guarded_server(state);

    expect_401(server, server->json_endpoints->path, "");
    if (server->contract) {
        expect_401(server, "/assay-nowhere", "");
        expect_401(server, "/event", "");
        expect_401(server, "/metrics", "");
    }
}

static const struct {
    const char *before;
    const char *behind;
} disguises[] = {
    {"Authorization: Bearer ", "x"},
    {"Authorization: Bearer x", ""},
    {"Authorization: Basic ", ""},
    {"Authorization: ", ""},
    {"X-Authorization: Bearer ", ""},
    {"Authorization: Bearer \"", "\""},
    {"Authorization: Bearer ", ", Bearer x"},
    {"Cookie: token=", ""},
    {"Authorization: Bearer x\r\nAuthorization: Bearer ", ""},
};

/* The token itself, cut, lengthened, in other letters, or in another place. */
static void another_token_is_answered_401(void **state)
{
    struct http_target *server = guarded_server(state);
    const char *token = server->token;
    size_t length = strlen(token);
    char lines[4096];

    for (size_t cut = 0; cut < length; cut++) {
        snprintf(lines, sizeof lines, "Authorization: Bearer %.*s\r\n", (int)cut, token);
        expect_401(server, server->json_endpoints->path, lines);
    }
    for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++) {
        snprintf(lines, sizeof lines, "%s%s%s\r\n", disguises[i].before, token, disguises[i].behind);
        expect_401(server, server->json_endpoints->path, lines);
    }
    expect_401(server, server->json_endpoints->path, "Authorization: Bearer\r\n");
}

/* One bit of one letter is another; the bit of 0x20 makes capitals small. */
static void the_token_in_other_letters_is_answered_401(void **state)
{
    struct http_target *server = guarded_server(state);
    char lines[4096];

    snprintf(lines, sizeof lines, "Authorization: Bearer %s\r\n", server->token);
    for (char *c = lines + strlen("Authorization: Bearer "); *c != '\r'; c++) {
        bool letter = (*c | 0x20) >= 'a' && (*c | 0x20) <= 'z';

        *c ^= letter ? 0x20 : 0x01;
        expect_401(server, server->json_endpoints->path, lines);
        *c ^= letter ? 0x20 : 0x01;
    }
}

/* RFC 9110 11.1: the scheme's name is case-insensitive. */
static void the_token_opens_the_door(void **state)
{
    static const char *const schemes[] = {"Bearer", "bearer", "BEARER"};
    struct http_target *server = guarded_server(state);
    char lines[4096];

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        snprintf(lines, sizeof lines, "Authorization: %s %s\r\n", schemes[i], server->token);
        struct http_peer *peer = send_with(server, server->json_endpoints->path, lines);

        expect_success(http_read(peer));
        http_hang_up(peer);
    }
}

const struct check check = {
    .title = "Only the bearer token itself is let in, all else is answered 401",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9110 11.6.1", "RFC 9110 15.5.2", "CWE-287"},
    .cases =
        {
            CASE(no_token_is_answered_401),
            CASE(another_token_is_answered_401),
            CASE(the_token_in_other_letters_is_answered_401),
            CONTROL(the_token_opens_the_door),
        },
};
