/* session/list shows a client its own sessions, all of them, each once, and nobody else's. */
#include "check.h"
#include "base/text.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { SESSIONS = 25, PAGES_MAX = 64, LISTED_MAX = 512, SID_BYTES = 256, PARAMS_BYTES = 4096 };

/* What all pages together have shown. */
struct listing {
    char sids[LISTED_MAX][SID_BYTES];
    size_t count, pages;
    char cursor[PARAMS_BYTES]; /* of the first page, as JSON text; "": it had none */
};

static struct ws_reply ask_page(struct ws_client *client, const char *cwd, const char *cursor)
{
    struct text params;

    text_init(&params, 2 * PARAMS_BYTES);
    text_add(&params, "{");
    if (cwd)
        text_addf(&params, "\"cwd\":\"%s\"%s", cwd, cursor ? "," : "");
    if (cursor)
        text_addf(&params, "\"cursor\":%s", cursor);
    text_add(&params, "}");
    struct ws_reply reply = ws_call(client, ws_method(ws_server_of(client), WS_LIST), params.bytes);
    text_free(&params);
    return reply;
}

/* Adds what the page shows; its cursor, as JSON text, or "". */
static void take_page(struct ws_client *client, struct ws_reply reply, struct listing *listing, char *cursor)
{
    const struct json *sessions = json_get(reply.result, "sessions");
    const struct json *next = json_get(reply.result, "nextCursor");

    expect(sessions && sessions->type == JSON_ARRAY, reply.outcome == WS_NO_REPLY ? HANG : WRONG,
           "a result with an array of sessions", "%s", reply.summary);
    for (const struct json *info = sessions ? sessions->child : NULL; info; info = info->next) {
        const char *sid = ws_get_string(ws_server_of(client), info, WS_SESSION_ID);

        expect(sid, WRONG, "each session with its sessionId", "%s", reply.summary);
        if (listing->count < LISTED_MAX)
            snprintf(listing->sids[listing->count++], SID_BYTES, "%s", sid);
    }
    *cursor = '\0';
    if (next && next->type == JSON_STRING && next->raw_bytes < PARAMS_BYTES)
        snprintf(cursor, PARAMS_BYTES, "%.*s", (int)next->raw_bytes, next->raw);
}

static void list_all(struct ws_client *client, const char *cwd, struct listing *listing)
{
    char cursor[PARAMS_BYTES] = "";

    listing->count = listing->pages = 0;
    do {
        take_page(client, ask_page(client, cwd, *cursor ? cursor : NULL), listing, cursor);
        if (listing->pages++ == 0)
            snprintf(listing->cursor, sizeof listing->cursor, "%s", cursor);
        expect(listing->pages < PAGES_MAX, WRONG, "a last page, without nextCursor", "%zu pages", listing->pages);
    } while (*cursor);
}

static size_t times_listed(const struct listing *listing, const char *sid)
{
    size_t times = 0;

    for (size_t i = 0; i < listing->count; i++)
        times += strcmp(listing->sids[i], sid) == 0;
    return times;
}

/* Used once, for a session of which nothing was said need not be worth listing. */
static const char *make_session(struct ws_client *client, const char *cwd)
{
    const struct ws_target *server = ws_server_of(client);
    static char sids[4 * SESSIONS][SID_BYTES];
    static size_t made;
    char params[PARAMS_BYTES];

    snprintf(params, sizeof params, "{\"cwd\":\"%s\",\"%s\":[]}", cwd, ws_member(server, WS_MCP_SERVERS));
    struct ws_reply reply = ws_call(client, ws_method(server, WS_NEW), params);
    const char *sid = ws_get_string(server, reply.result, WS_SESSION_ID);
    expect(sid, WRONG, "a new session, with its id", "%s", reply.summary);
    snprintf(sids[made], SID_BYTES, "%s", sid);
    ws_expect_served(client, sids[made]);
    return sids[made++];
}

struct scene {
    struct ws_client *owner, *other;
    const char *sids[SESSIONS]; /* the owner's */
    const char *own;            /* the other's */
};

static struct scene open_scene(struct ws_target *server)
{
    struct scene scene = {.owner = ws_join(server), .other = ws_join(server)};

    ws_need(scene.owner, WS_LIST);
    for (size_t i = 0; i < SESSIONS; i++)
        scene.sids[i] = make_session(scene.owner, "/tmp");
    scene.own = make_session(scene.other, "/tmp");
    return scene;
}

static void expect_none_of_the_owners(const struct scene *scene, const struct listing *listing)
{
    for (size_t i = 0; i < SESSIONS; i++)
        expect(times_listed(listing, scene->sids[i]) == 0, WRONG, "no session of another client", "%s is listed",
               scene->sids[i]);
}

static void nobody_sees_the_sessions_of_others(void **state)
{
    struct scene scene = open_scene(*state);
    static struct listing listing;

    list_all(scene.other, NULL, &listing);
    expect_none_of_the_owners(&scene, &listing);
    expect_integer((int64_t)times_listed(&listing, scene.own), 1, "how often its own session is listed");
    list_all(scene.other, "/tmp", &listing);
    expect_none_of_the_owners(&scene, &listing);
    list_all(scene.owner, NULL, &listing);
    expect_integer((int64_t)times_listed(&listing, scene.own), 0, "how often the other's session is listed");
    list_all(ws_join(*state), NULL, &listing);
    expect_none_of_the_owners(&scene, &listing);
}

static void the_pages_are_complete(void **state)
{
    struct scene scene = open_scene(*state);
    static struct listing listing;

    list_all(scene.owner, NULL, &listing);
    for (size_t i = 0; i < SESSIONS; i++)
        expect_integer((int64_t)times_listed(&listing, scene.sids[i]), 1, "how often a session is listed");
    remark("%zu sessions on %zu pages", listing.count, listing.pages);
}

/* "Only sessions with a matching `cwd` are returned", and where none matches an empty array. */
static void a_directory_chooses_its_own(void **state)
{
    struct ws_client *client = ws_join(*state);
    static struct listing listing;

    ws_need(client, WS_LIST);
    const char *here = make_session(client, "/tmp"), *there = make_session(client, "/tmp/there");
    list_all(client, "/tmp/there", &listing);
    expect_integer((int64_t)times_listed(&listing, there), 1, "how often the session of that directory is listed");
    expect_integer((int64_t)times_listed(&listing, here), 0, "how often the session of another directory is listed");
    list_all(client, "/tmp/nowhere", &listing);
    expect_integer((int64_t)listing.count, 0, "sessions of a directory that has none");
}

/* What another's cursor shows is not the other's sessions. */
static void a_cursor_opens_no_sessions_of_others(void **state)
{
    struct scene scene = open_scene(*state);
    static struct listing listing;
    char cursor[PARAMS_BYTES];

    list_all(scene.owner, NULL, &listing);
    if (!*listing.cursor)
        not_applicable("%d sessions have room on one page", SESSIONS);
    struct ws_reply reply = ask_page(scene.other, NULL, listing.cursor);
    listing.count = 0;
    if (reply.outcome == WS_RESULT)
        take_page(scene.other, reply, &listing, cursor);
    expect_none_of_the_owners(&scene, &listing);
}

static void a_cursor_that_was_not_given_is_refused(void **state)
{
    static const char *const cursors[] = {"\"eyJwYWdlIjogMn0=\"", "\"0\"", "\"10\"", "\"-1\"",
                                          "\"0000000000000001\"", "7"};
    struct scene scene = open_scene(*state);
    static struct listing listing;
    char altered[PARAMS_BYTES];

    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++)
        ws_expect_error(ask_page(scene.owner, NULL, cursors[i]), 0);
    list_all(scene.owner, NULL, &listing);
    if (!*listing.cursor)
        return;
    ws_expect_error(ask_page(scene.other, NULL, listing.cursor), 0);
    snprintf(altered, sizeof altered, "%s", listing.cursor);
    altered[1] = altered[1] == '1' ? '2' : '1';
    ws_expect_error(ask_page(scene.owner, NULL, altered), 0);
}

static void what_was_deleted_is_not_listed(void **state)
{
    struct ws_client *client = ws_join(*state);
    static struct listing listing;

    ws_need(client, WS_LIST);
    ws_need(client, WS_DELETE);
    const char *kept = make_session(client, "/tmp"), *deleted = make_session(client, "/tmp");
    ws_expect_result(ws_call_session(client, WS_DELETE, deleted, NULL));
    list_all(client, NULL, &listing);
    expect_integer((int64_t)times_listed(&listing, deleted), 0, "how often the deleted session is listed");
    expect_integer((int64_t)times_listed(&listing, kept), 1, "how often the other session is listed");
}

static void a_page_is_shown(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_need(client, WS_LIST);
    make_session(client, "/tmp");
    ws_expect_result(ask_page(client, NULL, NULL));
}

const struct check check = {
    .title = "A client is shown its own sessions, all of them, and no others",
    .level = MUST,
    .tags = {"security"},
    .origins = {"ACP Session List", "ACP Session Delete", "P28S-1", "CWE-639"},
    .cases =
        {
            CASE(nobody_sees_the_sessions_of_others),
            CASE(the_pages_are_complete),
            CASE(a_directory_chooses_its_own),
            CASE(a_cursor_opens_no_sessions_of_others),
            CASE(a_cursor_that_was_not_given_is_refused, .level = SHOULD),
            CASE(what_was_deleted_is_not_listed),
            CONTROL(a_page_is_shown),
        },
};
