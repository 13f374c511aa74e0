/* What is no JSON is answered -32700, and what is JSON and no request -32600; the connection stays. */
#include "check.h"
#include "ws/expect.h"

#include <string.h>

/* Of every kind: cut off, nothing, of another language, nearly right, or more than one. */
static const char *const not_json[] = {
    "{",
    "[",
    "[1,",
    "\"",
    "-",
    "{\"a\"",
    "{\"a\":",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"",
    "",
    " ",
    "\r\n",
    "hello",
    "nul",
    "True",
    "None",
    "undefined",
    "NaN",
    "Infinity",
    "<jsonrpc/>",
    "GET / HTTP/1.1",
    "data: {}",
    "{'a':1}",
    "{a:1}",
    "{\"a\":1,}",
    "[1,]",
    "[,]",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":0x1}",
    "{\"a\":\"\t\"}",
    "{\"a\":\"\\x41\"}",
    "\"\\u12\"",
    "{}//",
    "/**/{}",
    "{}}",
    "{]",
    "{\"jsonrpc\":\"2.0\"}{\"jsonrpc\":\"2.0\"}",
    "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"x\"}",
    "Content-Length: 2\r\n\r\n{}",
};

struct sample {
    const char *text;
    const char *id; /* that may come back, besides null */
};

/* An id without a method is not among them: it may as well be a response that is broken, and those get no answer. */
static const struct sample no_requests[] = {
    {"[]", NULL},
    {"{}", NULL},
    {"1", NULL},
    {"0", NULL},
    {"-1.5e3", NULL},
    {"null", NULL},
    {"true", NULL},
    {"false", NULL},
    {"\"\"", NULL},
    {" {} ", NULL},
    {"{\"a\":1}", NULL},
    {"{\"\":{}}", NULL},
    {"{\"jsonrpc\":\"2.0\"}", NULL},
    {"{\"jsonrpc\":\"2.0\",\"params\":{}}", NULL},
    {"\"initialize\"", NULL},
    {"{\"jsonrpc\":\"1.0\",\"id\":71,\"method\":\"initialize\",\"params\":{}}", "71"},
    {"{\"id\":72,\"method\":\"initialize\",\"params\":{}}", "72"},
    {"{\"jsonrpc\":2.0,\"id\":73,\"method\":\"initialize\",\"params\":{}}", "73"},
    {"{\"jsonrpc\":\"2.0\",\"id\":74,\"method\":1,\"params\":{}}", "74"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":null}", "\"a\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":78,\"method\":[\"initialize\"]}", "78"},
    {"{\"jsonrpc\":\"2.0\",\"id\":79,\"method\":{}}", "79"},
    {"{\"jsonrpc\":null,\"id\":80,\"method\":\"initialize\"}", "80"},
    {"{\"jsonrpc\":\"2.0 \",\"id\":81,\"method\":\"initialize\"}", "81"},
    {"{\"JSONRPC\":\"2.0\",\"id\":82,\"method\":\"initialize\"}", "82"},
};

/* The same client goes on: a request of its own is answered, and its session works. */
static void expect_goes_on(struct ws_client *client)
{
    ws_expect_open(ws_peer_of(client));
    ws_expect_served(client, ws_new_session(client));
}

static void text_that_is_no_json_is_answered_32700(void **state)
{
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof not_json / sizeof *not_json; i++) {
        ws_send_text(ws_peer_of(client), "%s", not_json[i]);
        ws_expect_refusal(client, "-32700", NULL);
    }
    expect_goes_on(client);
}

/* A NUL in the frame, or the mark of a byte order: the text does not end there, and is none of JSON. */
static void so_is_text_with_bytes_of_its_own(void **state)
{
    static const char nul_behind[] = "{}\0", nul_inside[] = "{\"a\":\0 1}", nul_alone[] = "\0";
    struct ws_client *client = ws_join(*state);
    struct ws_peer *peer = ws_peer_of(client);

    ws_send_text_bytes(peer, nul_behind, sizeof nul_behind - 1);
    ws_expect_refusal(client, "-32700", NULL);
    ws_send_text_bytes(peer, nul_inside, sizeof nul_inside - 1);
    ws_expect_refusal(client, "-32700", NULL);
    ws_send_text_bytes(peer, nul_alone, sizeof nul_alone - 1);
    ws_expect_refusal(client, "-32700", NULL);
    ws_send_text(peer, "\xef\xbb\xbf{}"); /* which RFC 8259 8.1 lets a parser pass over */
    ws_expect_refusal(client, "-32700 -32600", NULL);
    expect_goes_on(client);
}

/* Whoever has not initialized is told as well, before the door is closed to it at the latest. */
static void so_is_the_first_message(void **state)
{
    struct ws_client *client = ws_enter(*state);

    ws_send_text(ws_peer_of(client), "%s", not_json[0]);
    ws_expect_refusal(client, "-32700", NULL);
    ws_expect_open(ws_peer_of(client));
}

static void json_that_is_no_request_is_answered_32600(void **state)
{
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof no_requests / sizeof *no_requests; i++) {
        const struct sample *sample = &no_requests[i];

        ws_send_text(ws_peer_of(client), "%s", sample->text);
        ws_expect_refusal(client, "-32600", sample->id);
    }
    expect_goes_on(client);
}

/* It is a matter of taste whether such a request is none, or has the wrong parameters. */
static void params_that_are_neither_object_nor_array_are_refused(void **state)
{
    static const char *const values[] = {"\"x\"", "1", "true"};
    struct ws_client *client = ws_join(*state);

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ws_send_text(ws_peer_of(client), "{\"jsonrpc\":\"2.0\",\"id\":76,\"method\":\"%s\",\"params\":%s}",
                     ws_method(*state, WS_NEW), values[i]);
        ws_expect_refusal(client, "-32600 -32602", "76");
    }
    expect_goes_on(client);
}

/* A hundred of them cost the others nothing, nor the client itself. */
static void many_of_them_do_no_harm(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server), *other = ws_join(server);
    const char *sid = ws_new_session(other);

    for (int i = 0; i < 100; i++)
        ws_send_text(ws_peer_of(client), "{%d", i);
    ws_expect_served(other, sid);
    for (int i = 0; i < 100; i++)
        ws_expect_refusal(client, "-32700", NULL);
    expect_goes_on(client);
}

static void a_request_is_answered(void **state)
{
    expect_goes_on(ws_join(*state));
}

const struct check check = {
    .title = "What is no JSON is answered -32700, what is no request -32600, and the connection stays",
    .level = MUST,
    .origins = {"JSON-RPC 2.0 5.1", "JSON-RPC 2.0 4"},
    .cases =
        {
            CASE(text_that_is_no_json_is_answered_32700),
            CASE(so_is_text_with_bytes_of_its_own),
            CASE(so_is_the_first_message),
            CASE(json_that_is_no_request_is_answered_32600),
            CASE(params_that_are_neither_object_nor_array_are_refused),
            CASE(many_of_them_do_no_harm),
            CONTROL(a_request_is_answered),
        },
};
