/* Writes command lines, quoted where a shell would take a word for more than it is. */
#include "run/again.h"

#include "base/text.h"

#include <string.h>

enum { COMMAND_BYTES_MAX = 1 << 14 };

static void add_word(struct text *line, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

    text_add(line, " ");
    if (*word && !word[strspn(word, plain)]) {
        text_add(line, word);
        return;
    }
    text_add(line, "'");
    for (; *word; word++)
        text_add_bytes(line, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    text_add(line, "'");
}

static void add_option(struct text *line, const char *name, const char *value)
{
    if (!value)
        return;
    text_addf(line, " %s", name);
    add_word(line, value);
}

char *again_case(const struct config *config, const char *room, const char *test, unsigned iteration)
{
    struct text line;

    text_init(&line, COMMAND_BYTES_MAX);
    text_addf(&line, "assay run %s:%s --seed %llu", room, test, (unsigned long long)(config->seed + iteration));
    add_option(&line, "--target", config->target);
    add_option(&line, "--wrap", config->wrap);
    if (config->level >= SHOULD)
        text_add(&line, " --level should");
    if (config->long_run)
        text_add(&line, " --long");
    if (config->driver)
        text_add(&line, " --");
    for (char **word = config->driver; word && *word; word++)
        add_word(&line, *word);
    return text_take(&line);
}

char *again_probe(const struct config *config)
{
    struct text line;

    text_init(&line, COMMAND_BYTES_MAX);
    text_add(&line, "assay probe");
    add_option(&line, "--target", config->target);
    return text_take(&line);
}

char *again_command(const struct config *config)
{
    struct text line;

    if (!config->argv)
        return NULL;
    text_init(&line, COMMAND_BYTES_MAX);
    text_add(&line, "assay");
    for (char **word = config->argv + 1; *word; word++)
        add_word(&line, *word);
    return text_take(&line);
}
