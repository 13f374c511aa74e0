/* GET /event is a stream of Server-Sent Events: it begins with server.connected, brings every message that is appended
 * to every subscriber, in order, and a heartbeat when there is nothing to say. */
#include "check.h"
#include "http/expect.h"
#include "http/series.h"
#include "json/json.h"
#include "wire/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SUBSCRIBERS = 3,
    MESSAGES = 20,
    HEARTBEAT_MS = 200,
    HEARTBEAT_MAX_MS = HTTP_WAIT_MS - 5000,
    ID_BYTES = 64,
    DATA_MAX_BYTES = 1 << 20,
    FLOOD_SESSIONS = 10,
    FLOOD_MESSAGES = 100, /* of each session */
    FLOOD_TEXT_BYTES = 32 << 10,
};

/* A subscriber, how far its stream was read, and its last event: NULL, or to be freed with the next. */
struct subscriber {
    struct http_peer *peer;
    struct http_answer answer;
    size_t at;
    const struct json *event;
};

/* --- messages --- */

struct message {
    char id[ID_BYTES]; /* of its session */
    int64_t seq;
};

static void read_id(struct http_answer answer, char id[ID_BYTES], int64_t *seq)
{
    expect_success(answer);
    const struct json *body = json_read(answer.body, answer.body_bytes, NULL);
    const char *given = json_get_string(body, "session_id");
    bool whole = given && (!seq || json_get_integer(body, "seq", seq));

    if (whole)
        snprintf(id, ID_BYTES, "%s", given);
    json_free(body);
    expect(whole, WRONG, "a session_id, and a seq with a message", "%s", answer.summary);
}

static void create(struct http_series *series, char id[ID_BYTES])
{
    read_id(http_series_ask_json(series, &(struct http_endpoint){"POST", "/session", NULL}, "{}", 2), id, NULL);
}

/* Appends the text, which is JSON without its quotation marks, to the session. */
static struct message append(struct http_series *series, const char *id, const char *text)
{
    char path[ID_BYTES + 32];
    struct message message;
    char *body;

    snprintf(path, sizeof path, "/session/%s/message", id);
    if (asprintf(&body, "{\"text\":\"%s\"}", text) < 0)
        error_of_environment("no memory for a message");
    const struct http_endpoint endpoint = {"POST", path, NULL};
    read_id(http_series_ask_json(series, &endpoint, body, strlen(body)), message.id, &message.seq);
    free(body);
    return message;
}

/* --- subscribers --- */

/* The next event that has data, read as JSON; `wanted` is what the room waits for. */
static void next_event(struct subscriber *subscriber, const char *wanted)
{
    struct http_answer *answer = &subscriber->answer;
    struct text data;

    text_init(&data, DATA_MAX_BYTES);
    while (!sse_next(answer->body, answer->body_bytes, &subscriber->at, &data)) {
        *answer = http_read_more(subscriber->peer, answer->body_bytes, HTTP_WAIT_MS);
        expect(answer->outcome == HTTP_ANSWER, SILENT, wanted, "%s", answer->summary);
    }
    json_free(subscriber->event);
    subscriber->event = json_read(data.bytes, data.length, NULL);
    expect(subscriber->event, WRONG, "JSON in the data of an event", "%s", data.bytes);
    text_free(&data);
}

static bool is_type(const struct json *event, const char *type)
{
    const char *named = json_get_string(event, "type");

    return named && strcmp(named, type) == 0;
}

/* The next event of that type. Others may come in between. */
static const struct json *expect_event(struct subscriber *subscriber, const char *type)
{
    int64_t end_ns = deadline_after(HTTP_WAIT_MS);

    do {
        expect(now_ns() < end_ns, SILENT, type, "other events only");
        next_event(subscriber, type);
    } while (!is_type(subscriber->event, type));
    return subscriber->event;
}

/* Asks for the stream, and reads its first event. */
static void subscribe(struct http_target *server, struct subscriber *subscriber)
{
    *subscriber = (struct subscriber){.peer = http_dial(server)};
    http_send(subscriber->peer, "GET /event HTTP/1.1\r\n%sAccept: text/event-stream\r\n\r\n", server->fields);
    next_event(subscriber, "server.connected");
    expect_status(subscriber->answer, 200);
    const char *type = http_answer_field(&subscriber->answer, "Content-Type");
    expect(type && strncasecmp(type, "text/event-stream", 17) == 0, WRONG, "Content-Type: text/event-stream", "%s",
           type ? type : "none");
    expect(is_type(subscriber->event, "server.connected"), WRONG, "server.connected as the first event", "%s",
           subscriber->answer.summary);
}

static void leave(struct subscriber *subscriber)
{
    json_free(subscriber->event);
    http_hang_up(subscriber->peer);
}

/* The next message in the stream is this one. */
static void expect_message(struct subscriber *subscriber, const struct message *message, const char *text)
{
    const struct json *event = expect_event(subscriber, "session.event");
    const char *came = json_get_string(json_get(event, "event"), "text");
    const char *id = json_get_string(event, "session_id");
    int64_t seq = 0;

    expect(came && strcmp(came, text) == 0, WRONG, "the messages in the order in which they were appended",
           "%.60s where %.60s was due", came ? came : "no text", text);
    expect_text(id, message->id, "the session_id of an event");
    expect(json_get_integer(event, "seq", &seq), WRONG, "a seq", "an event without one");
    expect_integer(seq, message->seq, "the seq of an event");
}

/* --- cases --- */

static void the_first_event_is_server_connected(void **state)
{
    struct subscriber subscriber;

    http_need_contract(*state);
    subscribe(*state, &subscriber);
    leave(&subscriber);
}

static void every_subscriber_hears_every_message_in_order(void **state)
{
    struct http_series series = {.server = *state};
    struct subscriber subscribers[SUBSCRIBERS];
    struct message messages[MESSAGES];
    char id[ID_BYTES];
    char text[32];

    http_need_contract(*state);
    create(&series, id);
    for (int i = 0; i < SUBSCRIBERS; i++)
        subscribe(*state, &subscribers[i]);
    for (int n = 0; n < MESSAGES; n++) {
        snprintf(text, sizeof text, "message-%03d", n);
        messages[n] = append(&series, id, text);
    }
    for (int i = 0; i < SUBSCRIBERS; i++) {
        for (int n = 0; n < MESSAGES; n++) {
            snprintf(text, sizeof text, "message-%03d", n);
            expect_message(&subscribers[i], &messages[n], text);
        }
        leave(&subscribers[i]);
    }
    http_series_end(&series);
}

/* Whatever a text holds, it neither ends an event nor begins one. */
static void a_text_is_no_part_of_the_framing(void **state)
{
    struct http_series series = {.server = *state};
    struct subscriber subscriber;
    char id[ID_BYTES];

    http_need_contract(*state);
    create(&series, id);
    subscribe(*state, &subscriber);
    struct message message = append(&series, id, "line one\\nline two\\n\\ndata: x\\r\\u2028data: y");
    expect_message(&subscriber, &message,
                   "line one\nline two\n\ndata: x\r\xe2\x80\xa8"
                   "data: y");
    leave(&subscriber);
    http_series_end(&series);
}

static void silence_is_broken_by_heartbeats(void **state)
{
    struct http_target *server = *state;
    struct subscriber subscriber;

    http_need_contract(server);
    http_restart_with_limit(server, "http.heartbeat_ms", HEARTBEAT_MS, HEARTBEAT_MAX_MS);
    subscribe(server, &subscriber);
    expect_event(&subscriber, "server.heartbeat");
    expect_event(&subscriber, "server.heartbeat");
    leave(&subscriber);
}

/* Many messages, of sessions that are deleted again, so that a server that keeps sessions in memory need not keep
 * these; one subscriber hears each of them. Returns by how much the server's memory grew. */
static int64_t flood(struct http_target *server)
{
    struct http_series series = {.server = server};
    int64_t before_bytes = http_usage(server).resident_bytes;
    static char text[FLOOD_TEXT_BYTES + 1];
    struct subscriber subscriber;
    char path[ID_BYTES + 32];
    char id[ID_BYTES];

    memset(text, 'x', FLOOD_TEXT_BYTES);
    for (int i = 0; i < FLOOD_SESSIONS; i++) {
        create(&series, id);
        subscribe(server, &subscriber);
        for (int n = 0; n < FLOOD_MESSAGES; n++) {
            struct message message = append(&series, id, text);

            expect_message(&subscriber, &message, text);
        }
        leave(&subscriber);
        snprintf(path, sizeof path, "/session/%s", id);
        expect_success(http_series_ask_json(&series, &(struct http_endpoint){"DELETE", path, NULL}, "", 0));
    }
    http_series_end(&series);
    return http_usage(server).resident_bytes - before_bytes;
}

/* A subscriber that reads nothing is cut off or left behind; nobody waits for it, and memory does not grow with what it
 * has not read. What the messages alone cost is measured first, without it. */
static void a_deaf_subscriber_holds_up_nobody(void **state)
{
    const int64_t half_bytes = (int64_t)FLOOD_SESSIONS * FLOOD_MESSAGES * FLOOD_TEXT_BYTES / 2;
    struct http_target *server = *state;

    http_need_contract(server);
    int64_t alone_bytes = flood(server);
    struct http_peer *deaf = http_dial_narrow(server);
    http_read_slowly(deaf, 0, 0);
    http_send(deaf, "GET /event HTTP/1.1\r\n%s\r\n", server->fields);
    int64_t growth_bytes = flood(server);
    expect(growth_bytes < alone_bytes + half_bytes, LEAK, "less memory than half of what was not read",
           "%lld bytes more than before, and %lld without the subscriber", (long long)growth_bytes,
           (long long)alone_bytes);
    http_reset(deaf);
}

static void other_requests_are_served_meanwhile(void **state)
{
    struct http_target *server = *state;

    http_need_contract(server);
    struct http_peer *peer = http_dial(server);
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
            CASE(a_text_is_no_part_of_the_framing),
            CASE(silence_is_broken_by_heartbeats),
            MEASURE(a_deaf_subscriber_holds_up_nobody),
            CONTROL(other_requests_are_served_meanwhile),
        },
};
