/* A body that is not UTF-8 is no JSON text, and is refused like any other that is none. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"
#include "http/series.h"

#include <string.h>

enum { BODY_MAX_BYTES = 64 << 10 };

/* Each is put between the quotes of one more member of a valid body. */
static const char *const not_utf8[] = {
    "\xff\xfe",             /* bytes that never occur */
    "\x80",                 /* a continuation that continues nothing */
    "\xc3",                 /* the end of the string within a sequence */
    "\xe2\x82",             /* likewise, of three */
    "\xf0\x9f\x98",         /* likewise, of four */
    "\xc0\xaf",             /* overlong: a slash in two bytes */
    "\xe0\x80\xaf",         /* in three */
    "\xf0\x80\x80\xaf",     /* in four */
    "\xc1\xbf",             /* the last overlong one of two */
    "\xed\xa0\x80",         /* a surrogate */
    "\xed\xbf\xbf",         /* the last surrogate */
    "\xf4\x90\x80\x80",     /* beyond U+10FFFF */
    "\xf8\x88\x80\x80\x80", /* five bytes */
    "caf\xe9",              /* Latin-1 */
    "a\xc3(",               /* a lead byte without its continuation */
};

static const char *const utf8[] = {
    "\x7f",         "\xc2\x80",         "\xdf\xbf",         "\xe0\xa0\x80",     "\xed\x9f\xbf", "\xee\x80\x80",
    "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
};

/* The endpoint's valid body with one more member, named "assay", that holds the text. */
static struct text body_with(const struct http_endpoint *endpoint, const char *name, const char *text)
{
    struct text body;
    size_t inner = strlen(endpoint->body) - 1; /* all but the closing brace */
    bool empty = strspn(endpoint->body + 1, " \t\r\n") + 2 >= strlen(endpoint->body);

    text_init(&body, BODY_MAX_BYTES);
    text_add_bytes(&body, endpoint->body, inner);
    text_addf(&body, "%s\"%s\":\"%s\"}", empty ? "" : ",", name, text);
    return body;
}

static struct http_answer ask_with(struct http_series *series, const char *name, const char *text)
{
    struct text body = body_with(series->server->json_endpoints, name, text);
    struct http_answer answer = http_series_ask_json(series, series->server->json_endpoints, body.bytes, body.length);

    text_free(&body);
    return answer;
}

/* A parser may accept what is no JSON (RFC 8259 9), so beside the contract this is advice. */
static struct http_series begin(void **state)
{
    struct http_series series = {.server = *state};

    if (series.server->contract)
        expect_at(MUST);
    return series;
}

static void bytes_that_are_not_utf8_are_answered_400(void **state)
{
    struct http_series series = begin(state);

    for (size_t i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++)
        expect_error(ask_with(&series, "assay", not_utf8[i]), 400, "invalid_json");
    http_series_end(&series);
}

static void in_a_member_name_too(void **state)
{
    struct http_series series = begin(state);

    for (size_t i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++)
        expect_error(ask_with(&series, not_utf8[i], "x"), 400, "invalid_json");
    http_series_end(&series);
}

/* The edges of what UTF-8 allows. An endpoint may refuse a member it does not know, but not as invalid JSON. */
static void edges_of_utf8_are_accepted(void **state)
{
    struct http_series series = {.server = *state};
    unsigned legal = series.server->contract ? MAY_2XX : MAY_2XX | MAY_4XX;

    for (size_t i = 0; i < sizeof utf8 / sizeof *utf8; i++)
        expect_legal(ask_with(&series, "assay", utf8[i]), legal);
    http_series_end(&series);
}

const struct check check = {
    .title = "A body that is not UTF-8 is answered 400",
    .level = MUST,
    .origins = {"OAS-3", "RFC 8259 8.1", "RFC 3629 3"},
    .cases =
        {
            CASE(bytes_that_are_not_utf8_are_answered_400, .level = SHOULD),
            CASE(in_a_member_name_too, .level = SHOULD),
            CONTROL(edges_of_utf8_are_accepted),
        },
};
