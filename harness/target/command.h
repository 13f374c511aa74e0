/* A program of the target, ready to be started: the words of --wrap, then its own; and the variables that it is given.
 * Those are the manifest's "env", for a sanitised build the options that make its runtime write reports where
 * target/sanitizer.h looks for them, and what else is set. In all of them ${DIR} is the program's own directory, and
 * ${PORT} one port.
 *
 * For programs of the running case (case/state.h); what goes wrong ends it. */
#ifndef ASSAY_TARGET_COMMAND_H
#define ASSAY_TARGET_COMMAND_H

#include <stddef.h>

enum { COMMAND_WRAP_MAX = 64, COMMAND_TEXT_MAX_BYTES = 1 << 20 };

struct command {
    char **argv;        /* NULL-terminated, as is the other */
    char **environment; /* "NAME=value", to be added to ours */
    size_t argv_count, environment_count;
};

/* Fills the command, which the caller frees; argv is NULL-terminated, and copied as everything else. */
void command_make(struct command *command, const char *const *argv, const char *directory, unsigned port);

/* A variable more; of two with one name the later one counts. The value is taken as it is. */
void command_set(struct command *command, const char *name, const char *value);

void command_free(struct command *command);

/* A copy of the text with ${DIR} and ${PORT} filled in, cut at COMMAND_TEXT_MAX_BYTES, to be freed with free(). */
char *command_fill(const char *text, const char *directory, unsigned port);

/* Tells the monitor where the program with that directory and port writes its log, if the manifest says so. */
void command_note_log(const char *directory, unsigned port);

/* Where that is; NULL: the manifest does not say. */
const char *command_log(void);

/* A TCP port that nobody uses now, another one for each nth (modulo eight), and no other worker of any assay on this
 * network will choose; some other program may still take it before ours does. */
unsigned command_free_port(unsigned nth);

#endif
