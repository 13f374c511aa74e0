/* The opening handshake of both sides: what is let in, what is refused and how, and what the standard's own examples
 * come to. */
#include "websocket/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIELDS_MAX = 16 };

struct request {
    const char *rule;
    const char *method;
    int minor;
    const char *fields; /* "Name: value" each, with a newline behind it */
    int expected;
};

/* Takes a text of fields apart, in place. Behind them is one that does not count. */
static size_t read_fields(char *text, struct websocket_field *fields)
{
    size_t count = 0;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *colon = strchr(line, ':');

        assert_true(colon && count < FIELDS_MAX - 1);
        *colon = '\0';
        fields[count++] = (struct websocket_field){line, colon + 2};
    }
    fields[count] = (struct websocket_field){"Upgrade", "websocket"};
    return count;
}

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n" /* 1.3 */
#define VERSION "Sec-WebSocket-Version: 13\n"
#define UPGRADE "Upgrade: websocket\n"
#define CONNECTION "Connection: Upgrade\n"
#define REQUEST UPGRADE CONNECTION KEY VERSION

static void expect_judgement(const struct request *request)
{
    char *text = strdup(request->fields);
    struct websocket_field fields[FIELDS_MAX];
    char accept[WEBSOCKET_ACCEPT_BYTES] = "";

    size_t count = read_fields(text, fields);
    int judgement = websocket_judge(request->method, request->minor, fields, count, accept);
    if (judgement != request->expected)
        print_message("%s\n", request->rule);
    assert_int_equal(judgement, request->expected);
    if (judgement == 0)
        assert_int_equal(strlen(accept), 28);
    else
        assert_string_equal(accept, "");
    free(text);
}

static void requests_are_judged(void **state)
{
    static const struct request requests[] = {
        {"4.2.1: all of it", "GET", 1, REQUEST, 0},
        {"4.2.1: HTTP/1.1 or higher", "GET", 2, REQUEST, 0},
        {"4.2.1: not lower", "GET", 0, REQUEST, 400},
        {"4.2.1.1: a GET request", "POST", 1, REQUEST, 400},
        {"4.2.1.1: methods are case-sensitive", "get", 1, REQUEST, 400},
        {"4.2.1.3: an Upgrade field", "GET", 1, CONNECTION KEY VERSION, 400},
        {"4.2.1.3: treated as case-insensitive", "GET", 1, "uPGRADE: WebSocket\n" CONNECTION KEY VERSION, 0},
        {"4.2.1.3: containing the value websocket", "GET", 1, "Upgrade: h2c, websocket\n" CONNECTION KEY VERSION, 0},
        {"4.2.1.3: and no other", "GET", 1, "Upgrade: h2c\n" CONNECTION KEY VERSION, 400},
        {"4.2.1.3: not as a part", "GET", 1, "Upgrade: websockets, web, socket\n" CONNECTION KEY VERSION, 400},
        {"4.2.1.3: nor by its length", "GET", 1, "Upgrade: webzocket\n" CONNECTION KEY VERSION, 400},
        {"4.2.1.3: in a second field", "GET", 1, "Upgrade: h2c\n" REQUEST, 0},
        {"4.2.1.3: empty", "GET", 1, "Upgrade: \n" CONNECTION KEY VERSION, 400},
        {"4.2.1.4: a Connection field", "GET", 1, UPGRADE KEY VERSION, 400},
        {"4.2.1.4: that includes the token", "GET", 1, UPGRADE "Connection: keep-alive, ,\tUPGRADE ,x\n" KEY VERSION,
         0},
        {"4.2.1.4: not another", "GET", 1, UPGRADE "Connection: keep-alive\n" KEY VERSION, 400},
        {"4.2.1.4: Upgrade says nothing of it", "GET", 1, UPGRADE "Connection: websocket\n" KEY VERSION, 400},
        {"4.2.1.4: in a second field", "GET", 1, "connection: keep-alive\n" REQUEST, 0},
        {"4.2.1.5: a key", "GET", 1, UPGRADE CONNECTION VERSION, 400},
        {"11.3.1: MUST NOT appear more than once", "GET", 1, REQUEST KEY, 400},
        {"4.2.1.6: a version", "GET", 1, UPGRADE CONNECTION KEY, 400},
        {"11.3.5: MUST NOT appear more than once in a request", "GET", 1, REQUEST VERSION, 400},
        {"4.4: another version", "GET", 1, UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 12\n", 426},
        {"4.4: a later one", "GET", 1, UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 130\n", 426},
        {"4.4: none at all", "GET", 1, UPGRADE CONNECTION KEY "Sec-WebSocket-Version: \n", 426},
        {"4.1: the value of this field MUST be 13", "GET", 1, UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8, 13\n",
         426},
        {"4.4: whose key is another matter", "GET", 1, UPGRADE CONNECTION "Sec-WebSocket-Version: 8\n", 426},
        {"4.2.1.8: a subprotocol and an extension are optional", "GET", 1,
         REQUEST "Sec-WebSocket-Protocol: chat\nSec-WebSocket-Extensions: permessage-deflate\n", 0},
        {"4.2.1.10: unknown fields are ignored", "GET", 1, "Cookie: a=b\n" REQUEST "X-Upgrade: h2c\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        expect_judgement(&requests[i]);
}

static void keys_are_base64_of_16_bytes(void **state)
{
    static const struct {
        const char *key;
        int expected;
    } keys[] = {
        {"AQIDBAUGBwgJCgsMDQ4PEC==", 0}, /* the example of 4.1, with bits that base64 leaves at zero */
        {"+/abcdefghijklmnopqrsQ==", 0},
        {"ABCDEFGHIJKLMNOPQRSTUQ==", 0},
        {"tuvwxyz0123456789VWXYZ==", 0},
        {"", 400},
        {"==", 400},
        {"dGhlIHNhbXBsZSBub25jZQ=", 400},
        {"dGhlIHNhbXBsZSBub25jZQ", 400},
        {"dGhlIHNhbXBsZSBub25jZQ===", 400},
        {"dGhlIHNhbXBsZSBub25jZQA=", 400}, /* 17 bytes */
        {"dGhlIHNhbXBsZSBub25jZQAA", 400}, /* 18 bytes */
        {"dGhlIHNhbXBsZSBub25j", 400},     /* 15 bytes */
        {"dGhlIHNhbXBsZSBub25jZ===", 400},
        {"dGhlIHNhbXBsZSBub2-jZQ==", 400}, /* the alphabet of URLs */
        {"dGhlIHNhbXBsZSBub2_jZQ==", 400},
        {"dGhlIHNhbXBs=SBub25jZQ==", 400},
        {"dGhlIHNhbXBs SBub25jZQ==", 400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char fields[256];

        snprintf(fields, sizeof fields, "%sSec-WebSocket-Key: %s\n", UPGRADE CONNECTION VERSION, keys[i].key);
        expect_judgement(&(struct request){keys[i].key, "GET", 1, fields, keys[i].expected});
    }
}

static void accept_is_that_of_the_standard(void **state)
{
    char text[] = REQUEST;
    struct websocket_field fields[FIELDS_MAX];
    char accept[WEBSOCKET_ACCEPT_BYTES];

    (void)state;
    assert_int_equal(websocket_judge("GET", 1, fields, read_fields(text, fields), accept), 0);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* 1.3 */
}

static void a_client_asks_as_a_server_wants_it(void **state)
{
    static const char expected[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    struct buffer out = buffer_new(1000);
    char key[WEBSOCKET_KEY_BYTES];

    (void)state;
    websocket_key((const unsigned char *)"the sample nonce", key); /* 1.3 */
    assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
    websocket_add_request_fields(&out, key);
    assert_string_equal(out.data, expected);
    buffer_free(&out);
}

struct answer {
    const char *rule;
    int status;
    const char *fields;
    const char *expected; /* why it is refused; NULL: it is not */
};

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
#define ANSWER UPGRADE CONNECTION ACCEPT

static void answers_are_judged(void **state)
{
    static const struct answer answers[] = {
        {"4.1: all of it", 101, ANSWER, NULL},
        {"4.1: names and tokens are case-insensitive", 101, "UPGRADE: WebSocket\nconnection: x, upgrade\n" ACCEPT,
         NULL},
        {"4.1.1: the status is 101", 200, ANSWER, "101"},
        {"4.1.2: an Upgrade field", 101, CONNECTION ACCEPT, "Upgrade"},
        {"4.1.2: whose value is websocket", 101, "Upgrade: h2c\n" CONNECTION ACCEPT, "Upgrade"},
        {"4.1.2: and nothing more", 101, "Upgrade: websocket, h2c\n" CONNECTION ACCEPT, "Upgrade"},
        {"4.1.2: once", 101, ANSWER UPGRADE, "Upgrade"},
        {"4.1.3: a Connection field", 101, UPGRADE ACCEPT, "Connection"},
        {"4.1.3: that contains the token", 101, UPGRADE "Connection: close\n" ACCEPT, "Connection"},
        {"4.1.4: an accept", 101, UPGRADE CONNECTION, "Accept"},
        {"4.1.4: that is the digest", 101, UPGRADE CONNECTION "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\n",
         "Accept"},
        {"4.1.4: and not the key", 101, UPGRADE CONNECTION "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\n",
         "Accept"},
        {"4.1.4: in its letter case", 101, UPGRADE CONNECTION "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n",
         "Accept"},
        {"11.3.3: MUST NOT appear more than once", 101, ANSWER ACCEPT, "Accept"},
        {"4.1.5: an extension not requested", 101, ANSWER "Sec-WebSocket-Extensions: permessage-deflate\n",
         "extension"},
        {"4.1.6: a subprotocol not requested", 101, ANSWER "Sec-WebSocket-Protocol: chat\n", "subprotocol"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char *text = strdup(answers[i].fields);
        struct websocket_field fields[FIELDS_MAX];
        struct error err = {""};

        size_t count = read_fields(text, fields);
        bool judgement = websocket_judge_answer(answers[i].status, fields, count, "dGhlIHNhbXBsZSBub25jZQ==", &err);
        if (judgement != !answers[i].expected)
            print_message("%s\n", answers[i].rule);
        assert_int_equal(judgement, !answers[i].expected);
        assert_non_null(strstr(err.text, answers[i].expected ? answers[i].expected : ""));
        assert_int_equal(*err.text == '\0', judgement);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged),
        cmocka_unit_test(keys_are_base64_of_16_bytes),
        cmocka_unit_test(accept_is_that_of_the_standard),
        cmocka_unit_test(a_client_asks_as_a_server_wants_it),
        cmocka_unit_test(answers_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
