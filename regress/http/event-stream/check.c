/* GET /event is a stream of Server-Sent Events: it begins with server.connected, brings every message that is appended
 * to every subscriber, in order, and a heartbeat when there is nothing to say. */
#include "check.h"
#include "json.h"
#include "peers/http_expect.h"

#include <stdio.h>
#include <string.h>

enum { SUBSCRIBERS = 3, MESSAGES = 20, HEARTBEAT_MS = 200, FLOOD_MESSAGES = 2000, FLOOD_TEXT_BYTES = 16 << 10 };

/* The route that appends a message to the session that assay has created. */
static const struct http_endpoint *message_endpoint(const struct http_target *server)
{
    const struct http_endpoint *endpoint = server->json_endpoints;

    while (endpoint->path && !strstr(endpoint->path, "/message"))
        endpoint++;
    return endpoint;
}

static void append(struct http_target *server, const char *text)
{
    struct http_peer *peer = http_dial(server);
    char body[256];

    snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
    http_send_json(peer, message_endpoint(server), body);
    expect_success(http_read(peer));
    http_hang_up(peer);
}

static struct http_answer expect_event(struct http_peer *peer, const char *text)
{
    struct http_answer answer = http_read_until(peer, text, HTTP_WAIT_MS);

    expect(answer.outcome == HTTP_ANSWER, SILENT, text, "%s", answer.summary);
    return answer;
}

/* Subscribed once the first event is there. */
static struct http_peer *subscribe(struct http_target *server)
{
    struct http_peer *peer = http_dial(server);

    http_send(peer, "GET /event HTTP/1.1\r\n%sAccept: text/event-stream\r\n\r\n", server->fields);
    struct http_answer answer = expect_event(peer, "data: {\"type\":\"server.connected\"}\n\n");
    expect_status(answer, 200);
    const char *type = http_answer_field(&answer, "Content-Type");
    expect(type && strncmp(type, "text/event-stream", 17) == 0, WRONG, "Content-Type: text/event-stream", "%s",
           type ? type : "none");
    expect(memmem(answer.body, 6, "data: ", 6), WRONG, "server.connected as the first event", "%s", answer.summary);
    return peer;
}

static void the_first_event_is_server_connected(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    http_hang_up(subscribe(server));
}

/* Where the text stands in the stream; it must be there. */
static size_t position_of(struct http_answer answer, const char *text)
{
    const char *at = memmem(answer.body, answer.body_bytes, text, strlen(text));

    expect(at, SILENT, text, "%s", answer.summary);
    return (size_t)(at - answer.body);
}

static void every_subscriber_hears_every_message_in_order(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peers[SUBSCRIBERS];
    char text[32];

    http_need_contract(server);
    for (int i = 0; i < SUBSCRIBERS; i++)
        peers[i] = subscribe(server);
    for (int n = 0; n < MESSAGES; n++) {
        snprintf(text, sizeof text, "message-%03d", n);
        append(server, text);
    }
    for (int i = 0; i < SUBSCRIBERS; i++) {
        struct http_answer answer = expect_event(peers[i], "message-019");
        size_t before = 0;

        for (int n = 0; n < MESSAGES; n++) {
            snprintf(text, sizeof text, "message-%03d", n);
            size_t at = position_of(answer, text);
            expect(at > before, WRONG, "the messages in the order in which they were appended", "%s out of order",
                   text);
            before = at;
        }
        http_hang_up(peers[i]);
    }
}

/* One event a message, a line of JSON each, of the contract's shape. */
static void an_event_is_one_line_of_json(void **state)
{
    static const char data[] = "\n\ndata: ";
    struct http_target *server = *state;

    http_need_contract(server);
    struct http_peer *peer = subscribe(server);
    append(server, "line one\\nline two\\u2028data: x");
    expect_event(peer, "line two");
    struct http_answer answer = expect_event(peer, "data: x\"}}\n\n");
    const char *begin = (const char *)memmem(answer.body, answer.body_bytes, data, strlen(data)) + strlen(data);
    const char *end = strstr(begin, "\n\n");
    const struct json *event = json_read(begin, (size_t)(end - begin), NULL);
    expect(event, WRONG, "JSON in the data of an event", "%.*s", (int)(end - begin), begin);
    expect_text(json_get_string(event, "type"), "session.event", "type");
    expect_text(json_get_string(json_get(event, "event"), "text"),
                "line one\nline two\xe2\x80\xa8"
                "data: x",
                "text");
    json_free(event);
    http_hang_up(peer);
}

static void silence_is_broken_by_heartbeats(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    http_restart(server, &(struct http_settings){.limits = {{"http.heartbeat_ms", HEARTBEAT_MS}}});
    struct http_peer *peer = subscribe(server);
    expect_event(peer, "data: {\"type\":\"server.heartbeat\"}\n\n");
    expect_event(peer, "data: {\"type\":\"server.heartbeat\"}\n\ndata: {\"type\":\"server.heartbeat\"}\n\n");
    http_hang_up(peer);
}

/* A subscriber that reads nothing is cut off or left behind; nobody waits for it, and memory does not grow with it. */
static void a_deaf_subscriber_holds_up_nobody(void **state)
{
    struct http_target *server = *state;
    static char text[FLOOD_TEXT_BYTES + 1];
    static char body[FLOOD_TEXT_BYTES + 32];

    http_need_contract(server);
    struct http_peer *deaf = http_dial_narrow(server);
    http_read_slowly(deaf, 0, 0);
    http_send(deaf, "GET /event HTTP/1.1\r\n%s\r\n", server->fields);
    struct http_peer *listening = subscribe(server);
    memset(text, 'x', FLOOD_TEXT_BYTES);
    snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
    struct http_peer *writer = http_dial(server);
    int64_t before_bytes = http_usage(server).resident_bytes;
    for (int i = 0; i < FLOOD_MESSAGES; i++) {
        http_send_json(writer, message_endpoint(server), body);
        expect_success(http_read(writer));
        if (i % 100 == 99) {
            http_hang_up(listening);
            listening = subscribe(server);
        }
    }
    int64_t growth = http_usage(server).resident_bytes - before_bytes;
    expect(growth < (int64_t)FLOOD_MESSAGES * FLOOD_TEXT_BYTES, LEAK, "less memory than all that was not read",
           "%lld bytes more than before", (long long)growth);
    append(server, "the last one");
    expect_event(listening, "the last one");
    http_hang_up(listening);
    http_hang_up(writer);
    http_reset(deaf);
}

static void other_requests_are_served_meanwhile(void **state)
{
    struct http_target *server = *state;
    struct http_peer *peer = http_dial(server);

    http_need_contract(server);
    http_send(peer, "GET /event HTTP/1.1\r\n%s\r\n", server->fields);
    expect_alive(server);
    http_hang_up(peer);
}

const struct check check = {
    .title = "The event stream brings every message to every subscriber, in order",
    .level = MUST,
    .origins = {"the openagentic-sdk HTTP contract", "P28C-12"},
    .cases =
        {
            CASE(the_first_event_is_server_connected),
            CASE(every_subscriber_hears_every_message_in_order),
            CASE(an_event_is_one_line_of_json),
            CASE(silence_is_broken_by_heartbeats),
            MEASURE(a_deaf_subscriber_holds_up_nobody),
            CONTROL(other_requests_are_served_meanwhile),
        },
};
