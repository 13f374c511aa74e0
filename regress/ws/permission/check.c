/* Only the option that means yes is a yes: what is rejected, was not offered or makes no sense is not done. */
#include "check.h"
#include "ws/turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTCOME_BYTES = 512 };

static const char deed[] = "assay-deed";

struct scene {
    struct ws_target *server;
    struct ws_client *client;
    const char *sid;
    const char *says; /* when it was permitted */
    size_t turn;
    struct ws_asked asked;
};

static void ask_again(struct scene *scene)
{
    ws_forget(scene->client, scene->sid);
    scene->says = ws_prompt_says(scene->server, "permit", deed);
    scene->asked = ws_begin_call(scene->client, scene->sid, WS_PERMISSION, deed, &scene->turn);
}

static struct scene ask(struct ws_target *server)
{
    struct scene scene = {.server = server, .client = ws_join(server)};

    if (!ws_prompt_says(server, "permit", deed))
        not_applicable("what the agent says when it was permitted is not known");
    scene.sid = ws_new_session(scene.client);
    ask_again(&scene);
    return scene;
}

static void expect_not_done(const struct scene *scene)
{
    ws_expect_turn_without(scene->client, scene->sid, scene->turn, scene->says);
}

static void expect_no_yes(struct scene *scene, const char *result)
{
    ws_answer(scene->client, &scene->asked, result);
    expect_not_done(scene);
}

static char *of_kind(const struct scene *scene, const char *kind)
{
    char *outcome = ws_permission_of_kind(&scene->asked, kind);

    if (!outcome)
        not_applicable("the agent offers no option of the kind %s", kind);
    return outcome;
}

static void what_is_rejected_is_not_done(void **state)
{
    struct scene scene = ask(*state);
    char *no = of_kind(&scene, "reject_once");

    expect_no_yes(&scene, no);
    free(no);
    ws_expect_served(scene.client, scene.sid);
}

/* Each of them is asked for anew, and the session goes on. */
static void expect_none_is_yes(struct ws_target *server, const char *const *results, size_t count)
{
    struct scene scene = ask(server);

    for (size_t i = 0; i < count; i++) {
        expect_no_yes(&scene, results[i]);
        ask_again(&scene);
    }
    char *no = of_kind(&scene, "reject_once");
    expect_no_yes(&scene, no);
    free(no);
    ws_expect_served(scene.client, scene.sid);
}

static void an_option_that_was_not_offered_is_no_yes(void **state)
{
    static const char *const results[] = {
        "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"assay-not-offered\"}}",
        "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"\"}}",
        "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":null}}",
        "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":[]}}",
        "{\"outcome\":{\"outcome\":\"selected\"}}",
    };

    expect_none_is_yes(*state, results, sizeof results / sizeof *results);
}

static void an_answer_that_makes_no_sense_is_no_yes(void **state)
{
    static const char *const results[] = {
        "{}",
        "null",
        "[]",
        "true",
        "\"selected\"",
        "{\"outcome\":null}",
        "{\"outcome\":true}",
        "{\"outcome\":{}}",
        "{\"outcome\":{\"outcome\":\"assay-unknown\"}}",
    };

    expect_none_is_yes(*state, results, sizeof results / sizeof *results);
}

/* "cancelled" it is, whatever else stands beside it. */
static void a_cancelled_outcome_is_no_yes(void **state)
{
    struct scene scene = ask(*state);
    char *yes = of_kind(&scene, "allow_once"), outcome[OUTCOME_BYTES];
    const char *option = strstr(yes, ",\"");

    expect_no_yes(&scene, "{\"outcome\":{\"outcome\":\"cancelled\"}}");
    ask_again(&scene);
    snprintf(outcome, sizeof outcome, "{\"outcome\":{\"outcome\":\"cancelled\"%s", option ? option : "}}");
    expect_no_yes(&scene, outcome);
    free(yes);
    ws_expect_served(scene.client, scene.sid);
}

static void an_error_is_no_yes(void **state)
{
    struct scene scene = ask(*state);

    ws_answer_error(scene.client, &scene.asked, -32603, "nobody is there to be asked");
    expect_not_done(&scene);
    ws_expect_served(scene.client, scene.sid);
}

/* What was allowed once is asked for again. */
static void once_is_once(void **state)
{
    struct scene scene = ask(*state);
    char *yes = of_kind(&scene, "allow_once"), *no;

    ws_answer(scene.client, &scene.asked, yes);
    free(yes);
    ws_expect_turn_says(scene.client, scene.sid, scene.turn, scene.says);
    ask_again(&scene);
    no = of_kind(&scene, "reject_once");
    expect_no_yes(&scene, no);
    free(no);
}

static void what_is_allowed_is_done(void **state)
{
    struct scene scene = ask(*state);
    char *yes = of_kind(&scene, "allow_once");

    ws_answer(scene.client, &scene.asked, yes);
    free(yes);
    ws_expect_turn_says(scene.client, scene.sid, scene.turn, scene.says);
}

const struct check check = {
    .title = "What the client has not allowed is not done",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CWE-862", "ACP tool-calls"},
    .cases =
        {
            CASE(what_is_rejected_is_not_done),
            CASE(an_option_that_was_not_offered_is_no_yes),
            CASE(an_answer_that_makes_no_sense_is_no_yes),
            CASE(a_cancelled_outcome_is_no_yes),
            CASE(an_error_is_no_yes),
            CASE(once_is_once),
            CONTROL(what_is_allowed_is_done),
        },
};
