/* method SP request-target SP HTTP-version CRLF: what is no such line is refused. */
#include "check.h"
#include "http/expect.h"

#include <string.h>

/* A request line in three parts, with whatever stands before, between and behind them. */
struct line {
    const char *method; /* NULL: the endpoint's */
    const char *between;
    const char *target;  /* NULL: the endpoint's path; one that begins with '?' stands behind the path */
    const char *version; /* with what stands before it */
};

static struct http_peer *send_line(struct http_target *server, const struct line *line)
{
    const struct http_endpoint *endpoint = server->json_endpoints;
    struct http_peer *peer = http_dial(server);
    bool whole = line->target && *line->target != '?';

    http_send(peer, "%s%s%s%s%s\r\n%sContent-Length: %zu\r\n\r\n%s", line->method ? line->method : endpoint->method,
              line->between, whole ? "" : endpoint->path, line->target ? line->target : "", line->version,
              server->fields, strlen(endpoint->body), endpoint->body);
    return peer;
}

/* A server that declares to be strict says that the line is none: by 404 or 405 it would have taken it for one. */
static void expect_lines_refused(struct http_target *server, const struct line *lines, size_t count, unsigned legal)
{
    for (size_t i = 0; i < count; i++) {
        struct http_peer *peer = send_line(server, &lines[i]);
        struct http_answer answer = http_read(peer);

        expect_legal(answer, legal);
        if (server->strict)
            expect(answer.status != 404 && answer.status != 405, WRONG, "400, 501 or 505", "%s", answer.summary);
        if (answer.outcome == HTTP_ANSWER)
            expect_no_more(peer);
        http_hang_up(peer);
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void a_version_is_HTTP_slash_one_dot_digit(void **state)
{
    static const struct line lines[] = {
        {NULL, " ", NULL, ""},           {NULL, " ", NULL, " "},          {NULL, " ", NULL, " http/1.1"},
        {NULL, " ", NULL, " HTTP/1.1x"}, {NULL, " ", NULL, " HTTP/2.0"},  {NULL, " ", NULL, " HTTP/0.9"},
        {NULL, " ", NULL, " HTTP/1"},    {NULL, " ", NULL, " HTTP/1,1"},  {NULL, " ", NULL, " HTTP/11.1"},
        {NULL, " ", NULL, " HTTP/1.10"}, {NULL, " ", NULL, " HTTP/x.1"},  {NULL, " ", NULL, " HTTP/1.x"},
        {NULL, " ", NULL, " HTPP/1.1"},  {NULL, " ", NULL, " HTTP /1.1"}, {NULL, " ", NULL, " HTTP/ 1.1"},
    };

    expect_lines_refused(*state, lines, COUNT(lines), MAY_3XX | MAY_4XX | MAY_505 | MAY_501 | MAY_CLOSE);
}

static void a_method_is_a_token(void **state)
{
    static const struct line lines[] = {
        {"PO(ST", " ", NULL, " HTTP/1.1"},       {"", " ", NULL, " HTTP/1.1"},
        {"POST:", " ", NULL, " HTTP/1.1"},       {"\"POST\"", " ", NULL, " HTTP/1.1"},
        {"P\xc3\x96ST", " ", NULL, " HTTP/1.1"},
    };

    expect_lines_refused(*state, lines, COUNT(lines), MAY_3XX | MAY_4XX | MAY_501 | MAY_CLOSE);
}

static void a_target_is_a_path_or_an_address(void **state)
{
    static const struct line lines[] = {
        {NULL, " ", "?\x01", " HTTP/1.1"},       {NULL, " ", "?\x7f", " HTTP/1.1"},
        {NULL, " ", "?\xff", " HTTP/1.1"},       {NULL, " ", "?a#b", " HTTP/1.1"},
        {NULL, " ", "session", " HTTP/1.1"},     {NULL, " ", "", " HTTP/1.1"},
        {NULL, " ", "*", " HTTP/1.1"},           {NULL, " ", "http://", " HTTP/1.1"},
        {NULL, " ", "http:///a", " HTTP/1.1"},   {NULL, " ", "http://a b/", " HTTP/1.1"},
        {NULL, " ", "http://:80/", " HTTP/1.1"}, {NULL, " ", "http://a@b/", " HTTP/1.1"},
        {NULL, " ", "assay:80", " HTTP/1.1"},
    };

    expect_lines_refused(*state, lines, COUNT(lines), MAY_3XX | MAY_4XX | MAY_501 | MAY_CLOSE);
}

/* RFC 9112 3 lets a recipient take any white space for the one space, at its own risk. */
static void there_is_one_space_between_the_parts(void **state)
{
    static const struct line lines[] = {
        {NULL, "  ", NULL, " HTTP/1.1"}, {NULL, "\t", NULL, " HTTP/1.1"}, {NULL, " ", NULL, "  HTTP/1.1"},
        {NULL, " ", NULL, "\tHTTP/1.1"}, {NULL, " ", NULL, " HTTP/1.1 "}, {NULL, "\x0b", NULL, " HTTP/1.1"},
        {NULL, " ", NULL, "\rHTTP/1.1"},
    };

    expect_lines_refused(*state, lines, COUNT(lines),
                         MAY_3XX | MAY_4XX | MAY_505 | MAY_501 | MAY_CLOSE | http_leeway(*state));
}

static void expect_version_served(struct http_target *server, const char *version, unsigned legal)
{
    struct http_peer *peer = send_line(server, &(struct line){NULL, " ", NULL, version});

    expect_legal(http_read(peer), legal);
    http_hang_up(peer);
}

static void http_1_0_is_served(void **state)
{
    expect_version_served(*state, " HTTP/1.0", MAY_2XX);
}

/* RFC 9110 6.2. 505 is for a version that is not supported (15.6.6). */
static void a_higher_minor_version_is_served_as_1_1(void **state)
{
    expect_version_served(*state, " HTTP/1.2", MAY_2XX | MAY_505);
}

static void a_well_formed_line_is_served(void **state)
{
    expect_version_served(*state, " HTTP/1.1", MAY_2XX);
}

const struct check check = {
    .title = "A malformed request line is refused",
    .level = SHOULD,
    .origins = {"RFC 9112 3", "RFC 9112 2.3", "RFC 9110 9.1", "RFC 9110 6.2"},
    .cases =
        {
            CASE(a_version_is_HTTP_slash_one_dot_digit),
            CASE(a_method_is_a_token),
            CASE(a_target_is_a_path_or_an_address),
            CASE(there_is_one_space_between_the_parts),
            CASE(http_1_0_is_served),
            CASE(a_higher_minor_version_is_served_as_1_1),
            CONTROL(a_well_formed_line_is_served),
        },
};
