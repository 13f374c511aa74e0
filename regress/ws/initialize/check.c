/* initialize comes first, agrees on a version, and is each connection's own. */
#include "check.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { PARAMS_BYTES = 512 };

/* Initializes with that version, JSON text. */
static struct ws_reply initialize(struct ws_client *client, const char *version)
{
    const struct ws_target *server = ws_server_of(client);
    char params[PARAMS_BYTES];

    snprintf(params, sizeof params, "{\"%s\":%s,\"%s\":{}}", ws_member(server, WS_PROTOCOL_VERSION), version,
             ws_member(server, WS_CLIENT_CAPABILITIES));
    return ws_call(client, ws_method(server, WS_INITIALIZE), params);
}

static int64_t version_of(const struct ws_client *client, struct ws_reply reply)
{
    const struct json *version = ws_get(ws_server_of(client), reply.result, WS_PROTOCOL_VERSION);
    int64_t number = -1;

    expect(version && json_as_integer(version, &number), reply.outcome == WS_NO_REPLY ? HANG : WRONG,
           "a result with a version that is an integer", "%s", reply.summary);
    return number;
}

/* What the server answers to a client of its own that asks for that version. */
static int64_t version_for(struct ws_target *server, const char *wanted)
{
    struct ws_client *client = ws_enter(server);
    int64_t version = version_of(client, initialize(client, wanted));

    ws_leave(client);
    return version;
}

static void expect_served_now(struct ws_client *client)
{
    ws_expect_served(client, ws_new_session(client));
}

/* --- first --- */

static void before_it_nothing_is_served(void **state)
{
    static const enum ws_method methods[] = {WS_NEW, WS_PROMPT, WS_LOAD, WS_RESUME, WS_LIST};
    struct ws_target *server = *state;
    char params[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct ws_client *client = ws_enter(server);

        snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
        ws_expect_error_or_end(ws_call(client, ws_method(server, methods[i]), params));
        ws_drop(client);
    }
    ws_expect_alive(server);
}

/* Whoever was refused may still do it right, unless the connection was ended. */
static void after_a_refusal_it_can_still_come(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_enter(server);
    struct ws_reply reply = ws_call(client, ws_method(server, WS_NEW), "{}");

    ws_expect_error_or_end(reply);
    if (reply.outcome == WS_ERROR && ws_peer_of(client)) {
        version_of(client, initialize(client, "1"));
        expect_served_now(client);
    }
}

/* That one client has initialized says nothing of another. */
static void each_connection_has_its_own(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *first = ws_join(server), *second = ws_enter(server);
    char params[PARAMS_BYTES];

    expect_served_now(first);
    snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
    ws_expect_error_or_end(ws_call(second, ws_method(server, WS_NEW), params));
    ws_drop(second);
    expect_served_now(first);
}

/* It was refused, so it has not happened. */
static void one_that_was_refused_does_not_count(void **state)
{
    static const char *const bad[] = {"[]", "[1]", "{\"%s\":\"one\"}", "{\"%s\":{}}"};
    struct ws_target *server = *state;
    char params[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ws_client *client = ws_enter(server);
        const char *gap = strstr(bad[i], "%s");

        snprintf(params, sizeof params, "%.*s%s%s", gap ? (int)(gap - bad[i]) : PARAMS_BYTES, bad[i],
                 gap ? ws_member(server, WS_PROTOCOL_VERSION) : "", gap ? gap + 2 : "");
        struct ws_reply reply = ws_call(client, ws_method(server, WS_INITIALIZE), params);
        if (reply.outcome == WS_ERROR) {
            snprintf(params, sizeof params, "{\"cwd\":\"/tmp\",\"%s\":[]}", ws_member(server, WS_MCP_SERVERS));
            ws_expect_error_or_end(ws_call(client, ws_method(server, WS_NEW), params));
        } else {
            expect(reply.outcome == WS_RESULT || reply.end.kind != WS_SILENCE, HANG, "an answer", "%s", reply.summary);
        }
        ws_drop(client);
    }
    ws_expect_alive(server);
}

/* --- versions --- */

static void the_version_that_is_spoken_is_agreed_on(void **state)
{
    expect_integer(version_for(*state, "1"), 1, "the version, where 1 was asked for");
}

/* One that the server does not know is answered by the latest that it does, and never by an error; nor does it repeat
 * whatever it was asked for. */
static void one_that_is_unknown_is_answered_by_the_latest(void **state)
{
    static const char *const wanted[] = {"65534", "1000", "99", "2", "0"};
    struct ws_target *server = *state;
    int64_t latest = version_for(server, "65535");

    expect(latest != 65535, WRONG, "the latest version that the server speaks", "65535, as it was asked for");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int64_t version = version_for(server, wanted[i]);
        char own[16];

        snprintf(own, sizeof own, "%lld", (long long)version);
        expect(version == latest || strcmp(own, wanted[i]) == 0, WRONG, "the version that was asked for, or the latest",
               "%s where %s was asked for, and the latest is %lld", own, wanted[i], (long long)latest);
        expect(version <= latest, WRONG, "none that is later than the latest", "%s", own);
    }
}

/* The client speaks the answered version or leaves; if it stays, it is served. */
static void after_another_version_the_client_is_served(void **state)
{
    struct ws_client *client = ws_enter(*state);

    version_of(client, initialize(client, "65535"));
    expect_served_now(client);
}

static void what_is_no_version_is_answered(void **state)
{
    static const char *const versions[] = {"\"1\"", "1.5", "null", "-1",   "65536", "99999999999999999999",
                                           "true",  "[1]", "{}",   "\"\"", "1e2"};
    struct ws_target *server = *state;

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct ws_client *client = ws_enter(server);
        struct ws_reply reply = initialize(client, versions[i]);

        if (reply.outcome == WS_RESULT)
            version_of(client, reply);
        else
            ws_expect_error_or_end(reply);
        ws_drop(client);
    }
    ws_expect_alive(server);
}

/* --- once, and with what it takes --- */

/* An error, or the same result; the session that was made in between lives on. */
static void a_second_one_changes_nothing(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    struct ws_reply reply = initialize(client, "1");

    if (reply.outcome == WS_RESULT)
        expect(json_equal(reply.result, ws_initialized(client)), WRONG, "an error, or the same result", "%s",
               reply.summary);
    else
        ws_expect_error(reply, 0);
    ws_expect_served(client, sid);
    ws_expect_error_or_end(ws_call(ws_enter(server), ws_method(server, WS_PROMPT), "{}"));
    ws_expect_served(client, sid);
}

/* All capabilities are optional, and so is what nobody has heard of yet. */
static void capabilities_may_be_missing_or_unknown(void **state)
{
    static const char *const params[] = {
        "{\"%s\":1}",
        "{\"%s\":1,\"clientInfo\":{\"name\":\"assay\",\"version\":\"1\"},\"_meta\":{\"traceparent\":\"00\"}}",
    };
    static const char *const capabilities[] = {
        "{}",
        "{\"fs\":{}}",
        "{\"fs\":{\"readTextFile\":false},\"terminal\":true}",
        "{\"fs\":{\"readTextFile\":true,\"_meta\":{\"a\":[1]}},\"_meta\":{\"b\":null},\"notYetInvented\":{\"x\":1}}",
    };
    struct ws_target *server = *state;
    char filled[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        struct ws_client *client = ws_enter(server);
        const char *gap = strstr(params[i], "%s");

        snprintf(filled, sizeof filled, "%.*s%s%s", (int)(gap - params[i]), params[i],
                 ws_member(server, WS_PROTOCOL_VERSION), gap + 2);
        version_of(client, ws_call(client, ws_method(server, WS_INITIALIZE), filled));
        expect_served_now(client);
    }
    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
        expect_served_now(ws_join_as(server, capabilities[i]));
}

static void whoever_initializes_is_served(void **state)
{
    expect_served_now(ws_join(*state));
}

const struct check check = {
    .title = "initialize comes first, agrees on a version, and is each connection's own",
    .level = MUST,
    .origins = {"ACP Initialization", "ACP Prompt Turn", "ACP Streamable HTTP and WebSocket Transport"},
    .cases =
        {
            CASE(before_it_nothing_is_served),
            CASE(after_a_refusal_it_can_still_come),
            CASE(each_connection_has_its_own),
            CASE(one_that_was_refused_does_not_count),
            CASE(the_version_that_is_spoken_is_agreed_on),
            CASE(one_that_is_unknown_is_answered_by_the_latest),
            CASE(after_another_version_the_client_is_served, .level = SHOULD),
            CASE(what_is_no_version_is_answered),
            CASE(a_second_one_changes_nothing),
            CASE(capabilities_may_be_missing_or_unknown),
            CONTROL(whoever_initializes_is_served),
        },
};
