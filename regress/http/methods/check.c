/* HEAD has no body; a method that a route does not serve is answered 405 with Allow; what is not served is 404. */
#include "check.h"
#include "http/expect.h"

#include <stdio.h>
#include <string.h>

static struct http_peer *send_bare(struct http_target *server, const char *method, const char *path)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n%s\r\n", method, path, server->fields);
    return peer;
}

/* Whatever it is answered, nothing follows the header block: a body would be read as the next response. */
static void expect_no_body(struct http_target *server, const char *path)
{
    struct http_peer *peer = send_bare(server, "HEAD", path);

    struct http_answer answer = http_read_to_head(peer);
    expect_answer(answer, answer.outcome == HTTP_ANSWER, "one well-formed header block");
    expect_no_more(peer);
    http_hang_up(peer);
}

static void head_has_no_body(void **state)
{
    struct http_target *server = *state;

    expect_no_body(server, "/assay-nowhere");
    expect_no_body(server, "/");
    if (server->contract) {
        expect_no_body(server, "/health");
        expect_no_body(server, "/session");
        expect_no_body(server, "/metrics");
    }
}

/* The fields are those of GET; the length may be left out, but not be another (RFC 9110 8.6, 9.3.2). */
static void head_tells_what_get_would(void **state)
{
    struct http_target *server = *state;
    char of_get[32];

    http_need_contract(server);
    struct http_peer *peer = send_bare(server, "GET", "/health");
    struct http_answer get = http_read(peer);
    expect_status(get, 200);
    snprintf(of_get, sizeof of_get, "%zu", get.body_bytes);
    http_hang_up(peer);
    peer = send_bare(server, "HEAD", "/health");
    struct http_answer head = http_read_to_head(peer);
    expect_status(head, 200);
    const char *length = http_answer_field(&head, "Content-Length");
    if (length || server->strict)
        expect_text(length, of_get, "Content-Length of the response to GET");
    http_hang_up(peer);
}

static bool lists(const char *list, const char *method)
{
    const char *at = list ? strstr(list, method) : NULL;

    return at && (at == list || at[-1] == ' ' || at[-1] == ',') && strcspn(at, ", ") == strlen(method);
}

/* 405, or 501 where the method is known nowhere (RFC 9110 9.1), or 400 as for CONNECT to a path. Which methods a third
 * party's route serves beside its own is its business: but a 405 must come with Allow. */
static void a_method_that_is_not_served_is_answered_405(void **state)
{
    static const char *const methods[] = {"PUT", "TRACE", "BREW", "post", "CONNECT"};
    struct http_target *server = *state;
    const struct http_endpoint *endpoint = server->json_endpoints;
    bool seen = false;

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        bool bare = strcmp(methods[i], "TRACE") == 0 || strcmp(methods[i], "CONNECT") == 0; /* those have no content */
        const struct http_endpoint asked = {methods[i], endpoint->path, endpoint->body};
        struct http_peer *peer = http_dial(server);

        if (bare)
            http_send(peer, "%s %s HTTP/1.1\r\n%s\r\n", methods[i], endpoint->path, server->fields);
        else
            http_send_json(peer, &asked, endpoint->body);
        struct http_answer answer = http_read(peer);
        const char *allow = http_answer_field(&answer, "Allow");

        if (server->contract)
            expect_legal(answer, MAY_4XX | MAY_501);
        seen |= answer.status == 405;
        if (answer.status == 405)
            expect(lists(allow, endpoint->method), WRONG, "Allow names the methods that are served", "Allow: %s",
                   allow ? allow : "(none)");
        http_hang_up(peer);
    }
    if (!seen)
        not_applicable("the endpoint answers none of these methods 405, so there is no Allow to be judged");
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A server of other routes may know no GET at all, and say so (RFC 9110 15.6.2). */
static unsigned no_get(const struct http_target *server)
{
    return server->contract ? 0 : MAY_501;
}

static void expect_nothing_at(struct http_target *server, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_peer *peer = send_bare(server, "GET", paths[i]);

        if (server->exact_errors)
            expect_error(http_read(peer), 404, "not_found");
        else
            expect_legal(http_read(peer), server->contract ? MAY_4XX : MAY_2XX | MAY_3XX | MAY_4XX | no_get(server));
        http_hang_up(peer);
    }
}

/* Paths that a router may mend and redirect to, or refuse as malformed. */
static void expect_nothing_near(struct http_target *server, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_peer *peer = send_bare(server, "GET", paths[i]);

        expect_legal(http_read(peer), MAY_3XX | MAY_4XX | no_get(server) | (server->exact_errors ? 0 : MAY_2XX));
        http_hang_up(peer);
    }
}

static void what_is_not_served_is_answered_404(void **state)
{
    static const char *const nowhere[] = {"/assay-nowhere", "/assay/nowhere", "/assay?session", "/.git/config"};
    static const char *const mended[] = {"/%00", "/..%2f..%2fetc/passwd", "//", "/./../assay", "/assay/nowhere/"};
    static const char *const no_routes[] = {"/healthx", "/heal"};
    static const char *const near_routes[] = {"/Health", "/health/", "/SESSION", "/session/", "/events"};
    struct http_target *server = *state;

    expect_nothing_at(server, nowhere, COUNT(nowhere));
    expect_nothing_near(server, mended, COUNT(mended));
    if (server->contract) {
        expect_nothing_at(server, no_routes, COUNT(no_routes));
        expect_nothing_near(server, near_routes, COUNT(near_routes));
    }
}

static void the_methods_of_the_routes_are_served(void **state)
{
    struct http_target *server = *state;

    for (const struct http_endpoint *e = server->json_endpoints; e->path; e++) {
        struct http_peer *peer = http_dial(server);

        http_send_json(peer, e, e->body);
        expect_success(http_read(peer));
        http_hang_up(peer);
    }
}

const struct check check = {
    .title = "HEAD has no body, 405 names what is allowed, and what is not served is 404",
    .level = MUST,
    .origins = {"RFC 9110 9.3.2", "RFC 9110 15.5.6", "RFC 9110 15.5.5"},
    .cases =
        {
            CASE(head_has_no_body),
            CASE(head_tells_what_get_would),
            CASE(a_method_that_is_not_served_is_answered_405),
            CASE(what_is_not_served_is_answered_404),
            CONTROL(the_methods_of_the_routes_are_served),
        },
};
