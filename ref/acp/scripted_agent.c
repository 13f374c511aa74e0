/* The scripted agent: a prompt's first word chooses what the turn does. */
#include "acp/agent.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script;

/* The next move of a script; stage counts the calls, from 0. */
typedef void script_step(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move);

/* A turn under way. */
struct script {
    script_step *step;
    const char *argument;
    size_t argument_bytes;
    int stage;
    int64_t number; /* of the argument */
    int64_t done;
    char *text; /* what was said last, if it had to be put together */
};

/* A session that was discovered, or is being so. */
struct notes {
    int64_t ready_ms;
    bool fails_close;
};

static const struct agent_move no_memory = {.kind = AGENT_FAIL, .code = -32603, .text = "no memory"};

static void say(struct agent_move *move, const char *text, size_t bytes)
{
    *move = (struct agent_move){.kind = AGENT_SAY, .text = text, .bytes = bytes};
}

/* Puts a text together that lives until the next one. */
static void say_format(struct script *script, struct agent_move *move, const char *before, const char *text,
                       size_t bytes)
{
    size_t before_bytes = strlen(before);

    free(script->text);
    script->text = malloc(before_bytes + bytes + 1);
    if (!script->text) {
        *move = no_memory;
        return;
    }
    memcpy(script->text, before, before_bytes);
    memcpy(script->text + before_bytes, text, bytes);
    say(move, script->text, before_bytes + bytes);
}

static void echo(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    (void)turn;
    (void)now_ms;
    if (script->stage == 0)
        say(move, script->argument, script->argument_bytes);
}

static void do_sleep(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    (void)turn;
    if (script->stage == 0)
        *move = (struct agent_move){.kind = AGENT_WAIT, .due_ms = now_ms + script->number};
    if (script->stage == 1)
        say(move, "slept", strlen("slept"));
}

static void stream(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    char number[24];

    (void)turn;
    (void)now_ms;
    if (script->done == script->number)
        return;
    script->done++;
    snprintf(number, sizeof number, "%jd", (intmax_t)script->done);
    say_format(script, move, "", number, strlen(number));
}

static void big(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    int64_t left = script->number - script->done;
    size_t bytes = left < AGENT_TEXT_MAX_BYTES ? (size_t)left : AGENT_TEXT_MAX_BYTES;

    (void)turn;
    (void)now_ms;
    if (left == 0)
        return;
    if (!script->text)
        script->text = malloc(AGENT_TEXT_MAX_BYTES);
    if (!script->text) {
        *move = no_memory;
        return;
    }
    memset(script->text, 'b', bytes);
    script->done += (int64_t)bytes;
    say(move, script->text, bytes);
}

static const char *unread(enum agent_answer answer)
{
    return answer == AGENT_UNABLE ? "cannot read here: " : answer == AGENT_NO_ANSWER ? "no answer: " : "did not read ";
}

static void read_file(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    (void)now_ms;
    if (script->stage == 0)
        *move = (struct agent_move){AGENT_READ, script->argument, script->argument_bytes, 0, 0, NULL};
    if (script->stage == 1 && turn->answer == AGENT_READ_DONE)
        say_format(script, move, "", turn->answer_text, turn->answer_bytes);
    else if (script->stage == 1 && turn->answer_text)
        say_format(script, move, "did not read: ", turn->answer_text, turn->answer_bytes);
    else if (script->stage == 1)
        say_format(script, move, unread(turn->answer), script->argument, script->argument_bytes);
}

static void permit(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    (void)now_ms;
    if (script->stage == 0)
        *move = (struct agent_move){AGENT_PERMIT, script->argument, script->argument_bytes, 0, 0, NULL};
    if (script->stage == 1)
        say_format(script, move, turn->answer == AGENT_PERMITTED ? "did " : "did not ", script->argument,
                   script->argument_bytes);
}

static void fail(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    char *rest;
    long code = strtol(script->argument, &rest, 10);

    (void)now_ms;
    if (rest == script->argument || code < INT_MIN || code > INT_MAX)
        code = -32603;
    *move = (struct agent_move){
        .kind = AGENT_FAIL, .code = (int)code, .text = *rest == ' ' ? rest + 1 : rest, .detail = turn->text};
}

static void slow_discover(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    (void)turn;
    (void)now_ms;
    if (script->stage == 0)
        say(move, "discovered", strlen("discovered"));
}

static void fail_close(struct script *script, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    struct notes *notes = turn->session->state;

    (void)now_ms;
    if (notes)
        notes->fails_close = true;
    if (script->stage == 0)
        say(move, "will fail", strlen("will fail"));
}

static const struct {
    const char *word;
    script_step *step;
    int64_t number_max; /* 0: the argument is no number */
} scripts[] = {
    {"echo", echo, 0},
    {"sleep", do_sleep, SCRIPTED_WAIT_MAX_MS},
    {"stream", stream, SCRIPTED_STREAM_MAX},
    {"big", big, SCRIPTED_BIG_MAX_BYTES},
    {"read", read_file, 0},
    {"permit", permit, 0},
    {"fail", fail, 0},
    {"slow-discover", slow_discover, SCRIPTED_WAIT_MAX_MS},
    {"fail-close", fail_close, 0},
};

/* A whole number from 0 to max; what is none, or more, is said back like any text. */
static bool number_of(const char *text, int64_t max, int64_t *number)
{
    char *rest;

    *number = strtoll(text, &rest, 10);
    return rest != text && *rest == '\0' && *number >= 0 && *number <= max;
}

static void choose(struct script *script, const struct agent_turn *turn)
{
    *script = (struct script){.step = echo, .argument = turn->text, .argument_bytes = turn->bytes};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        size_t length = strlen(scripts[i].word);
        const char *rest = turn->text + length;

        if (strncmp(turn->text, scripts[i].word, length) != 0 || (*rest != ' ' && *rest != '\0'))
            continue;
        if (*rest == ' ')
            rest++;
        if (scripts[i].number_max > 0 && !number_of(rest, scripts[i].number_max, &script->number))
            return;
        script->step = scripts[i].step;
        script->argument = rest;
        script->argument_bytes = turn->bytes - (size_t)(rest - turn->text);
    }
}

static void discover(void *context, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    struct notes *notes = turn->session->state;
    struct script script;

    (void)context;
    if (!notes) {
        choose(&script, turn);
        notes = turn->session->state = calloc(1, sizeof *notes);
        if (notes)
            notes->ready_ms = now_ms + (script.step == slow_discover ? script.number : 0);
    }
    if (notes && now_ms < notes->ready_ms)
        *move = (struct agent_move){.kind = AGENT_WAIT, .due_ms = notes->ready_ms};
}

static void cancel(void *context, struct agent_turn *turn)
{
    struct script *script = turn->state;

    (void)context;
    if (script)
        free(script->text);
    free(script);
    turn->state = NULL;
}

static void prompt(void *context, struct agent_turn *turn, int64_t now_ms, struct agent_move *move)
{
    struct script *script = turn->state;

    if (!script) {
        script = turn->state = malloc(sizeof *script);
        if (!script) {
            *move = no_memory;
            return;
        }
        choose(script, turn);
    }
    script->step(script, turn, now_ms, move);
    script->stage++;
    if (move->kind == AGENT_END || move->kind == AGENT_FAIL)
        cancel(context, turn);
}

static bool session_closed(void *context, struct agent_session *session)
{
    struct notes *notes = session->state;
    bool fails = notes && notes->fails_close;

    (void)context;
    free(notes);
    session->state = NULL;
    return !fails;
}

const struct agent_ops scripted_agent = {discover, prompt, cancel, session_closed};
