/* Over its number of connections a server says so, or closes, at once; and it serves again when there is room. */
#include "check.h"
#include "http/expect.h"

/* A limit that is fixed may be as large as there are descriptors for: 1024 is what many a system gives a process. */
enum { LIMIT = 20, LIMIT_MAX = 400, BEYOND = 10, LATE_MAX = BEYOND / 2, CROWD = 100, AGAIN_MS = 5000 };

/* Returns how many connections it takes. */
static int limited_server(struct http_target *server)
{
    int limit = (int)http_restart_with_limit(server, "http.connections", LIMIT, LIMIT_MAX);

    if (limit < 2)
        not_applicable("the server takes one connection at a time, and this case needs two");
    return limit;
}

/* It has begun a request, so that the server knows of it. */
static struct http_peer *begin(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "%s %s HTTP/1.1\r\n", server->json_endpoints->method, server->json_endpoints->path);
    return peer;
}

static void fill(struct http_target *server, struct http_peer **peers, int count)
{
    for (int i = 0; i < count; i++)
        peers[i] = begin(server);
}

/* One with a whole request: some servers read that before they answer 503. */
static struct http_peer *ask(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send_json(peer, server->json_endpoints, server->json_endpoints->body);
    return peer;
}

static void empty(struct http_peer **peers, int count)
{
    for (int i = 0; i < count; i++)
        http_hang_up(peers[i]);
}

static bool is_turned_away(struct http_answer answer)
{
    return answer.status == 503 || answer.outcome == HTTP_CLOSED || answer.outcome == HTTP_RESET;
}

static void expect_turned_away(struct http_answer answer)
{
    expect_answer(answer, is_turned_away(answer), "503, or a close");
}

/* Was one of those who have begun turned away, as the server may not have noticed yet that an earlier one had left?
 * Then there was room for another, a few times at most. Its place is taken again. */
static bool had_room(struct http_target *server, struct http_peer **peers, int count)
{
    for (int i = 0; i < count; i++)
        if (http_pause(peers[i], 0)) {
            http_hang_up(peers[i]);
            peers[i] = begin(server);
            return true;
        }
    return false;
}

static void who_comes_too_many_is_turned_away(void **state)
{
    struct http_target *server = *state;
    int limit = limited_server(server);
    struct http_peer *peers[LIMIT_MAX];
    int late = 0;

    fill(server, peers, limit);
    for (int i = 0; i < BEYOND; i++) {
        struct http_peer *extra = ask(server);
        struct http_answer answer = http_read(extra);

        if (is_turned_away(answer) || late == LATE_MAX || !had_room(server, peers, limit))
            expect_turned_away(answer);
        else
            late++;
        http_hang_up(extra);
    }
    empty(peers, limit);
}

/* Nor does a crowd wait, of which each is still there when the next one comes. */
static void a_crowd_is_turned_away(void **state)
{
    struct http_target *server = *state;
    int limit = limited_server(server);
    struct http_peer *peers[LIMIT_MAX];
    struct http_peer *crowd[CROWD];
    int late = 0;

    fill(server, peers, limit);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = ask(server);
    for (int i = 0; i < CROWD; i++) {
        struct http_answer answer = http_read(crowd[i]);

        if (is_turned_away(answer) || late == LATE_MAX || !had_room(server, peers, limit))
            expect_turned_away(answer);
        else
            late++;
    }
    empty(crowd, CROWD);
    empty(peers, limit);
}

/* Those who were there first go on as if nobody had come. */
static void who_was_there_is_served(void **state)
{
    struct http_target *server = *state;
    int limit = limited_server(server);
    struct http_peer *peers[LIMIT_MAX / 2];
    struct http_peer *extra[LIMIT_MAX];

    fill(server, peers, limit / 2);
    fill(server, extra, limit);
    for (int i = 0; i < limit / 2; i++) {
        http_send(peers[i], "%sContent-Length: 2\r\n\r\n{}", server->fields);
        struct http_answer answer = http_read(peers[i]);
        expect_answer(answer, answer.outcome == HTTP_ANSWER && answer.status != 503, "an answer to the request");
    }
    empty(peers, limit / 2);
    empty(extra, limit);
}

/* Fills the server twice over, and leaves: afterwards there is room. */
static void there_is_room_again_afterwards(void **state)
{
    struct http_target *server = *state;
    int limit = limited_server(server);
    struct http_answer answer = {.status = 503};
    int64_t end_ns;

    for (int round = 0; round < 2; round++) {
        struct http_peer *peers[LIMIT_MAX + BEYOND];

        fill(server, peers, limit + BEYOND);
        empty(peers, limit + BEYOND);
    }
    end_ns = deadline_after(AGAIN_MS);
    while (is_turned_away(answer) && now_ns() < end_ns) {
        struct http_peer *peer = ask(server);

        answer = http_read(peer);
        if (is_turned_away(answer))
            http_pause(peer, 10);
        else
            expect_success(answer);
        http_hang_up(peer);
    }
    expect_integer(is_turned_away(answer), 0, "turned away after five seconds:");
}

static void below_the_limit_all_are_served(void **state)
{
    struct http_target *server = *state;
    int limit = limited_server(server);
    struct http_peer *peers[LIMIT_MAX / 2];

    for (int i = 0; i < limit / 2; i++) {
        peers[i] = ask(server);
        expect_success(http_read(peers[i]));
    }
    empty(peers, limit / 2);
}

const struct check check = {
    .title = "Beyond its connections a server turns clients away at once, and has room again later",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "RFC 9110 15.6.4", "CWE-770"},
    .cases =
        {
            CASE(who_comes_too_many_is_turned_away),
            CASE(a_crowd_is_turned_away),
            CASE(who_was_there_is_served),
            CASE(there_is_room_again_afterwards),
            CONTROL(below_the_limit_all_are_served),
        },
};
