/* What the log says of clients: each call that was aborted once, and the right number of them; nothing loud of those
 * that just leave; a warning of those that send garbage; and never a line for each message. */
#include "check.h"
#include "ws/turn.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CALLS = 7, CLIENTS = 10, MESSAGES = 200, LINES_MAX = MESSAGES / 4 };
enum { LISTENINGS = 1000, PAUSE_MS = 5, TURN_MS = 60000, COUNT_MS = 10000 };

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; (text = strchr(text, '\n')); text++)
        lines++;
    return lines;
}

/* What came since the log had that many lines; the log is the caller's. */
static const char *since(const char *log, size_t lines)
{
    for (; lines > 0 && strchr(log, '\n'); lines--)
        log = strchr(log, '\n') + 1;
    return log;
}

static size_t lines_now(struct ws_target *server)
{
    char *log = ws_log(server);
    size_t lines = count_lines(log);

    free(log);
    return lines;
}

/* How many of the lines hold the word, in letters of any case. */
static size_t lines_with(const char *text, const char *word)
{
    size_t lines = 0, length = strlen(word);

    while (*text) {
        const char *end = strchrnul(text, '\n');
        bool found = false;

        for (const char *at = text; !found && at + length <= end; at++)
            found = strncasecmp(at, word, length) == 0;
        lines += found;
        text = end + (*end == '\n');
    }
    return lines;
}

/* Whether a line has that number, standing alone. */
static bool says_number(const char *text, int number)
{
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%d", number);

    for (const char *at = text; (at = strstr(at, digits)); at++) {
        bool begins = at == text || !(isalnum((unsigned char)at[-1]) || strchr("-:.", at[-1]));
        bool ends = !(isalnum((unsigned char)at[length]) || (at[length] && strchr("-:.", at[length])));

        if (begins && ends)
            return true;
    }
    return false;
}

/* Lines are written when it suits the server: within WS_WAIT_MS so many of them hold the word. Returns how many. */
static size_t await_lines(struct ws_target *server, size_t before, const char *word, size_t count)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    size_t found = 0;

    do {
        char *log = ws_log(server);

        found = lines_with(since(log, before), word);
        free(log);
    } while (found < count && now_ns() < deadline_ns && poll(NULL, 0, PAUSE_MS) == 0);
    return found;
}

/* Goes while it has been asked so many things, works on one thing more, and has a session that rests: so that the
 * numbers of calls, turns and sessions differ. Returns how many lines the log had. */
static size_t abort_calls(struct ws_target *server)
{
    size_t before = lines_now(server);
    struct ws_client *client = ws_join(server);

    ws_new_session(client);
    ws_ask_prompt(client, ws_new_session(client), ws_prompt_count(server, "long", scaled_ms(TURN_MS)));
    for (int i = 0; i < CALLS; i++)
        ws_ask_prompt(client, ws_new_session(client), ws_prompt(server, "read", "/project/never.txt"));
    for (int i = 0; i < LISTENINGS && ws_times_asked(client, WS_READ_FILE) < CALLS; i++)
        ws_listen(client, PAUSE_MS);
    expect_integer((int64_t)ws_times_asked(client, WS_READ_FILE), CALLS, "calls of the agent");
    ws_break(client);
    return before;
}

static void an_aborted_call_is_logged_once(void **state)
{
    struct ws_target *server = *state;
    const char *method = ws_method(server, WS_READ_FILE);
    size_t before = abort_calls(server);

    await_lines(server, before, method, CALLS);
    ws_expect_alive(server);
    expect_integer((int64_t)await_lines(server, before, method, CALLS), CALLS, "lines that name an aborted call");
}

static void the_count_is_right(void **state)
{
    struct ws_target *server = *state;
    size_t before = abort_calls(server);
    int64_t deadline_ns = deadline_after(COUNT_MS);
    bool counted;

    do {
        char *log = ws_log(server);

        counted = says_number(since(log, before), CALLS);
        free(log);
    } while (!counted && now_ns() < deadline_ns && poll(NULL, 0, PAUSE_MS) == 0);
    expect(counted, WRONG, "a line that says that 7 calls were aborted", "no line has that number");
}

static void go(struct ws_client *client, int way)
{
    static void (*const ways[])(struct ws_client *) = {ws_leave, ws_drop, ws_break};

    ways[way % 3](client);
}

static void whoever_just_leaves_is_no_matter(void **state)
{
    struct ws_target *server = *state;
    size_t before = lines_now(server);

    for (int i = 0; i < CLIENTS; i++) {
        struct ws_client *client = ws_join(server);

        ws_expect_served(client, ws_new_session(client));
        go(client, i);
    }
    ws_expect_alive(server);
    char *log = ws_log(server);
    size_t loud = lines_with(since(log, before), "warn") + lines_with(since(log, before), "error");
    free(log);
    expect_integer((int64_t)loud, 0, "warnings and errors of clients that have just left");
}

/* One warning at least for who sends garbage, and not one for each piece. */
static void garbage_is_warned_of(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    size_t before = lines_now(server);

    for (int i = 0; i < MESSAGES; i++) {
        ws_send_text(ws_peer_of(client), "{%d", i);
        ws_expect_refusal(client, "-32700", NULL);
    }
    size_t warnings = await_lines(server, before, "warn", 1);
    expect(warnings > 0, SILENT, "a warning of a peer that sends what is no JSON", "none");
    expect(lines_now(server) - before < LINES_MAX, WRONG, "a few lines for one peer", "%zu lines for %d messages",
           lines_now(server) - before, MESSAGES);
}

static void messages_have_no_lines(void **state)
{
    struct ws_target *server = *state;
    struct ws_client *client = ws_join(server);
    const char *sid = ws_new_session(client);
    size_t before = lines_now(server);

    for (int i = 0; i < MESSAGES / 2; i++)
        ws_expect_served(client, sid);
    for (int i = 0; i < MESSAGES / 2; i++)
        ws_settle(client);
    expect(lines_now(server) - before < LINES_MAX, WRONG, "no line for each message", "%zu lines for %d messages",
           lines_now(server) - before, MESSAGES);
}

static void a_client_is_served(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_expect_served(client, ws_new_session(client));
}

const struct check check = {
    .title = "The log tells what was aborted, how many, and who sends garbage, and is silent about the ordinary",
    .level = SHOULD,
    .origins = {"P28C-19", "P28C-20", "CWE-779"},
    .cases =
        {
            CASE(an_aborted_call_is_logged_once),
            CASE(the_count_is_right),
            CASE(whoever_just_leaves_is_no_matter),
            CASE(garbage_is_warned_of),
            CASE(messages_have_no_lines),
            CONTROL(a_client_is_served),
        },
};
