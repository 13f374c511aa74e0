/* session/load tells the client what was said, all of it and then the answer; session/resume does not. */
#include "check.h"
#include "base/text.h"
#include "ws/session.h"

#include <stdio.h>
#include <string.h>

enum { STORY_MAX_BYTES = 1 << 20, TURNS = 3, WORD_BYTES = 32 };

/* A session in which TURNS prompts were answered, and whose owner has left. */
static const char *leave_story(struct ws_target *server, int turns)
{
    struct ws_client *owner = ws_join(server);
    const char *sid = ws_new_session(owner);
    char word[WORD_BYTES];

    for (int i = 0; i < turns; i++) {
        snprintf(word, sizeof word, "assay-word-%d", i);
        ws_expect_stop_reason(owner, ws_prompt_and_wait(owner, sid, ws_prompt(server, "echo", word)), NULL);
    }
    ws_leave(owner);
    return sid;
}

/* What came of the session until now: "<u>prompt<a>answer", chunks of one speaker in one. */
static void tell(const struct ws_client *client, const char *sid, struct text *story)
{
    const struct ws_target *server = ws_server_of(client);
    const struct json *update;
    char speaker = '\0';

    text_init(story, STORY_MAX_BYTES);
    for (size_t i = 0; (update = ws_update(client, sid, i)); i++) {
        const char *kind = ws_get_string(server, update, WS_SESSION_UPDATE);
        const char *text = json_as_string(json_get(json_get(update, "content"), "text"));

        if (!kind || !text || (strcmp(kind, "user_message_chunk") != 0 && strcmp(kind, "agent_message_chunk") != 0))
            continue;
        if (speaker != *kind)
            text_addf(story, "<%c>", *kind);
        speaker = *kind;
        text_add(story, text);
    }
}

/* Prompt and answer, prompt and answer, each of them once, and in that order. */
static void expect_story(const struct ws_client *client, const char *sid, int turns)
{
    struct ws_target *server = ws_server_of(client);
    char word[WORD_BYTES];
    struct text story;

    tell(client, sid, &story);
    const char *at = story.bytes;
    for (int i = 0; i < turns; i++) {
        snprintf(word, sizeof word, "assay-word-%d", i);
        const char *prompt = ws_prompt(server, "echo", word), *says = ws_prompt_says(server, "echo", word);
        const char *asked = strstr(at, prompt);
        const char *said = asked && says ? strstr(asked + strlen(prompt), says) : asked;

        expect(asked && said, WRONG, "all prompts and answers of the conversation, in order",
               "turn %d is missing: %.900s", i + 1, story.bytes);
        at = said + 1;
    }
    snprintf(word, sizeof word, "assay-word-%d", turns - 1);
    expect(!strstr(at, ws_prompt(server, "echo", word)), WRONG, "the conversation once", "%.900s", story.bytes);
    text_free(&story);
}

static void a_load_tells_it_all_before_its_answer(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_need(client, WS_LOAD);
    const char *sid = leave_story(*state, TURNS);
    ws_expect_again(client, WS_LOAD, sid);
    size_t before = ws_updates(client, sid);
    expect_story(client, sid, TURNS);
    ws_settle(client);
    expect_integer((int64_t)ws_updates(client, sid), (int64_t)before, "updates, with those behind the answer");
    ws_expect_served(client, sid);
}

/* The owner itself may load what it has, and again. */
static void its_owner_is_told_as_well(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_need(client, WS_LOAD);
    const char *sid = leave_story(*state, TURNS);
    ws_expect_again(client, WS_LOAD, sid);
    for (int i = 0; i < 2; i++) {
        ws_settle(client);
        ws_forget(client, sid);
        ws_expect_again(client, WS_LOAD, sid);
        expect_story(client, sid, TURNS);
    }
}

static void a_resume_tells_nothing_before_its_answer(void **state)
{
    struct ws_client *client = ws_join(*state);

    ws_need(client, WS_RESUME);
    const char *sid = leave_story(*state, TURNS);
    ws_expect_again(client, WS_RESUME, sid);
    struct text story;
    tell(client, sid, &story);
    expect_text(story.bytes, "", "what was said before the answer to session/resume");
    text_free(&story);
    ws_expect_served(client, sid);
}

/* The conversation is the session's, not the socket's. */
static void a_resume_loses_nothing_of_it(void **state)
{
    struct ws_client *client = ws_join(*state);
    const char *more = "and more";

    ws_need(client, WS_RESUME);
    ws_need(client, WS_LOAD);
    const char *sid = leave_story(*state, TURNS);
    ws_expect_again(client, WS_RESUME, sid);
    ws_expect_stop_reason(client, ws_prompt_and_wait(client, sid, ws_prompt(*state, "echo", more)), NULL);
    ws_leave(client);
    client = ws_join(*state);
    ws_expect_again(client, WS_LOAD, sid);
    expect_story(client, sid, TURNS);
    expect(strstr(ws_heard(client, sid), more), WRONG, more, "%.900s", ws_heard(client, sid));
}

static void it_can_be_had_again(void **state)
{
    struct ws_client *client = ws_join(*state);
    enum ws_method method = ws_offers(client, WS_LOAD) ? WS_LOAD : WS_RESUME;

    ws_need(client, method);
    const char *sid = leave_story(*state, 1);
    ws_expect_again(client, method, sid);
    ws_expect_served(client, sid);
}

const struct check check = {
    .title = "A load tells the whole conversation, and a resume none of it",
    .level = MUST,
    .origins = {"ACP Session Setup"},
    .cases =
        {
            CASE(a_load_tells_it_all_before_its_answer),
            CASE(its_owner_is_told_as_well),
            CASE(a_resume_tells_nothing_before_its_answer),
            CASE(a_resume_loses_nothing_of_it),
            CONTROL(it_can_be_had_again),
        },
};
