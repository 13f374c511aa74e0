/* What a watcher of the ACP core knows who sees only what goes in and what comes out: who is there, who asked what, and
 * whose which session is. It ends the process when the core says something to somebody who should not hear it. */
#ifndef FUZZ_ACP_MODEL_H
#define FUZZ_ACP_MODEL_H

#include "acp/acp.h"
#include "base/buffer.h"
#include "fuzz.h"

#include <string.h>

enum { MODEL_CLIENTS = 4, MODEL_TEXT_MAX_BYTES = 4096, MODEL_SESSIONS_MAX = 1024, MODEL_REQUESTS_MAX = 4096 };

#define REQUEST(method, params) "{\"jsonrpc\":\"2.0\",\"id\":\"#\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NOTIFICATION(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NAMED(method, more) REQUEST(method, "\"sessionId\":\"@\",\"cwd\":\"/\",\"mcpServers\":[]" more)
#define PROMPT(text) NAMED("session/prompt", ",\"prompt\":[{\"type\":\"text\",\"text\":\"" text "\"}]")
#define CLAIM(method) NAMED(method, ",\"_meta\":{\"resumeToken\":\"~\"}")
#define ANSWER(rest) "{\"jsonrpc\":\"2.0\",\"id\":\"^\"," rest "}"

/* What clients say: # is a new request's id, % the last one's, @ a session's, ~ its token, ^ the last call's. */
static const char *const model_patterns[] = {
    REQUEST("initialize", "\"protocolVersion\":1,\"clientCapabilities\":{\"fs\":{\"readTextFile\":true}}"),
    REQUEST("session/new", "\"cwd\":\"/\",\"mcpServers\":[]"),
    PROMPT("echo x"),
    PROMPT("sleep 40"),
    PROMPT("stream 90"),
    PROMPT("big 3000"),
    PROMPT("read /x"),
    PROMPT("permit x"),
    PROMPT("fail 7 x"),
    PROMPT("slow-discover 90"),
    PROMPT("fail-close"),
    CLAIM("session/load"),
    CLAIM("session/resume"),
    NAMED("session/load", ""),
    NAMED("session/close", ""),
    NAMED("session/delete", ""),
    NAMED("session/list", ""),
    NOTIFICATION("session/cancel", "\"sessionId\":\"@\""),
    NOTIFICATION("$/cancel_request", "\"requestId\":\"%\""),
    ANSWER("\"result\":{\"content\":\"x\"}"),
    ANSWER("\"error\":1,\"method\":\"x\""),
    "{",
    "[]",
    "{}",
};

enum { MODEL_PATTERNS = sizeof model_patterns / sizeof *model_patterns };

struct model_session {
    char id[40], token[48];
    uint64_t owner;   /* 0: nobody */
    uint64_t claimed; /* a bit for each client that has shown the token while nobody owned it */
};

struct model_request {
    uint64_t client; /* 0: it was answered */
    struct model_session *claim;
};

struct model_client {
    uint64_t id; /* 0: not there */
    size_t untaken_bytes;
};

static struct model {
    struct model_client clients[MODEL_CLIENTS];
    struct model_session sessions[MODEL_SESSIONS_MAX];
    struct model_request requests[MODEL_REQUESTS_MAX];
    size_t session_count, request_count;
    char call[40]; /* the last one's id */
} model;

static inline uint64_t model_bit(uint64_t client)
{
    return UINT64_C(1) << client % 64;
}

/* The client has gone; its sessions may be claimed. */
static inline void model_left(struct model_client *client)
{
    for (size_t i = 0; i < model.session_count; i++) {
        model.sessions[i].claimed &= ~model_bit(client->id);
        if (model.sessions[i].owner == client->id)
            model.sessions[i].owner = 0;
    }
    *client = (struct model_client){0, 0};
}

static inline void model_claim(struct model_session *session, uint64_t client)
{
    model.requests[model.request_count - 1].claim = session;
    if (session->owner == 0)
        session->claimed |= model_bit(client);
}

static inline void model_own(struct model_session *session, uint64_t client)
{
    fuzz_require(session->owner == client || (session->owner == 0 && session->claimed & model_bit(client)),
                 "a client hears of its own sessions only");
    session->owner = client;
    session->claimed = 0;
}

/* A session is named: by the answer that makes it, with its token behind it, or in something that is its owner's. */
static inline void model_named(const char *id, uint64_t client)
{
    static const char token[] = "\",\"_meta\":{\"resumeToken\":\"";
    struct model_session *session = model.sessions;
    struct model_session *end = model.sessions + model.session_count;

    while (session < end && strncmp(session->id, id, 36) != 0)
        session++;
    if (session == end) {
        fuzz_require(strncmp(id + 36, token, strlen(token)) == 0, "a session comes with its token");
        fuzz_require(model.session_count++ < MODEL_SESSIONS_MAX, "sessions are limited");
        *session = (struct model_session){.owner = client};
        snprintf(session->id, sizeof session->id, "%.36s", id);
        snprintf(session->token, sizeof session->token, "%.43s", id + 36 + strlen(token));
    }
    model_own(session, client);
}

static inline void model_sent(uint64_t client, const char *text)
{
    static const char key[] = "\"sessionId\":\"";
    size_t number;
    char what;

    if (sscanf(text, "{\"jsonrpc\":\"2.0\",\"id\":\"f%zu\",\"%c", &number, &what) == 2) {
        struct model_request *request = &model.requests[number];

        fuzz_require(request->client == client, "a request is answered once, and to its own client");
        request->client = 0;
        if (what == 'r' && request->claim)
            model_own(request->claim, client);
    }
    for (const char *at = text; (at = strstr(at, key)); at += strlen(key))
        model_named(at + strlen(key), client);
    if (strstr(text, "\"method\":\"fs/") || strstr(text, "\"method\":\"session/request"))
        sscanf(text, "{\"jsonrpc\":\"2.0\",\"id\":\"%36s", model.call);
}

/* Looks at everything that came out. */
static inline void model_watch(struct acp *acp)
{
    struct acp_action *next;

    for (struct acp_action *action = acp_take_actions(acp); action; action = next) {
        struct model_client *client = model.clients;

        next = action->next;
        while (client < model.clients + MODEL_CLIENTS && client->id != action->client)
            client++;
        fuzz_require(client < model.clients + MODEL_CLIENTS, "nothing is said to one that has left");
        client->untaken_bytes += action->bytes;
        if (action->kind == ACP_SEND)
            model_sent(action->client, action->text);
        else
            model_left(client);
        acp_action_free(action);
    }
}

/* Fills in a pattern. */
static inline struct buffer model_message(const char *pattern, uint64_t client, struct model_session *session)
{
    struct buffer text = buffer_new(MODEL_TEXT_MAX_BYTES);

    if (strchr(pattern, '#'))
        model.requests[model.request_count++] = (struct model_request){client, NULL};
    if (strchr(pattern, '~'))
        model_claim(session, client);
    for (; *pattern; pattern++) {
        if (*pattern == '#' || *pattern == '%')
            buffer_add_format(&text, "f%zu", model.request_count - 1);
        else if (*pattern == '@' || *pattern == '~' || *pattern == '^')
            buffer_add_text(&text, *pattern == '@' ? session->id : *pattern == '~' ? session->token : model.call);
        else
            buffer_add(&text, pattern, 1);
    }
    return text;
}

#endif
