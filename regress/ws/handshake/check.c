/* The opening handshake: a request that is none is not answered by 101, and one that is right is, in all its forms. */
#include "check.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

struct row {
    const char *what;
    struct ws_request request;
};

/* Nobody is let in, and the server goes on. */
static void expect_kept_out(struct ws_target *server, const struct row *rows, size_t count, const char *legal)
{
    for (size_t i = 0; i < count; i++) {
        struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){.request = rows[i].request});

        sent("%s", rows[i].what);
        ws_expect_refused(ws_read_opening(peer), legal);
        ws_hang_up(peer);
    }
    ws_expect_alive(server);
}

static void expect_let_in(struct ws_target *server, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sent("%s", rows[i].what);
        struct ws_peer *peer = ws_dial_as(server, &(struct ws_dialling){.request = rows[i].request});
        ws_expect_open(peer);
        ws_hang_up(peer);
    }
}

/* RFC 6455 4.2.1: "An HTTP/1.1 or higher GET request". */
static void another_method_is_refused(void **state)
{
    static const struct row rows[] = {
        {"HEAD", {.method = "HEAD"}},
        {"POST", {.method = "POST"}},
        {"POST with a body of no bytes", {.method = "POST", .fields = "Content-Length: 0\r\n"}},
        {"PUT", {.method = "PUT", .fields = "Content-Length: 0\r\n"}},
        {"OPTIONS", {.method = "OPTIONS"}},
        {"get", {.method = "get"}},
        {"GETS", {.method = "GETS"}},
    };

    expect_kept_out(*state, ROWS(rows), "2xx 4xx 5xx drop"); /* OPTIONS and POST may mean something else there */
}

static void http_1_0_is_refused(void **state)
{
    static const struct row rows[] = {
        {"HTTP/1.0", {.version = "HTTP/1.0"}},
        {"HTTP/0.9", {.version = "HTTP/0.9"}},
    };

    expect_kept_out(*state, ROWS(rows), "2xx 3xx 4xx 5xx drop");
}

/* Without one of them it is no handshake, but perhaps a request for a page. */
static void what_does_not_ask_for_it_is_not_upgraded(void **state)
{
    static const struct row rows[] = {
        {"no Upgrade", {.upgrade = ""}},
        {"Upgrade to something else", {.upgrade = "h2c"}},
        {"Upgrade to another name of that length", {.upgrade = "websocked"}},
        {"Upgrade to a longer name", {.upgrade = "websocket2"}},
        {"Upgrade to a shorter name", {.upgrade = "websocke"}},
        {"no Connection", {.connection = ""}},
        {"Connection: keep-alive", {.connection = "keep-alive"}},
        {"Connection: Upgraded", {.connection = "Upgraded"}},
        {"Connection: no-upgrade", {.connection = "no-upgrade"}},
    };

    expect_kept_out(*state, ROWS(rows), "2xx 3xx 4xx 5xx drop");
}

/* 4.2.1: "a base64-encoded … value that, when decoded, is 16 bytes in length". */
static void a_key_that_is_none_is_refused(void **state)
{
    static const struct row rows[] = {
        {"no key", {.key = ""}},
        {"two keys", {.fields = "Sec-WebSocket-Key: " SAMPLE_KEY "\r\n"}},
        {"a key of blanks", {.key = " "}},
    };

    expect_kept_out(*state, ROWS(rows), "4xx drop");
}

/* 4.2.1: "It is not necessary for the server to base64-decode", so that this is no more than good. */
static void a_key_of_another_length_is_refused(void **state)
{
    static const struct row rows[] = {
        {"a key of 15 bytes", {.key = "AAAAAAAAAAAAAAAAAAAA"}},
        {"a key of 17 bytes", {.key = "AAAAAAAAAAAAAAAAAAAAAAA="}},
        {"a key of 18 bytes", {.key = "AAAAAAAAAAAAAAAAAAAAAAAA"}},
        {"a key that is no base64", {.key = "*AAAAAAAAAAAAAAAAAAAAA=="}},
        {"a key without its end", {.key = "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"a key with more behind its end", {.key = "AAAAAAAAAAAAAAAAAAAAAA==A"}},
        {"a short key", {.key = "x"}},
        {"two keys in one line", {.key = SAMPLE_KEY ", " SAMPLE_KEY}},
    };

    expect_kept_out(*state, ROWS(rows), "4xx drop");
}

/* 4.2.2: "the server MUST abort the WebSocket handshake … and instead send an appropriate HTTP error code (such as 426
 * Upgrade Required) and a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of
 * understanding." 0 to 8 are those of drafts (11.6), which a server may understand as well. */
static void another_version_is_answered_by_ours(void **state)
{
    static const char *const versions[] = {"12", "14", "9", "255", "130"};

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request = {.ws_version = versions[i]}});
        struct ws_opening opening = ws_read_opening(peer);

        ws_expect_refused(opening, "4xx");
        const char *ours = ws_opening_field(&opening, "Sec-WebSocket-Version");
        expect(ours && strstr(ours, "13"), WRONG, "Sec-WebSocket-Version with 13",
               "version %s was answered %d with \"%s\"", versions[i], opening.status, ours ? ours : "none");
        ws_hang_up(peer);
    }
    ws_expect_alive(*state);
}

static void a_version_that_is_none_is_refused(void **state)
{
    static const struct row rows[] = {
        {"no version", {.ws_version = ""}},
        {"a version in words", {.ws_version = "thirteen"}},
        {"two versions", {.fields = "Sec-WebSocket-Version: 12\r\n"}},
    };

    expect_kept_out(*state, ROWS(rows), "4xx drop");
}

/* RFC 9112 3.2: "A server MUST respond with a 400 … to any HTTP/1.1 request message that lacks a Host header field". */
static void a_request_without_a_host_is_refused(void **state)
{
    static const struct row rows[] = {
        {"no Host", {.host = ""}},
        {"two Hosts", {.fields = "Host: other.example\r\n"}},
    };

    expect_kept_out(*state, ROWS(rows), "4xx drop");
}

/* 4.2.1: "value(s) … treated as an ASCII case-insensitive value", "a |Connection| header field that includes the token
 * "Upgrade"". */
static void the_forms_of_a_right_one_are_let_in(void **state)
{
    static const struct row rows[] = {
        {"Connection: keep-alive, Upgrade", {.connection = "keep-alive, Upgrade"}},
        {"Connection: Upgrade,keep-alive", {.connection = "Upgrade,keep-alive"}},
        {"two Connections", {.connection = "keep-alive", .fields = "Connection: Upgrade\r\n"}},
        {"in small letters", {.upgrade = "websocket", .connection = "upgrade"}},
        {"in capitals", {.upgrade = "WEBSOCKET", .connection = "UPGRADE"}},
        {"names of fields in small letters",
         {.upgrade = "", .connection = "", .fields = "upgrade: WebSocket\r\nconnection: Upgrade\r\n"}},
        {"the version's name in capitals", {.ws_version = "", .fields = "SEC-WEBSOCKET-VERSION: 13\r\n"}},
        {"further fields", {.fields = "User-Agent: assay\r\nCookie: a=b\r\nSec-Fetch-Mode: websocket\r\n"}},
    };

    expect_let_in(*state, ROWS(rows));
}

/* The example of 1.3, and keys at the borders of base64. That the accept fits is looked at with every handshake. */
static void the_accept_fits_to_each_key(void **state)
{
    static const struct row rows[] = {
        {"the key of RFC 6455 1.3", {.key = SAMPLE_KEY}},
        {"a key of zeros", {.key = "AAAAAAAAAAAAAAAAAAAAAA=="}},
        {"a key of ones", {.key = "/////////////////////w=="}},
        {"a key with a plus", {.key = "++++++++++++++++++++++=="}},
    };
    struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request = {.key = SAMPLE_KEY}});
    struct ws_opening opening = ws_read_opening(peer);
    const char *accept = ws_opening_field(&opening, "Sec-WebSocket-Accept");

    expect(opening.open, opening.status ? WRONG : HANG, "101 Switching Protocols", "%s", opening.summary);
    expect_text(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Accept");
    expect_let_in(*state, ROWS(rows));
}

/* 4.2.2: of the subprotocols and extensions that are offered the server may take one, or none; never another. */
static void nothing_is_agreed_that_was_not_offered(void **state)
{
    static const struct row rows[] = {
        {"no offer", {.protocols = NULL}},
        {"a subprotocol that nobody knows", {.protocols = "assay.example.v1"}},
        {"several", {.protocols = "v9.assay.example, assay, x"}},
        {"an extension that nobody knows", {.extensions = "x-assay-nothing"}},
        {"one with parameters", {.extensions = "x-assay; a=1; b=\"23\", x-other"}}, /* 9.1: unquoted it is a token */
    };

    expect_let_in(*state, ROWS(rows));
}

static void a_right_request_is_let_in(void **state)
{
    ws_expect_open(ws_dial(*state));
}

const struct check check = {
    .title = "A handshake that is none is refused, and a right one let in in all its forms",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 6455 4.2.1", "RFC 6455 4.2.2", "RFC 6455 4.4", "RFC 9112 3.2"},
    .cases =
        {
            CASE(another_method_is_refused),
            CASE(http_1_0_is_refused),
            CASE(what_does_not_ask_for_it_is_not_upgraded),
            CASE(a_key_that_is_none_is_refused),
            CASE(a_key_of_another_length_is_refused, .level = SHOULD),
            CASE(another_version_is_answered_by_ours),
            CASE(a_version_that_is_none_is_refused),
            CASE(a_request_without_a_host_is_refused),
            CASE(the_forms_of_a_right_one_are_let_in),
            CASE(the_accept_fits_to_each_key),
            CASE(nothing_is_agreed_that_was_not_offered),
            CONTROL(a_right_request_is_let_in),
        },
};
