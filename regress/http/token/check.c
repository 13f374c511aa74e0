/* Where a bearer token is asked for, nothing else opens the door: 401 for all but exactly it. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"
#include "http/series.h"
#include "json/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOKEN "assay-0123456789-abcdefghij-XYZ"

enum { PATH_BYTES = 128, REQUEST_MAX_BYTES = 1 << 20 };

/* A server with a token: its own, or one that it is given. */
static struct http_target *guarded_server(void **state)
{
    struct http_target *server = *state;

    if (!server->token)
        http_restart(server, &(struct server_settings){.token = TOKEN});
    return server;
}

/* A request to the endpoint (its body may be NULL) with those credentials, which are whole lines or "". */
static struct http_answer ask_with(struct http_series *series, const struct http_endpoint *endpoint,
                                   const char *credentials)
{
    struct text request;

    text_init(&request, REQUEST_MAX_BYTES);
    text_addf(&request, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%s", endpoint->method,
              endpoint->path, series->server->host, credentials);
    if (endpoint->body)
        text_addf(&request, "Content-Length: %zu\r\n", strlen(endpoint->body));
    text_addf(&request, "\r\n%s", endpoint->body ? endpoint->body : "");
    struct http_answer answer = http_series_ask(series, request.bytes, request.length);
    text_free(&request);
    if (answer.status == 429)
        not_applicable("the server turns its client away: %s", answer.summary);
    return answer;
}

/* Credentials that are malformed, or there twice, may be answered 400 (RFC 6750 3.1). */
static void expect_kept_out(struct http_series *series, const char *credentials)
{
    struct http_answer answer = ask_with(series, series->server->json_endpoints, credentials);

    if (answer.status != 400 || series->server->exact_errors)
        expect_error(answer, 401, "unauthorized");
}

/* A path of the session that assay has made, "" for the session itself. */
static void session_path(const struct http_target *server, const char *rest, char path[PATH_BYTES])
{
    const struct http_endpoint *patch = server->json_endpoints;

    while (patch->path && strcmp(patch->method, "PATCH") != 0)
        patch++;
    if (!patch->path)
        error_of_harness("no endpoint of a session");
    snprintf(path, PATH_BYTES, "%s%s", patch->path, rest);
}

static void no_token_is_answered_401(void **state)
{
    struct http_series series = {.server = guarded_server(state)};

    for (const struct http_endpoint *e = series.server->json_endpoints; e->path; e++)
        expect_error(ask_with(&series, e, ""), 401, "unauthorized");
    http_series_end(&series);
}

/* Whom the 401 keeps out is told how to come in (RFC 9110 15.5.2). */
static void a_401_names_a_challenge(void **state)
{
    struct http_series series = {.server = guarded_server(state)};
    struct http_answer answer = ask_with(&series, series.server->json_endpoints, "");

    if (answer.status != 401)
        not_applicable("the server answers no 401, which is judged by no_token_is_answered_401");
    expect(http_answer_field(&answer, "WWW-Authenticate"), WRONG, "WWW-Authenticate with a 401", "none");
    http_series_end(&series);
}

/* Reading is guarded as well, and so is deleting, which must not happen either. */
static void requests_without_a_body_are_answered_401_too(void **state)
{
    static const struct http_endpoint fixed[] = {
        {"GET", "/session", NULL}, {"GET", "/event", NULL}, {"GET", "/metrics", NULL}};
    static const struct http_endpoint of_a_session[] = {
        {"GET", "", NULL}, {"GET", "/events", NULL}, {"DELETE", "", NULL}};
    struct http_series series = {.server = guarded_server(state)};
    char path[PATH_BYTES];
    char lines[4096];

    http_need_contract(series.server);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        expect_error(ask_with(&series, &fixed[i], ""), 401, "unauthorized");
    for (size_t i = 0; i < sizeof of_a_session / sizeof *of_a_session; i++) {
        session_path(series.server, of_a_session[i].path, path);
        expect_error(ask_with(&series, &(struct http_endpoint){of_a_session[i].method, path, NULL}, ""), 401,
                     "unauthorized");
    }
    session_path(series.server, "", path);
    snprintf(lines, sizeof lines, "Authorization: Bearer %s\r\n", series.server->token);
    expect_success(ask_with(&series, &(struct http_endpoint){"GET", path, NULL}, lines));
    http_series_end(&series);
}

/* Who asks before it sends the body is told to go on, or at once that it need not: never nothing. */
static void whoever_asks_first_is_answered(void **state)
{
    struct http_target *server = guarded_server(state);
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);

    http_send(peer,
              "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
              "Content-Length: %zu\r\n\r\n",
              endpoint->method, endpoint->path, server->host, strlen(endpoint->body));
    struct http_answer answer = http_read_interim(peer);
    if (answer.status == 100) {
        http_send(peer, "%s", endpoint->body);
        answer = http_read(peer);
    }
    if (answer.status == 417)
        not_applicable("the server meets no expectation: it answers 417 (RFC 9110 10.1.1)");
    expect_error(answer, 401, "unauthorized");
    http_hang_up(peer);
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
    struct http_series series = {.server = guarded_server(state)};
    const char *token = series.server->token;
    size_t length = strlen(token);
    char lines[4096];

    for (size_t cut = 0; cut < length; cut++) {
        snprintf(lines, sizeof lines, "Authorization: Bearer %.*s\r\n", (int)cut, token);
        expect_kept_out(&series, lines);
    }
    for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++) {
        snprintf(lines, sizeof lines, "%s%s%s\r\n", disguises[i].before, token, disguises[i].behind);
        expect_kept_out(&series, lines);
    }
    expect_kept_out(&series, "Authorization: Bearer\r\n");
    http_series_end(&series);
}

/* One bit of one letter or digit is another; the bit of 0x20 makes capitals small. */
static void the_token_in_other_letters_is_answered_401(void **state)
{
    struct http_series series = {.server = guarded_server(state)};
    bool any = false;
    char lines[4096];

    snprintf(lines, sizeof lines, "Authorization: Bearer %s\r\n", series.server->token);
    for (char *c = lines + strlen("Authorization: Bearer "); *c != '\r'; c++) {
        char flipped = isalpha((unsigned char)*c) ? 0x20 : 0x01;

        if (!isalnum((unsigned char)*c))
            continue;
        *c ^= flipped;
        expect_kept_out(&series, lines);
        *c ^= flipped;
        any = true;
    }
    http_series_end(&series);
    if (!any)
        not_applicable("the token has neither letters nor digits");
}

static void expect_opened_by(void **state, const char *scheme)
{
    struct http_series series = {.server = guarded_server(state)};
    char lines[4096];

    snprintf(lines, sizeof lines, "Authorization: %s %s\r\n", scheme, series.server->token);
    expect_success(ask_with(&series, series.server->json_endpoints, lines));
    http_series_end(&series);
}

/* RFC 9110 11.1: the scheme's name is case-insensitive. */
static void the_scheme_is_read_in_any_case(void **state)
{
    expect_opened_by(state, "bearer");
    expect_opened_by(state, "BEARER");
}

static void the_token_opens_the_door(void **state)
{
    expect_opened_by(state, "Bearer");
}

const struct check check = {
    .title = "Only the bearer token itself is let in, all else is answered 401",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 9110 11.6.1", "RFC 9110 15.5.2", "CWE-287"},
    .cases =
        {
            CASE(no_token_is_answered_401),
            CASE(a_401_names_a_challenge),
            CASE(requests_without_a_body_are_answered_401_too),
            CASE(whoever_asks_first_is_answered),
            CASE(another_token_is_answered_401),
            CASE(the_token_in_other_letters_is_answered_401),
            CASE(the_scheme_is_read_in_any_case),
            CONTROL(the_token_opens_the_door),
        },
};
