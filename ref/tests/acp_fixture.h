/* A world for the ACP core: clients that are told apart by their ids, a clock that moves when it is told to, and all
 * that comes out, kept per client in the order in which it came. Failing checks end the test. */
#ifndef REF_TESTS_ACP_FIXTURE_H
#define REF_TESTS_ACP_FIXTURE_H

#include "acp/acp.h"
#include "base/buffer.h"
#include "json/span.h"
#include "json/string.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORLD_CLIENTS_MAX = 256, WORLD_TEXT_MAX_BYTES = 64 << 20, WORLD_TICKS_MAX = 100000 };

struct inbox {
    struct acp_action *first, *last;
    bool stalled; /* takes nothing */
    int closed;   /* by this code */
};

struct world {
    struct acp_limits limits;
    struct log log;
    struct buffer lines; /* of the log */
    struct acp *acp;
    int64_t now_ms;
    struct inbox inboxes[WORLD_CLIENTS_MAX];
};

struct session {
    char id[64];
    char token[64];
};

static void world_log(void *context, const char *line)
{
    struct world *world = context;

    buffer_add_text(&world->lines, line);
}

/* Limits may be changed before world_begin(). */
static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->limits = acp_limits_default();
    world->lines = buffer_new(WORLD_TEXT_MAX_BYTES);
    buffer_add_text(&world->lines, "");
    world->log = (struct log){LOG_DEBUG, world_log, world};
    return world;
}

static inline struct world *world_begin(struct world *world)
{
    world->acp = acp_new(&world->limits, &scripted_agent, NULL, &world->log);
    assert_non_null(world->acp);
    return world;
}

static inline void keep_action(struct world *world, struct acp_action *action)
{
    struct inbox *inbox = &world->inboxes[action->client % WORLD_CLIENTS_MAX];

    assert_int_equal(inbox->closed, 0); /* nothing behind the farewell */
    action->next = NULL;
    if (action->kind == ACP_CLOSE)
        inbox->closed = action->code;
    else if (!inbox->stalled)
        acp_taken(world->acp, action->client, action->bytes, world->now_ms);
    if (inbox->last)
        inbox->last->next = action;
    else
        inbox->first = action;
    inbox->last = action;
}

static inline void collect(struct world *world)
{
    struct acp_action *next;

    for (struct acp_action *action = acp_take_actions(world->acp); action; action = next) {
        next = action->next;
        keep_action(world, action);
    }
}

/* Ticks until there is nothing to do before a later time. */
static inline void settle(struct world *world)
{
    for (int i = 0; acp_wake_ms(world->acp) <= world->now_ms; i++) {
        assert_true(i < WORLD_TICKS_MAX);
        acp_tick(world->acp, world->now_ms);
        collect(world);
    }
    collect(world);
}

static inline void pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    settle(world);
}

static inline uint64_t join(struct world *world)
{
    uint64_t client;

    assert_int_equal(acp_join(world->acp, world->now_ms, &client), ACP_OK);
    world->inboxes[client % WORLD_CLIENTS_MAX].closed = 0;
    return client;
}

/* One message; the agent does not move before settle(). */
static inline void say(struct world *world, uint64_t client, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline void say(struct world *world, uint64_t client, const char *format, ...)
{
    char *text;
    va_list arguments;
    int bytes;

    va_start(arguments, format);
    bytes = vasprintf(&text, format, arguments);
    va_end(arguments);
    assert_true(bytes >= 0);
    acp_receive(world->acp, client, text, (size_t)bytes, world->now_ms);
    free(text);
    collect(world);
}

/* The next message to that client, for the caller to free; NULL: there is none. */
static inline char *heard(struct world *world, uint64_t client)
{
    struct inbox *inbox = &world->inboxes[client % WORLD_CLIENTS_MAX];
    struct acp_action *action = inbox->first;
    char *text;

    if (!action)
        return NULL;
    inbox->first = action->next;
    if (!inbox->first)
        inbox->last = NULL;
    text = action->text;
    free(action);
    return text;
}

/* The next message holds all these pieces of text; the last one is NULL. */
static inline void expect_pieces(struct world *world, uint64_t client, const char *const pieces[])
{
    char *text = heard(world, client);

    if (!text)
        fail_msg("client %" PRIu64 " heard nothing, not %s", client, pieces[0]);
    for (; *pieces; pieces++) {
        if (!strstr(text, *pieces))
            fail_msg("client %" PRIu64 " heard %s, not %s", client, text, *pieces);
    }
    free(text);
}

#define expect(world, client, ...) expect_pieces(world, client, (const char *const[]){__VA_ARGS__, NULL})

static inline void expect_silence(struct world *world, uint64_t client)
{
    char *text = heard(world, client);

    if (text)
        fail_msg("client %" PRIu64 " heard %s", client, text);
}

static inline void forget_all(struct world *world, uint64_t client)
{
    char *text;

    while ((text = heard(world, client)))
        free(text);
}

static inline void world_free(struct world *world)
{
    for (uint64_t client = 0; client < WORLD_CLIENTS_MAX; client++)
        forget_all(world, client);
    acp_free(world->acp);
    buffer_free(&world->lines);
    free(world);
}

/* How often a piece of text stands in the log. */
static inline int logged(const struct world *world, const char *piece)
{
    int count = 0;

    for (const char *at = world->lines.data; (at = strstr(at, piece)); at++)
        count++;
    return count;
}

/* Copies the string member of that name, wherever it stands in the text. */
static inline void copy_member(const char *text, const char *name, char value[64])
{
    char key[64];
    const char *at;

    snprintf(key, sizeof key, "\"%s\":\"", name);
    at = strstr(text, key);
    if (!at)
        fail_msg("no %s in %s", name, text);
    snprintf(value, 64, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

static inline uint64_t join_ready(struct world *world, const char *capabilities)
{
    uint64_t client = join(world);

    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":1,"
        "\"clientCapabilities\":%s}}",
        capabilities);
    expect(world, client, "\"id\":0,\"result\":{\"protocolVersion\":1,");
    return client;
}

static inline struct session new_session_in(struct world *world, uint64_t client, const char *cwd)
{
    struct session session;
    char *text;

    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":\"new\",\"method\":\"session/new\",\"params\":{\"cwd\":\"%s\",\"mcpServers\":[]}}",
        cwd);
    text = heard(world, client);
    assert_non_null(text);
    copy_member(text, "sessionId", session.id);
    copy_member(text, "resumeToken", session.token);
    free(text);
    return session;
}

static inline struct session new_session(struct world *world, uint64_t client)
{
    return new_session_in(world, client, "/project");
}

static inline void prompt(struct world *world, uint64_t client, const char *session, int id, const char *text)
{
    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"session/prompt\",\"params\":{\"sessionId\":\"%s\",\"prompt\":[{"
        "\"type\":\"text\",\"text\":\"%s\"}]}}",
        id, session, text);
}

/* A method with a sessionId and more members, each with a comma in front. */
static inline void ask(struct world *world, uint64_t client, int id, const char *method, const char *session,
                       const char *more)
{
    say(world, client,
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":{\"sessionId\":\"%s\",\"cwd\":\"/project\","
        "\"mcpServers\":[]%s}}",
        id, method, session, more);
}

/* session/load or session/resume with a token. */
static inline void claim(struct world *world, uint64_t client, int id, const char *method,
                         const struct session *session)
{
    char meta[128];

    snprintf(meta, sizeof meta, ",\"_meta\":{\"resumeToken\":\"%s\"}", session->token);
    ask(world, client, id, method, session->id, meta);
}

static inline void cancel(struct world *world, uint64_t client, const char *session)
{
    say(world, client, "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{\"sessionId\":\"%s\"}}",
        session);
}

/* A session that has been greeted, so that the next thing to be heard is the agent's. */
static inline struct session greeted_session(struct world *world, uint64_t client)
{
    struct session session = new_session(world, client);

    prompt(world, client, session.id, 1, "echo ready");
    settle(world);
    expect(world, client, "Hello");
    expect(world, client, "\"ready\"");
    expect(world, client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"stopReason\":\"end_turn\"}}");
    expect_silence(world, client);
    return session;
}

#endif
