/* The opening handshake: the request with each field right, changed and left out, and what is wrong with a 101. */
#include "wire/http_response.h"
#include "wire/ws_handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455 1.3, and what becomes of it */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum { OUT_MAX_BYTES = 4096 };

static void assert_written(const struct ws_request *request, const char *expected)
{
    struct text out;

    text_init(&out, OUT_MAX_BYTES);
    ws_request_write(request, &out);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
}

static void a_request_that_is_left_alone_is_right(void **state)
{
    (void)state;
    assert_written(&(struct ws_request){.target = "/ws", .host = "127.0.0.1:80", .key = KEY},
                   "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n");
}

static void every_part_can_be_another(void **state)
{
    (void)state;
    assert_written(&(struct ws_request){.method = "POST",
                                        .target = "/",
                                        .version = "HTTP/1.0",
                                        .host = "a",
                                        .upgrade = "h2c",
                                        .connection = "close",
                                        .key = "k",
                                        .ws_version = "12",
                                        .origin = "http://b",
                                        .extensions = "x",
                                        .protocols = "y",
                                        .fields = "A: b\r\n"},
                   "POST / HTTP/1.0\r\nHost: a\r\nUpgrade: h2c\r\nConnection: close\r\nSec-WebSocket-Key: k\r\n"
                   "Sec-WebSocket-Version: 12\r\nOrigin: http://b\r\nSec-WebSocket-Extensions: x\r\n"
                   "Sec-WebSocket-Protocol: y\r\nA: b\r\n\r\n");
}

static void every_field_can_be_left_out(void **state)
{
    (void)state;
    assert_written(&(struct ws_request){.host = "", .upgrade = "", .connection = "", .key = "", .ws_version = ""},
                   "GET / HTTP/1.1\r\n\r\n");
}

static void a_key_is_new_each_time_and_has_the_form_of_one(void **state)
{
    char first[WS_KEY_BYTES], second[WS_KEY_BYTES];

    (void)state;
    ws_handshake_key(first);
    ws_handshake_key(second);
    assert_int_equal(strlen(first), WS_KEY_BYTES - 1);
    assert_string_equal(first + 22, "==");
    assert_string_not_equal(first, second);
}

static void the_digest_is_that_of_the_standard(void **state)
{
    char accept[WS_ACCEPT_BYTES];

    (void)state;
    ws_handshake_accept(KEY, accept);
    assert_string_equal(accept, ACCEPT);
}

#define RIGHT "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct answer {
    const char *fields;
    const char *fault; /* NULL: none */
    const char *extensions;
    const char *protocols;
} answers[] = {
    {RIGHT, NULL, NULL, NULL},
    {"upgrade: WebSocket\r\nconnection: keep-alive, uPgrade\r\nsec-websocket-accept: " ACCEPT "\r\n", NULL, NULL, NULL},
    {"Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n",
     NULL, NULL, NULL},
    {"Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n", "Upgrade is", NULL, NULL},
    {"Upgrade: websocket, h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n", "Upgrade is", NULL,
     NULL},
    {"Upgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n", "Connection", NULL, NULL},
    {"Upgrade: websocket\r\nConnection: Upgraded\r\nSec-WebSocket-Accept: " ACCEPT "\r\n", "Connection", NULL, NULL},
    {"Upgrade: websocket\r\nConnection: Upgrade\r\n", "Accept", NULL, NULL},
    {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Accept",
     NULL, NULL},
    {RIGHT "Sec-WebSocket-Accept: " ACCEPT "\r\n", "Accept", NULL, NULL},
    {RIGHT "Sec-WebSocket-Extensions: permessage-deflate\r\n", "extension", NULL, NULL},
    {RIGHT "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n", NULL,
     "permessage-deflate; client_max_window_bits", NULL},
    {RIGHT "Sec-WebSocket-Extensions: permessage-deflate, x-other\r\n", "extension", "permessage-deflate", NULL},
    {RIGHT "Sec-WebSocket-Protocol: acp\r\n", "subprotocol", NULL, NULL},
    {RIGHT "Sec-WebSocket-Protocol: acp\r\n", NULL, NULL, "other, acp"},
    {RIGHT "Sec-WebSocket-Protocol: acp, other\r\n", "subprotocol", NULL, "other, acp"},
    {RIGHT "Sec-WebSocket-Protocol: ACP\r\n", "subprotocol", NULL, "acp"},
};

static void a_101_is_looked_at_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct ws_request request = {
            .key = KEY, .extensions = answers[i].extensions, .protocols = answers[i].protocols};
        struct http_response response;
        struct text bytes;

        text_init(&bytes, OUT_MAX_BYTES);
        text_addf(&bytes, "HTTP/1.1 101 Switching Protocols\r\n%s\r\n", answers[i].fields);
        http_response_init(&response, false);
        assert_int_equal(http_response_feed(&response, bytes.bytes, bytes.length), bytes.length);
        assert_int_equal(response.progress, HTTP_WHOLE);
        const char *fault = ws_handshake_fault(&request, &response);
        if (!fault != !answers[i].fault || (fault && !strstr(fault, answers[i].fault)))
            fail_msg("%zu: %s, not %s", i, fault ? fault : "right", answers[i].fault ? answers[i].fault : "right");
        http_response_free(&response);
        text_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_is_left_alone_is_right),
        cmocka_unit_test(every_part_can_be_another),
        cmocka_unit_test(every_field_can_be_left_out),
        cmocka_unit_test(a_key_is_new_each_time_and_has_the_form_of_one),
        cmocka_unit_test(the_digest_is_that_of_the_standard),
        cmocka_unit_test(a_101_is_looked_at_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
