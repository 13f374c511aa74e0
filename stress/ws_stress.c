/* Threads are clients of the agent over WebSockets: sessions, prompts, calls back, cancels, first prompts that wait for
 * a discovery, peers that leave without a word and take their session up again just when it may be swept; and then the
 * server is stopped with all of them still there.
 *
 *     stress-ws [SEED]
 *
 * Under ThreadSanitizer (ci/tsan) a data race is reported. In any build each client hears what belongs to it, and every
 * prompt is answered once. */
#include "acp/agent.h"
#include "http_client.h"
#include "server/server.h"
#include "tempdir.h"
#include "threads.h"
#include "websocket/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ThreadSanitizer bears no more than 64 connections or so. */
enum { CLIENTS = 6, ROUNDS = 40, MESSAGE_BYTES = 512, ID_BYTES = 48, TOKEN_BYTES = 64, GRACE_MS = 3 };

struct fixture {
    int port;
};

struct client {
    int fd;
    struct websocket_decoder decoder;
    char in[16 << 10];
    size_t at, end; /* of in, not decoded yet */
    int next_id;
    char session[ID_BYTES], token[TOKEN_BYTES];
    int resumed, swept;
};

struct clients {
    struct client client[CLIENTS];
};

static bool client_say(struct client *client, const char *text)
{
    struct buffer frame = buffer_new(SIZE_MAX);

    websocket_add_frame(&frame, WEBSOCKET_OPCODE_TEXT, (const unsigned char *)"mask", text, strlen(text));
    ssize_t sent = send(client->fd, frame.data, frame.bytes, MSG_NOSIGNAL);
    bool right = sent == (ssize_t)frame.bytes;
    buffer_free(&frame);
    return right;
}

/* The next message. NULL: something else comes, or nothing. */
static const char *client_hear(struct client *client)
{
    for (;;) {
        size_t consumed;
        enum websocket_event event =
            websocket_decode(&client->decoder, client->in + client->at, client->end - client->at, &consumed);

        client->at += consumed;
        if (event != WEBSOCKET_MORE)
            return event == WEBSOCKET_TEXT ? client->decoder.payload : NULL;
        ssize_t count = recv(client->fd, client->in, sizeof client->in, 0);
        if (count <= 0)
            return NULL;
        client->at = 0;
        client->end = (size_t)count;
    }
}

static void copy_member(const char *text, const char *name, char *value, size_t value_bytes)
{
    char pattern[32];

    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    const char *at = strstr(text, pattern);
    if (at)
        snprintf(value, value_bytes, "%.*s", (int)strcspn(at + strlen(pattern), "\""), at + strlen(pattern));
}

/* Answers what the agent asks: the file is as long as its name. */
static void answer_call(struct client *client, const char *call)
{
    char id[ID_BYTES] = "", text[MESSAGE_BYTES];

    copy_member(call, "id", id, sizeof id);
    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"content\":\"a file\"}}", id);
    client_say(client, text);
}

/* Hears everything up to the answer to that request, which is returned. Updates are those of the client's session. */
static const char *client_await(struct worker *worker, struct client *client, int id)
{
    char pattern[32];
    const char *text;

    snprintf(pattern, sizeof pattern, "{\"jsonrpc\":\"2.0\",\"id\":%d,", id);
    while ((text = client_hear(client)) && strncmp(text, pattern, strlen(pattern)) != 0) {
        threads_expect(worker, strstr(text, client->session), "not ours: %.80s", text);
        if (strstr(text, "fs/read_text_file"))
            answer_call(client, text);
    }
    threads_expect(worker, text, "no answer to %d", id);
    return text ? text : "";
}

/* Sends a request and returns its id. members: what stands in its params. */
static int client_ask(struct client *client, const char *method, const char *members)
{
    char text[2 * MESSAGE_BYTES];
    int id = client->next_id++;

    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":{%s}}", id, method,
             members);
    client_say(client, text);
    return id;
}

static void client_dial(struct worker *worker, struct client *client)
{
    const struct fixture *fixture = worker->shared;
    static const char handshake[] =
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    char head[1024] = "";
    size_t bytes = 0;

    client->fd = http_client_dial(fixture->port);
    client->at = client->end = 0;
    websocket_end(&client->decoder);
    websocket_begin(&client->decoder, WEBSOCKET_CLIENT, 16 << 20);
    bool right = http_client_send(client->fd, handshake);
    while (right && bytes < sizeof head - 1 && !strstr(head, "\r\n\r\n"))
        right = recv(client->fd, head + bytes++, 1, 0) == 1;
    threads_expect(worker, right && strncmp(head, "HTTP/1.1 101 ", 13) == 0, "no upgrade: %.40s", head);
    int id = client_ask(client, "initialize",
                        "\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":true}}");
    threads_expect(worker, strstr(client_await(worker, client, id), "\"result\""), "not initialized");
}

static void client_begin_session(struct worker *worker, struct client *client)
{
    client->session[0] = '\0';
    const char *answer =
        client_await(worker, client, client_ask(client, "session/new", "\"cwd\":\"/\",\"mcpServers\":[]"));
    copy_member(answer, "sessionId", client->session, sizeof client->session);
    copy_member(answer, "resumeToken", client->token, sizeof client->token);
    threads_expect(worker, *client->session, "no session: %.80s", answer);
}

static int client_prompt(struct client *client, const char *text)
{
    char members[MESSAGE_BYTES];

    snprintf(members, sizeof members, "\"sessionId\":\"%s\",\"prompt\":[{\"type\":\"text\",\"text\":\"%s\"}]",
             client->session, text);
    return client_ask(client, "session/prompt", members);
}

static void expect_turn(struct worker *worker, struct client *client, int id, const char *how)
{
    const char *answer = client_await(worker, client, id);

    threads_expect(worker, strstr(answer, how), "%s was to come: %.80s", how, answer);
}

static void cancel(struct worker *worker, struct client *client)
{
    char text[MESSAGE_BYTES];
    int id = client_prompt(client, "sleep 3000000");

    snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":\"%s\"}}",
             client->session);
    client_say(client, text);
    expect_turn(worker, client, id, "\"cancelled\"");
}

/* Two prompts at once in a session that has had none: it is discovered once, and both are answered. */
static void discover(struct worker *worker, struct client *client)
{
    client_begin_session(worker, client);
    int first = client_prompt(client, "slow-discover 2");
    int second = client_prompt(client, "echo x");
    expect_turn(worker, client, first, "\"end_turn\"");
    expect_turn(worker, client, second, "\"end_turn\"");
}

/* Leaves without a word, and comes back for the session, about when it is swept: it is there and ours, or gone. */
static void resume(struct worker *worker, struct client *client)
{
    char members[MESSAGE_BYTES];

    if (threads_draw(worker, 2))
        client_prompt(client, threads_draw(worker, 2) ? "stream 50" : "read /a/file");
    http_client_reset(client->fd);
    client_dial(worker, client);
    snprintf(members, sizeof members,
             "\"sessionId\":\"%s\",\"cwd\":\"/\",\"mcpServers\":[],\"_meta\":{\"resumeToken\":\"%s\"}", client->session,
             client->token);
    int id = client_ask(client, "session/resume", members);
    if (strstr(client_await(worker, client, id), "\"result\"")) {
        expect_turn(worker, client, client_prompt(client, "echo x"), "\"end_turn\"");
        client->resumed++;
    } else {
        client_begin_session(worker, client);
        client->swept++;
    }
}

static void take_round(struct worker *worker, struct client *client)
{
    switch (threads_draw(worker, 6)) {
    case 0:
        expect_turn(worker, client, client_prompt(client, "echo x"), "\"end_turn\"");
        break;
    case 1:
        expect_turn(worker, client, client_prompt(client, "read /a/file"), "\"end_turn\"");
        break;
    case 2:
        cancel(worker, client);
        break;
    case 3:
        discover(worker, client);
        break;
    default:
        resume(worker, client);
    }
}

static void work(struct worker *worker)
{
    struct clients *clients = worker->own;

    for (size_t i = 0; i < CLIENTS; i++) {
        client_dial(worker, &clients->client[i]);
        client_begin_session(worker, &clients->client[i]);
    }
    for (size_t i = 0; i < ROUNDS * CLIENTS && worker->complaints == 0; i++)
        take_round(worker, &clients->client[threads_draw(worker, CLIENTS)]);
    for (size_t i = 0; i < CLIENTS; i++) /* nobody waits for this: the server is stopped meanwhile */
        client_prompt(&clients->client[i], "stream 1000");
}

/* The log is written as in a real run, to nowhere. */
static void drop_line(void *context, const char *line)
{
    (void)context, (void)line;
}

static void stop(const char *why)
{
    fprintf(stderr, "stress-ws: %s\n", why);
    exit(1);
}

static void hang_up(struct clients *clients, int *resumed, int *swept)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        *resumed += clients->client[i].resumed;
        *swept += clients->client[i].swept;
        close(clients->client[i].fd);
        websocket_end(&clients->client[i].decoder);
    }
}

int main(int argc, char **argv)
{
    static struct clients clients[THREADS_COUNT];
    const struct log log = {.write = drop_line};
    struct server_config config = {.address = "127.0.0.1", .limits = server_limits_default(), .log = log};
    const struct store_options options = {0};
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    char directory[TEMPDIR_BYTES];
    struct fixture fixture;
    struct server *server;
    struct error err;
    int resumed = 0, swept = 0;

    tempdir_make(directory);
    config.limits.stop_ms = 1000;
    config.limits.acp.grace_ms = GRACE_MS;
    if (store_open(directory, &options, &config.store, &err) != STORE_OK)
        stop(err.text);
    config.adapter = adapter_start(&config.limits.acp, &scripted_agent, NULL, &log, &err);
    if (!config.adapter || server_start(&config, &server, &err) != SERVER_OK)
        stop(err.text);
    fixture.port = server_port(server);
    size_t failures = threads_run(work, seed, &fixture, clients, sizeof *clients);
    server_stop(server);
    for (size_t i = 0; i < THREADS_COUNT; i++)
        hang_up(&clients[i], &resumed, &swept);
    adapter_stop(config.adapter);
    store_close(config.store);
    tempdir_remove(directory);
    printf("ws: %d threads, %d clients each, %d rounds; %d sessions resumed, %d swept; seed %" PRIu64
           "; %zu failures\n",
           THREADS_COUNT, CLIENTS, ROUNDS * CLIENTS, resumed, swept, seed, failures);
    return failures > 0;
}
