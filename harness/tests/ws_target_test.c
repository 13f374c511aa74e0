/* What a room is told of the agent's prompts and of the server's metrics. */
#include "case/state.h"
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
};
static struct manifest manifest = {.name = "fixture", .ws = &entry};

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
        cmocka_unit_test(the_prompts_of_the_manifest),
        cmocka_unit_test(the_metrics_of_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
