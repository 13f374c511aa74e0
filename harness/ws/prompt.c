/* What the agent is prompted with, from the manifest. */
#include "case/state.h"
#include "check.h"
#include "target/manifest.h"
#include "ws/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPTS_ALIVE = 8, NUMBER_BYTES = 24 };

#define TEXT "${TEXT}"
#define COUNT "${COUNT}"

static const struct manifest_prompt *find(const char *kind)
{
    const struct manifest_server *entry = manifest_entry(case_context()->manifest, "ws");

    for (size_t i = 0; entry && i < entry->prompt_count; i++)
        if (strcmp(entry->prompts[i].kind, kind) == 0)
            return &entry->prompts[i];
    return NULL;
}

static const struct manifest_prompt *demand(const char *kind)
{
    const struct manifest_prompt *prompt = find(kind);

    if (!prompt)
        not_applicable("the manifest has no prompt of the kind \"%s\": add what makes the agent do that, as in \"ws\": "
                       "{\"prompts\": {\"%s\": {\"text\": \"...\"}}}",
                       kind, kind);
    return prompt;
}

/* The text with `value` for each `variable`. */
static const char *fill(const char *text, const char *variable, const char *value)
{
    static struct text alive[PROMPTS_ALIVE];
    static size_t next;
    struct text *out = &alive[next++ % PROMPTS_ALIVE];
    const char *at;

    if (!out->bytes)
        text_init(out, WS_PROMPT_MAX_BYTES);
    text_clear(out);
    for (; (at = strstr(text, variable)); text = at + strlen(variable)) {
        text_add_bytes(out, text, (size_t)(at - text));
        text_add(out, value);
    }
    text_add(out, text);
    if (out->cut)
        error_of_harness("a prompt of more than %d bytes", WS_PROMPT_MAX_BYTES);
    return out->bytes;
}

bool ws_has_prompt(const struct ws_target *target, const char *kind)
{
    (void)target;
    return find(kind);
}

const char *ws_prompt(const struct ws_target *target, const char *kind, const char *text)
{
    (void)target;
    return fill(demand(kind)->text, TEXT, text);
}

const char *ws_prompt_count(const struct ws_target *target, const char *kind, int64_t count)
{
    char number[NUMBER_BYTES];

    (void)target;
    snprintf(number, sizeof number, "%" PRId64, count);
    return fill(demand(kind)->text, COUNT, number);
}

const char *ws_prompt_says(const struct ws_target *target, const char *kind, const char *text)
{
    const struct manifest_prompt *prompt = demand(kind);

    (void)target;
    if (prompt->says)
        return fill(prompt->says, TEXT, text);
    return strstr(prompt->text, TEXT) ? fill(TEXT, TEXT, text) : NULL;
}

bool ws_prompt_counts(const struct ws_target *target, const char *kind)
{
    (void)target;
    return strstr(demand(kind)->text, COUNT);
}

int64_t ws_prompt_chunks(const struct ws_target *target, const char *kind, int64_t count)
{
    (void)target;
    return strstr(demand(kind)->text, COUNT) ? count : demand(kind)->chunks;
}

int64_t ws_prompt_code(const struct ws_target *target)
{
    (void)target;
    return demand("fail")->code;
}
