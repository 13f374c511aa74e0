/* Every session has an id that no other has had, and that nobody can work out from those he knows; so has its token. */
#include "check.h"
#include "ws/session.h"

#include <stdlib.h>
#include <string.h>

enum {
    SESSIONS = 160,
    SESSIONS_LONG = 1000,
    CLIENTS = 8,
    ROUNDS = 12,
    TOKEN_LETTERS = 22, /* 128 bits in base64 */
    DIFFERENT_LETTERS = 8,
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts them. */
static void expect_different(const char **texts, size_t count, const char *what)
{
    qsort(texts, count, sizeof *texts, compare);
    for (size_t i = 1; i < count; i++)
        expect(strcmp(texts[i - 1], texts[i]) != 0, WRONG, what, "%s came twice among %zu", texts[i], count);
}

/* In how many places they differ; of texts that are not of one length, the ends count too. */
static size_t difference(const char *a, const char *b)
{
    size_t count = 0;

    for (; *a && *b; a++, b++)
        count += *a != *b;
    return count + strlen(a) + strlen(b);
}

/* What counts up, or has a clock in it and little else, differs from the one before in few places. */
static void expect_unlike(const char *const *texts, size_t count, size_t least, const char *what)
{
    size_t sum = 0;

    for (size_t i = 1; i < count; i++)
        sum += difference(texts[i - 1], texts[i]);
    expect(sum >= least * (count - 1), WRONG, what,
           "%zu ids or tokens, and %zu letters of them that are other ones than in the "
           "one before; the last two: %s, %s",
           count, sum, texts[count - 2], texts[count - 1]);
}

/* In the order in which they were made, by several clients in turn. */
static size_t make_sessions(struct ws_target *server, const char **sids)
{
    size_t count = long_run() ? SESSIONS_LONG : SESSIONS;
    struct ws_client *clients[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = ws_join(server);
    for (size_t i = 0; i < count; i++)
        sids[i] = ws_new_session(clients[i % CLIENTS]);
    return count;
}

static void every_session_has_an_id_of_its_own(void **state)
{
    static const char *sids[SESSIONS_LONG];
    size_t count = make_sessions(*state, sids);

    expect_different(sids, count, "an id for each session");
}

/* Closed, deleted, left behind: its id is nobody else's afterwards. */
static void an_id_is_never_used_again(void **state)
{
    static const char *sids[3 * ROUNDS];
    size_t count = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct ws_client *client = ws_join(*state);

        sids[count++] = ws_new_session(client);
        ws_call_session(client, WS_CLOSE_SESSION, sids[count - 1], NULL);
        sids[count++] = ws_new_session(client);
        ws_call_session(client, WS_DELETE, sids[count - 1], NULL);
        sids[count++] = ws_new_session(client);
        ws_leave(client);
    }
    expect_different(sids, count, "an id that was not there before");
}

/* Where an id is all that it takes to have a session again, nothing else keeps it from others. */
static void ids_cannot_be_worked_out(void **state)
{
    static const char *sids[SESSIONS_LONG];
    const struct ws_target *server = *state;
    size_t count = make_sessions(*state, sids);

    if (server->open_resume)
        expect_at(MUST);
    expect_unlike(sids, count, DIFFERENT_LETTERS - 2, "ids that differ from the ones before in six places and more");
}

static void tokens_cannot_be_worked_out(void **state)
{
    static const char *texts[SESSIONS_LONG];
    size_t count = make_sessions(*state, texts);
    size_t shortest = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        const char *token = ws_token_of(texts[i]);

        if (!token)
            not_applicable("session/new answers no resume token");
        texts[i] = token;
        shortest = strlen(token) < shortest ? strlen(token) : shortest;
    }
    expect(shortest >= TOKEN_LETTERS, WRONG, "tokens of 22 letters at least (128 bits)", "one of %zu letters",
           shortest);
    expect_unlike(texts, count, TOKEN_LETTERS / 2, "tokens that differ from the ones before in most places");
    expect_different(texts, count, "a token for each session");
}

static void two_sessions_are_made(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "An id is one session's for ever, and neither it nor the token can be worked out",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28S-1", "CWE-340", "CWE-330"},
    .cases =
        {
            CASE(every_session_has_an_id_of_its_own),
            CASE(an_id_is_never_used_again),
            CASE(ids_cannot_be_worked_out, .level = SHOULD),
            CASE(tokens_cannot_be_worked_out),
            CONTROL(two_sessions_are_made),
        },
};
