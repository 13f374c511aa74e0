/* What RFC 8259 does not allow is answered 400, each of more than two hundred documents; what it allows is not. */
#include "check.h"
#include "base/text.h"
#include "documents.h"
#include "http/expect.h"
#include "http/series.h"
#include "json/json.h"

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

/* Sends the body to the first endpoint, and frees it. */
static struct http_answer ask(struct http_series *series, struct text *body)
{
    struct http_answer answer = http_series_ask_json(series, series->server->json_endpoints, body->bytes, body->length);

    text_free(body);
    return answer;
}

static void every_forbidden_document_is_answered_400(void **state)
{
    struct http_series series = {.server = *state};

    for (size_t i = 0; i < COUNT(forbidden); i++) {
        struct text body;

        make_body(&body, series.server->json_endpoints, &forbidden[i]);
        expect_error(ask(&series, &body), 400, "invalid_json");
    }
    http_series_end(&series);
}

/* The endpoint's own body decides what becomes of it: {} in quotation marks is a string, and 12 cut short is 1. */
static void expect_refused_unless_json(struct http_series *series, struct text *body)
{
    const struct json *value = json_read(body->bytes, body->length, NULL);

    json_free(value);
    if (value)
        text_free(body);
    else
        expect_error(ask(series, body), 400, "invalid_json");
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
    struct http_series series = {.server = *state};

    for (size_t i = 0; i < COUNT(around); i++) {
        struct text body;

        text_init(&body, BODY_MAX_BYTES);
        text_addf(&body, "%s%s%s", around[i].before, series.server->json_endpoints->body, around[i].behind);
        expect_refused_unless_json(&series, &body);
    }
    http_series_end(&series);
}

/* A body that ends anywhere but behind its last byte is none: shortened, at each byte but the first, since a body of no
 * bytes may have a meaning of its own. */
static void a_document_cut_short_is_answered_400(void **state)
{
    struct http_series series = {.server = *state};
    const char *whole = series.server->json_endpoints->body;

    for (size_t length = 1; length < strlen(whole); length++) {
        struct text body;

        text_init(&body, BODY_MAX_BYTES);
        text_add_bytes(&body, whole, length);
        expect_refused_unless_json(&series, &body);
    }
    if (strlen(whole) < 2)
        not_applicable("the endpoint's body is too short to be cut");
    http_series_end(&series);
}

/* What RFC 8259 leaves open is refused where the target declares to be strict, else refused or taken. */
static void expect_left_open(struct http_series *series, struct text *body)
{
    struct http_answer answer = ask(series, body);

    if (series->server->strict)
        expect_error(answer, 400, "invalid_json");
    else
        expect_legal(answer, MAY_4XX | MAY_2XX);
}

/* Section 8.2: half of a pair is allowed by the grammar, and nobody can say what it means. */
static void half_a_surrogate_pair_is_answered(void **state)
{
    static const struct document halves[] = {
        DOCUMENT("\"\\ud83d\""),        DOCUMENT("\"\\ude00\""),  DOCUMENT("\"\\ude00\\ud83d\""),
        DOCUMENT("\"\\ud83d\\ud83d\""), DOCUMENT("\"\\ud83dx\""), DOCUMENT("{\"\\udfff\":1}"),
        DOCUMENT("\"\\ud83d\\u0041\""), DOCUMENT("\"\\uDBFF\""),
    };
    struct http_series series = {.server = *state};

    for (size_t i = 0; i < COUNT(halves); i++) {
        struct text body;

        make_body(&body, series.server->json_endpoints, &halves[i]);
        expect_left_open(&series, &body);
    }
    http_series_end(&series);
}

/* Section 8.1: nobody may send one, and a reader may ignore one. */
static void a_byte_order_mark_is_answered(void **state)
{
    struct http_series series = {.server = *state};
    struct text body;

    text_init(&body, BODY_MAX_BYTES);
    text_addf(&body, "\xef\xbb\xbf%s", series.server->json_endpoints->body);
    expect_left_open(&series, &body);
    http_series_end(&series);
}

/* Where the endpoint takes one more member at all, it takes it with any value. */
static void every_allowed_document_is_taken(void **state)
{
    static const struct document number = DOCUMENT("1");
    struct http_series series = {.server = *state};
    unsigned legal = 0;

    for (size_t i = 0; i <= COUNT(allowed); i++) {
        struct text body;

        make_body(&body, series.server->json_endpoints, i == 0 ? &number : &allowed[i - 1]);
        struct http_answer answer = ask(&series, &body);
        if (i == 0)
            legal = answer.status / 100 == 4 ? MAY_4XX | MAY_2XX : MAY_2XX;
        expect_legal(answer, legal);
    }
    http_series_end(&series);
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
