/* Where a token is asked for, nothing else opens a WebSocket: 401 before the upgrade for all but exactly it. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "assay-ws-0123456789-abcdefghij-XYZ"

enum { LINES_BYTES = 4096 };

static struct ws_target *guarded_server(void **state)
{
    struct ws_target *server = *state;

    if (!server->token)
        ws_restart(server, &(struct server_settings){.token = TOKEN});
    return server;
}

static void expect_kept_out(struct ws_target *server, const char *target, const char *lines)
{
    struct ws_peer *peer =
        ws_knock(server, &(struct ws_dialling){.stranger = true, .request = {.target = target, .fields = lines}});

    sent("%s", lines);
    ws_expect_refused(ws_read_opening(peer), "401 400 403");
    ws_hang_up(peer);
}

static void no_token_is_answered_401(void **state)
{
    struct ws_target *server = guarded_server(state);
    struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){.stranger = true});
    struct ws_opening opening = ws_read_opening(peer);

    ws_expect_refused(opening, "401");
    expect(ws_opening_field(&opening, "WWW-Authenticate"), WRONG, "WWW-Authenticate with a 401 (RFC 9110 15.5.2)",
           "none");
    ws_hang_up(peer);
    ws_expect_alive(server);
}

static void the_beginning_of_the_token_is_refused(void **state)
{
    struct ws_target *server = guarded_server(state);
    char lines[LINES_BYTES];

    for (size_t cut = 0; cut < strlen(server->token); cut++) {
        snprintf(lines, sizeof lines, "Authorization: Bearer %.*s\r\n", (int)cut, server->token);
        expect_kept_out(server, NULL, lines);
    }
    snprintf(lines, sizeof lines, "Authorization: Bearer %sx\r\n", server->token);
    expect_kept_out(server, NULL, lines);
    snprintf(lines, sizeof lines, "Authorization: Bearer x%s\r\n", server->token);
    expect_kept_out(server, NULL, lines);
}

/* One bit of one letter or digit is another; the bit of 0x20 makes capitals small. */
static void the_token_in_other_letters_is_refused(void **state)
{
    struct ws_target *server = guarded_server(state);
    char lines[LINES_BYTES];
    bool any = false;

    snprintf(lines, sizeof lines, "Authorization: Bearer %s\r\n", server->token);
    for (char *c = lines + strlen("Authorization: Bearer "); *c != '\r'; c++) {
        char flipped = isalpha((unsigned char)*c) ? 0x20 : 0x01;

        if (!isalnum((unsigned char)*c))
            continue;
        *c ^= flipped;
        expect_kept_out(server, NULL, lines);
        *c ^= flipped;
        any = true;
    }
    if (!any)
        not_applicable("the token has neither letters nor digits");
}

/* Another scheme, two of them, or the right one beside a wrong one. */
static void the_token_in_a_disguise_is_refused(void **state)
{
    static const struct {
        const char *before;
        const char *behind;
    } disguises[] = {
        {"Authorization: Basic ", ""},
        {"Authorization: ", ""},
        {"X-Authorization: Bearer ", ""},
        {"Authorization: Bearer \"", "\""},
        {"Authorization: Bearer ", ", Bearer x"},
        {"Authorization: Bearer x\r\nAuthorization: Bearer ", ""},
    };
    struct ws_target *server = guarded_server(state);
    char lines[LINES_BYTES];

    for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++) {
        snprintf(lines, sizeof lines, "%s%s%s\r\n", disguises[i].before, server->token, disguises[i].behind);
        expect_kept_out(server, NULL, lines);
    }
}

/* Right or wrong, on the way in or out: a log is read by others. */
static void the_token_is_not_in_the_log(void **state)
{
    struct ws_target *server = guarded_server(state);
    char lines[LINES_BYTES];

    snprintf(lines, sizeof lines, "Authorization: Bearer %sx\r\n", server->token);
    expect_kept_out(server, NULL, lines);
    snprintf(lines, sizeof lines, "Authorization: Basic %s\r\n", server->token);
    expect_kept_out(server, NULL, lines);
    ws_expect_alive(server);
    char *log = ws_log(server);
    bool tells = strstr(log, server->token);
    free(log);
    expect(!tells, WRONG, "a log without the token", "the token stands in it");
}

static void the_token_opens_the_door(void **state)
{
    ws_expect_alive(guarded_server(state));
}

const struct check check = {
    .title = "Only the bearer token itself opens a WebSocket, all else is answered 401",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9110 11.6.1", "RFC 9110 15.5.2", "RFC 6455 10.5", "CWE-287", "CWE-532"},
    .cases =
        {
            CASE(no_token_is_answered_401),
            CASE(the_beginning_of_the_token_is_refused),
            CASE(the_token_in_other_letters_is_refused),
            CASE(the_token_in_a_disguise_is_refused),
            CASE(the_token_is_not_in_the_log),
            CONTROL(the_token_opens_the_door),
        },
};
