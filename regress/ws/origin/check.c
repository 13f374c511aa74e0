/* A page of another origin does not get in, however its name looks; programs, and pages that are listed, do. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

#define LISTED "https://app.example"

enum { FIELD_BYTES = 512 };

/* For this machine's own programs, and one page that is listed. */
static struct ws_target *guarded_server(void **state)
{
    ws_restart(*state, &(struct server_settings){.local_only = true, .origins = {LISTED}});
    return *state;
}

static void expect_kept_out(struct ws_target *server, const struct ws_request *request)
{
    struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){.request = *request});

    ws_expect_refused(ws_read_opening(peer), "4xx");
    ws_hang_up(peer);
}

static void expect_origins_kept_out(void **state, const char *const *origins, size_t count)
{
    struct ws_target *server = guarded_server(state);

    for (size_t i = 0; i < count; i++)
        expect_kept_out(server, &(struct ws_request){.origin = origins[i]});
    ws_expect_alive(server);
}

static void a_foreign_origin_is_refused(void **state)
{
    static const char *const origins[] = {
        "http://evil.example",
        "https://evil.example",
        "http://evil.example:8080",
        "https://localhost.example",
        "https://www.evil.example/",
        "ws://evil.example",
        "chrome-extension://abcdefghijklmnop",
    };

    expect_origins_kept_out(state, origins, sizeof origins / sizeof *origins);
}

/* RFC 6454 7.3: what a sandboxed frame, or a file, sends. */
static void so_is_null(void **state)
{
    static const char *const origins[] = {"null", "NULL", "file://", "about:blank", "data:", "undefined", "*"};

    expect_origins_kept_out(state, origins, sizeof origins / sizeof *origins);
}

/* Names that begin or end like one of ours, or hold it. */
static void so_are_names_that_look_like_ours(void **state)
{
    static const char *const origins[] = {
        "http://localhost.evil.example",
        "http://localhost.evil.example:80",
        "http://evil.example.localhost.example",
        "http://127.0.0.1.evil.example",
        "http://127.evil.example",
        "http://127.0.0.evil.example",
        "http://evil-localhost",
        "http://xlocalhost",
        "http://localhostx",
        "http://localhost@evil.example",
        "http://127.0.0.1@evil.example",
        "http://localhost:80@evil.example",
        "http://evil.example#localhost",
        "http://evil.example/localhost",
        "http://evil.example?127.0.0.1",
        "http://evil.example\\localhost",
        "http://localhost:evil.example",
        "http://localhost/.evil.example",
        "http://[::1].evil.example",
        "http://localhost%2eevil.example",
        "http://localhost,http://evil.example",
    };

    expect_origins_kept_out(state, origins, sizeof origins / sizeof *origins);
}

/* Addresses that are another machine's, in all spellings. */
static void so_are_addresses_of_others(void **state)
{
    static const char *const origins[] = {
        "http://10.0.0.1",   "http://192.168.0.1",   "http://128.0.0.1",  "http://126.255.255.255",
        "http://1270.0.0.1", "http://127.0.0.1.1",   "http://12.7.0.0.1", "http://169.254.169.254",
        "http://3232235521", "http://0xc0a80001",    "http://[::2]",      "http://[::ffff:10.0.0.1]",
        "http://[fe80::1]",  "http://[2001:db8::1]",
    };

    expect_origins_kept_out(state, origins, sizeof origins / sizeof *origins);
}

/* The page that is listed, with another scheme or port, or with more before or behind it: another origin (RFC 6454 5).
 */
static void so_are_neighbours_of_a_listed_one(void **state)
{
    static const char *const origins[] = {
        "http://app.example",
        LISTED ":8443",
        LISTED ".evil.example",
        LISTED "evil",
        "https://evil-app.example",
        "https://xapp.example",
        "https://a.app.example",
        "https://app.exampl",
        "https://app",
        LISTED "@evil.example",
        "app.example",
    };

    expect_origins_kept_out(state, origins, sizeof origins / sizeof *origins);
}

/* The second field may be the one that counts, or the first. */
static void several_origins_are_refused(void **state)
{
    struct ws_target *server = guarded_server(state);

    expect_kept_out(server, &(struct ws_request){.origin = LISTED, .fields = "Origin: http://evil.example\r\n"});
    expect_kept_out(server, &(struct ws_request){.origin = "http://evil.example", .fields = "Origin: " LISTED "\r\n"});
    expect_kept_out(server, &(struct ws_request){.origin = LISTED " http://evil.example"});
    expect_kept_out(server, &(struct ws_request){.origin = LISTED ", http://evil.example"});
    expect_kept_out(server, &(struct ws_request){.fields = "oRIGIN: http://evil.example\r\n"});
    ws_expect_alive(server);
}

/* A name of the attacker's that now means 127.0.0.1: the page is of the same origin as the server, by that name. */
static void a_name_that_was_rebound_is_refused(void **state)
{
    static const char *const names[] = {"evil.example", "127.evil.example", "localhost.evil.example",
                                        "127.0.0.1.evil.example", "192.168.0.1"};
    struct ws_target *server = guarded_server(state);
    char host[FIELD_BYTES], origin[FIELD_BYTES + 8];
    const char *port = strrchr(server->host, ':');

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(host, sizeof host, "%s%s", names[i], port ? port : "");
        snprintf(origin, sizeof origin, "http://%s", host);
        expect_kept_out(server, &(struct ws_request){.host = host, .origin = origin});
        expect_kept_out(server, &(struct ws_request){.host = host});
        expect_kept_out(server, &(struct ws_request){.host = names[i], .origin = "http://localhost"});
    }
    ws_expect_alive(server);
}

static void a_listed_origin_is_let_in(void **state)
{
    struct ws_target *server = guarded_server(state);

    ws_expect_open(ws_dial_as(server, &(struct ws_dialling){.request = {.origin = LISTED}}));
}

/* The page that the server itself may serve. */
static void its_own_origin_is_let_in(void **state)
{
    struct ws_target *server = guarded_server(state);
    char origin[FIELD_BYTES];

    snprintf(origin, sizeof origin, "http://%s", server->host);
    ws_expect_open(ws_dial_as(server, &(struct ws_dialling){.request = {.origin = origin}}));
}

static void a_program_without_an_origin_is_let_in(void **state)
{
    ws_expect_open(ws_dial(guarded_server(state)));
}

const struct check check = {
    .title = "A page of a foreign origin does not get in, however its name looks",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CVE-2025-52882", "RFC 6455 10.2", "RFC 6454 5", "CWE-1385", "CWE-346", "CWE-350"},
    .cases =
        {
            CASE(a_foreign_origin_is_refused),
            CASE(so_is_null),
            CASE(so_are_names_that_look_like_ours),
            CASE(so_are_addresses_of_others),
            CASE(so_are_neighbours_of_a_listed_one),
            CASE(several_origins_are_refused),
            CASE(a_name_that_was_rebound_is_refused),
            CASE(a_listed_origin_is_let_in),
            CASE(its_own_origin_is_let_in, .level = SHOULD),
            CONTROL(a_program_without_an_origin_is_let_in),
        },
};
