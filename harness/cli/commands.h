/* The commands of assay. Each does its work, says on standard error what went wrong, and returns the exit code; they
 * need the registry of rooms (model/room.h), so only assay itself links them. */
#ifndef ASSAY_CLI_COMMANDS_H
#define ASSAY_CLI_COMMANDS_H

#include "cli/options.h"
#include "model/results.h"
#include "target/manifest.h"

/* The exit codes that no results stand behind; results_exit_code() has the others. */
enum { EXIT_WRONG_USAGE = 2, EXIT_INCONCLUSIVE = 3, EXIT_OWN_BUG = 70 };

int command_run(const struct options *options);
int command_list(const struct options *options);
int command_report(const struct options *options);
int command_explain(const struct options *options);
int command_probe(const struct options *options);

/* ---- what several of them need ---- */

/* The manifest that the options name. NULL: it was said why not. */
struct manifest *command_manifest(const struct options *options);

/* A line on standard error, "assay: …", and what follows a line feed below it, "    | …"; what is not printable is made
 * visible. */
void command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line on standard error that says why the results make the process exit with that code; nothing for 0. */
void command_say_why(const struct results *results, size_t min, int code);

/* The exit code of a run that could not begin, by whose fault that is. */
int command_exit_of(enum blame blame);

#endif
