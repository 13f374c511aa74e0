/* JSON of another shape than the endpoint takes is the client's mistake: 4xx, not 500. */
#include "check.h"
#include "peers/http_expect.h"

static const char *const not_objects[] = {"[]", "null", "3", "true", "\"text\"", "[{}]", "-0.0", "\"\""};

static void what_is_no_object_is_answered_4xx(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++)
        for (size_t i = 0; i < sizeof not_objects / sizeof *not_objects; i++) {
            struct http_peer *peer = http_dial(server);

            http_send_json(peer, e, not_objects[i]);
            if (server->exact_errors)
                expect_error(http_read(peer), 400, "invalid_request");
            else
                expect_legal(http_read(peer), MAY_4XX);
            http_hang_up(peer);
        }
    expect_alive(server);
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
        {"POST", "/tui/append-prompt", "{\"Text\":\"x\"}"},
    };
    struct http_target *server = *state;

    http_need_contract(server);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, &wrong[i], wrong[i].body);
        expect_error(http_read(peer), 400, "invalid_request");
        http_hang_up(peer);
    }
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
