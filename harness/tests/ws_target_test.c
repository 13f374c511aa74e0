/* What a room is told of the server, of its metrics, and of its agent's prompts. */
#include "base/directory.h"
#include "case/surface.h"
#include "tests/ws_plays.h"

static struct manifest_server entry = {
    .is_there = true,
    .prompts = {{.kind = "echo", .text = "say ${TEXT}, ${TEXT}"},
                {.kind = "permit", .text = "/touch ${TEXT}", .says = "touched ${TEXT}"},
                {.kind = "stream", .text = "count to ${COUNT}"},
                {.kind = "big", .text = "/big", .chunks = 3},
                {.kind = "read", .text = "/read"},
                {.kind = "fail", .text = "/fail", .code = -7}},
    .prompt_count = 6,
    .metrics = "/metrics",
    .token = "t",
    .headers = {{"X-Key", "k"}},
    .header_count = 1,
    .origins = {"http://a"},
};
static struct manifest manifest = {.name = "fixture",
                                   .ws = &entry,
                                   .start_timeout_ms = 5000,
                                   .directory = "/tmp",
                                   .declares = {"ws.dialect=flat", "ws.resume=open"},
                                   .limits = {{.name = "ws.clients", .fixed = 5}},
                                   .limit_count = 1};

static const char right[] =
    "HTTP/1.1 200 OK\r\n\r\n"
    "# HELP a x\na 1\na_b 2\nassay_sessions{state=\"open\"} 3\nassay_sessions{state=\"left\"} 4";

static void answer_metrics(int client)
{
    hostile_take_request(client);
    hostile_send(client, right);
}

static void answer_404(int client)
{
    hostile_take_request(client);
    hostile_send(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    hostile_take_all(client);
}

static void prompts_are_filled(void **state)
{
    const struct ws_target *server = *state;

    expect_text(ws_prompt(server, "echo", "x$"), "say x$, x$", "the prompt");
    expect_text(ws_prompt_says(server, "echo", "x"), "x", "what it says");
    expect_text(ws_prompt_says(server, "permit", "x"), "touched x", "what it says");
    expect(!ws_prompt_says(server, "read", "x"), WRONG, "nothing that is known", "something");
    expect_text(ws_prompt_count(server, "stream", 12), "count to 12", "the prompt");
    expect(ws_prompt_counts(server, "stream") && !ws_prompt_counts(server, "big"), WRONG, "the first", "another");
    expect_integer(ws_prompt_chunks(server, "stream", 12), 12, "updates");
    expect_integer(ws_prompt_chunks(server, "big", 12), 3, "updates");
    expect_integer(ws_prompt_code(server), -7, "the code");
    expect(ws_has_prompt(server, "fail") && !ws_has_prompt(server, "long"), WRONG, "the first", "another");
    ws_hang_up(ws_connect(*state));
}

static void a_prompt_is_missing(void **state)
{
    ws_hang_up(ws_connect(*state));
    ws_prompt(*state, "long", "x");
}

static void metrics_are_summed(void **state)
{
    expect_integer(ws_metric(*state, "assay_sessions"), 7, "sessions");
}

static void a_metric_is_missing(void **state)
{
    ws_metric(*state, "assay");
}

/* --- a server that somebody else has started --- */

/* It listens where the state says. */
static struct ws_target *start(void **state)
{
    static char url[64];
    const struct ws_target *there = *state;

    snprintf(url, sizeof url, "ws://127.0.0.1:%d/agent",
             ntohs(((const struct sockaddr_in *)(const void *)&there->address.socket)->sin_port));
    entry.url = url;
    return ws_start();
}

static void starts_and_leaves(void **state)
{
    struct ws_target *server = start(state);

    expect_text(server->path, "/agent", "the path");
    expect_text(server->fields, "Authorization: Bearer t\r\nX-Key: k\r\n", "the fields");
    expect_text(server->origins[0], "http://a", "the origin");
    expect(server->flat && server->open_resume && !server->binary, WRONG, "what is declared", "something else");
    char *log = ws_log(server);
    expect_text(log, "one line\n", "the log");
    free(log);
    ws_stop(server);
}

static void is_given_a_limit(void **state)
{
    struct ws_target *server = start(state);

    expect_integer(ws_restart_with_limit(server, "ws.clients", 9), 5, "the limit, which is fixed");
    ws_restart_with_limit(server, "ws.idle_ms", 1000);
}

static void is_given_origins(void **state)
{
    ws_restart(start(state), &(struct server_settings){.origins = {"http://b"}});
}

static void is_supervised(void **state)
{
    ws_restart_supervised(start(state), SUPERVISOR_SEND, &(struct server_settings){0});
}

static void is_measured(void **state)
{
    ws_usage(start(state));
}

static void is_stopped(void **state)
{
    ws_expect_stop(start(state));
}

static void leave_at_once(int client)
{
    (void)client; /* assay looks whether somebody listens, and that is all */
}

static void write_log(const char *path)
{
    FILE *log = fopen(path, "we");

    assert_non_null(log);
    assert_true(fputs("one line\n", log) >= 0);
    assert_int_equal(fclose(log), 0);
}

static void a_server_that_somebody_else_has_started(void **state)
{
    char home[] = "/tmp/assay-ws-target-XXXXXX", log_path[64];

    (void)state;
    assert_non_null(mkdtemp(home));
    snprintf(log_path, sizeof log_path, "%s/log", home);
    write_log(log_path);
    case_home = home;
    case_manifest = &manifest;
    manifest.log = log_path;
    expect_pass(leave_at_once, starts_and_leaves);
    expect_not_judged(leave_at_once, is_given_a_limit, "cannot be given limits");
    expect_not_judged(leave_at_once, is_given_origins, "cannot be given origins");
    expect_not_judged(leave_at_once, is_supervised, "cannot be supervised");
    expect_not_judged(leave_at_once, is_measured, "cannot be measured");
    expect_not_judged(leave_at_once, is_stopped, "is not stopped either");
    manifest.log = NULL;
    assert_true(directory_remove(home));
}

static void the_prompts_of_the_manifest(void **state)
{
    (void)state;
    case_manifest = &manifest;
    expect_pass(hostile_take_all, prompts_are_filled);
    expect_not_judged(hostile_take_all, a_prompt_is_missing, "no prompt of the kind \"long\"");
}

static void the_metrics_of_the_server(void **state)
{
    (void)state;
    case_manifest = &manifest;
    expect_pass(answer_metrics, metrics_are_summed);
    expect_not_judged(answer_metrics, a_metric_is_missing, "does not show assay");
    expect_not_judged(answer_404, metrics_are_summed, "does not show assay_sessions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_somebody_else_has_started),
        cmocka_unit_test(the_prompts_of_the_manifest),
        cmocka_unit_test(the_metrics_of_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
