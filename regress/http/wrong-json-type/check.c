/* JSON of another shape than the endpoint takes is the client's mistake: 4xx, not 500. */
#include "check.h"
#include "http/expect.h"
#include "http/series.h"

#include <string.h>

static const char *const not_objects[] = {"[]", "null", "3", "true", "\"text\"", "[{}]", "-0.0", "\"\""};

/* An endpoint of the target's own may take any JSON; what it does not take is the client's mistake. */
static void what_is_no_object_is_answered_4xx(void **state)
{
    struct http_series series = {.server = *state};

    for (const struct http_endpoint *e = series.server->json_endpoints; e->path; e++)
        for (size_t i = 0; i < sizeof not_objects / sizeof *not_objects; i++) {
            struct http_answer answer = http_series_ask_json(&series, e, not_objects[i], strlen(not_objects[i]));

            if (series.server->contract && series.server->exact_errors)
                expect_error(answer, 400, "invalid_request");
            else
                expect_legal(answer, series.server->contract ? MAY_4XX : MAY_4XX | MAY_2XX);
        }
    http_series_end(&series);
    expect_alive(*state);
}

static void expect_invalid_request(struct http_series *series, const struct http_endpoint *endpoint)
{
    expect_error(http_series_ask_json(series, endpoint, endpoint->body, strlen(endpoint->body)), 400,
                 "invalid_request");
}

/* Members of another type than the contract gives them. */
static void members_of_another_type_are_answered_400(void **state)
{
    static const struct http_endpoint wrong[] = {
        {"POST", "/session", "{\"title\":1}"},
        {"POST", "/session", "{\"metadata\":[]}"},
        {"POST", "/session", "{\"metadata\":\"x\"}"},
        {"POST", "/tui/append-prompt", "{}"},
        {"POST", "/tui/append-prompt", "{\"text\":null}"},
        {"POST", "/tui/append-prompt", "{\"text\":[\"x\"]}"},
        {"POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":{}}"},
        {"POST", "/tui/append-prompt", "{\"text\":\"x\",\"session_id\":7}"},
        {"POST", "/tui/append-prompt", "{\"Text\":\"x\"}"},
    };
    static const char *const of_a_session[] = {"{\"title\":[]}", "{\"metadata\":3}"};
    struct http_series series = {.server = *state};

    http_need_contract(series.server);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_invalid_request(&series, &wrong[i]);
    for (const struct http_endpoint *e = series.server->json_endpoints; e->path; e++)
        for (size_t i = 0; i < 2 && strcmp(e->method, "PATCH") == 0; i++)
            expect_invalid_request(&series, &(struct http_endpoint){e->method, e->path, of_a_session[i]});
    http_series_end(&series);
}

static void an_object_is_accepted(void **state)
{
    expect_alive(*state);
}

const struct check check = {
    .title = "JSON of the wrong type is answered 4xx, not 500",
    .level = MUST,
    .origins = {"OAS-3"},
    .cases =
        {
            CASE(what_is_no_object_is_answered_4xx),
            CASE(members_of_another_type_are_answered_400),
            CONTROL(an_object_is_accepted),
        },
};
