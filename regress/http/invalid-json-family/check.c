/* What RFC 8259 does not allow is answered 400, each of more than two hundred documents; what it allows is not. */
#include "check.h"
#include "documents.h"
#include "peers/http_expect.h"
#include "text.h"

#include <string.h>

enum { BODY_MAX_BYTES = 64 << 10 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The endpoint's valid body with one more member, "assay", whose value is the document. The name is the last of the
 * object, so that nothing behind a document is read as something else. */
static void make_body(struct text *body, const struct http_endpoint *endpoint, const struct document *document)
{
    bool empty = strspn(endpoint->body + 1, " \t\r\n") + 2 >= strlen(endpoint->body);

    text_init(body, BODY_MAX_BYTES);
    text_add_bytes(body, endpoint->body, strlen(endpoint->body) - 1);
    text_add(body, empty ? "\"assay\":" : ",\"assay\":");
    text_add_bytes(body, document->text, document->bytes);
    text_add(body, "}");
}

static void send_body(struct http_target *server, struct http_peer *peer, const struct text *body)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct text request;

    text_init(&request, 2 * BODY_MAX_BYTES);
    text_addf(&request, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n", endpoint->method, endpoint->path,
              server->fields, body->length);
    text_add_bytes(&request, body->bytes, body->length);
    http_send_bytes(peer, request.bytes, request.length);
    text_free(&request);
}

static void every_forbidden_document_is_answered_400(void **state)
{
    struct http_target *server = *state;

    for (size_t i = 0; i < COUNT(forbidden); i++) {
        struct http_peer *peer = http_dial(server);
        struct text body;

        make_body(&body, server->json_endpoints, &forbidden[i]);
        send_body(server, peer, &body);
        text_free(&body);
        expect_error(http_read(peer), 400, "invalid_json");
        http_hang_up(peer);
    }
}

/* Before, behind and beside a whole valid body: a text is one value, with white space around it and nothing else. */
static void a_body_is_one_document(void **state)
{
    static const struct {
        const char *before;
        const char *behind;
    } around[] = {
        {"", "x"},       {"", ","},    {"", "}"},    {"", "{}"}, {"", " {}"},      {"", "\n{}"},
        {"", " 1"},      {"", "//"},   {"", "/**/"}, {"", "\f"}, {"", "\xc2\xa0"}, {"", "\x1e"},
        {"x", ""},       {",", ""},    {"{}", ""},   {"1 ", ""}, {"\xff\xfe", ""}, {"// x\n", ""},
        {")]}',\n", ""}, {"\x1e", ""}, {"(", ")"},   {"[", ""},  {"\"", "\""},
    };
    struct http_target *server = *state;

    for (size_t i = 0; i < COUNT(around); i++) {
        struct http_peer *peer = http_dial(server);
        struct text body;

        text_init(&body, BODY_MAX_BYTES);
        text_addf(&body, "%s%s%s", around[i].before, server->json_endpoints->body, around[i].behind);
        send_body(server, peer, &body);
        text_free(&body);
        expect_error(http_read(peer), 400, "invalid_json");
        http_hang_up(peer);
    }
}

/* A body that ends anywhere but behind its last byte is none: shortened, at each byte. */
static void a_document_cut_short_is_answered_400(void **state)
{
    struct http_target *server = *state;
    const char *whole = server->json_endpoints->body;

    for (size_t length = 0; length < strlen(whole); length++) {
        struct http_peer *peer = http_dial(server);
        struct text body;

        text_init(&body, BODY_MAX_BYTES);
        text_add_bytes(&body, whole, length);
        send_body(server, peer, &body);
        text_free(&body);
        struct http_answer answer = http_read(peer);
        if (length > 0)
            expect_error(answer, 400, "invalid_json");
        http_hang_up(peer);
    }
}

/* What RFC 8259 leaves open is refused where the target declares to be strict, else refused or taken. */
static void expect_left_open(struct http_target *server, const struct text *body)
{
    struct http_peer *peer = http_dial(server);

    send_body(server, peer, body);
    struct http_answer answer = http_read(peer);
    if (server->strict)
        expect_error(answer, 400, "invalid_json");
    else
        expect_legal(answer, MAY_4XX | MAY_2XX);
    http_hang_up(peer);
}

/* Section 8.2: half of a pair is allowed by the grammar, and nobody can say what it means. */
static void half_a_surrogate_pair_is_answered(void **state)
{
    static const struct document halves[] = {
        DOCUMENT("\"\\ud83d\""),        DOCUMENT("\"\\ude00\""),  DOCUMENT("\"\\ude00\\ud83d\""),
        DOCUMENT("\"\\ud83d\\ud83d\""), DOCUMENT("\"\\ud83dx\""), DOCUMENT("{\"\\udfff\":1}"),
        DOCUMENT("\"\\ud83d\\u0041\""), DOCUMENT("\"\\uDBFF\""),
    };
    struct http_target *server = *state;

    for (size_t i = 0; i < COUNT(halves); i++) {
        struct text body;

        make_body(&body, server->json_endpoints, &halves[i]);
        expect_left_open(server, &body);
        text_free(&body);
    }
}

/* Section 8.1: nobody may send one, and a reader may ignore one. */
static void a_byte_order_mark_is_answered(void **state)
{
    struct http_target *server = *state;
    struct text body;

    text_init(&body, BODY_MAX_BYTES);
    text_addf(&body, "\xef\xbb\xbf%s", server->json_endpoints->body);
    expect_left_open(server, &body);
    text_free(&body);
}

/* Where the endpoint takes one more member at all, it takes it with any value. */
static void every_allowed_document_is_taken(void **state)
{
    static const struct document number = DOCUMENT("1");
    struct http_target *server = *state;
    unsigned legal = 0;

    for (size_t i = 0; i <= COUNT(allowed); i++) {
        struct http_peer *peer = http_dial(server);
        struct text body;

        make_body(&body, server->json_endpoints, i == 0 ? &number : &allowed[i - 1]);
        send_body(server, peer, &body);
        text_free(&body);
        struct http_answer answer = http_read(peer);
        if (i == 0)
            legal = answer.status / 100 == 4 ? MAY_4XX | MAY_2XX : MAY_2XX;
        expect_legal(answer, legal);
        http_hang_up(peer);
    }
}

const struct check check = {
    .title = "All that is not JSON is answered 400, and all that is JSON is read",
    .level = SHOULD,
    .origins = {"OAS-3", "RFC 8259"},
    .cases =
        {
            CASE(every_forbidden_document_is_answered_400),
            CASE(a_body_is_one_document),
            CASE(a_document_cut_short_is_answered_400),
            CASE(half_a_surrogate_pair_is_answered),
            CASE(a_byte_order_mark_is_answered),
            CONTROL(every_allowed_document_is_taken),
        },
};
