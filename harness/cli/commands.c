/* What several commands need: the manifest, complaints, exit codes. */
#include "cli/commands.h"

#include "base/error.h"
#include "report/escape.h"

#include <stdarg.h>
#include <string.h>

enum { COMPLAINT_MAX_BYTES = 4096 };

void command_complain(const char *format, ...)
{
    char text[COMPLAINT_MAX_BYTES];
    char *rest = text;
    const char *lead = "assay: ";
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *line; (line = strsep(&rest, "\n")); lead = "    | ") {
        fputs(lead, stderr);
        escape_line(stderr, line);
        fputc('\n', stderr);
    }
}

struct manifest *command_manifest(const struct options *options)
{
    struct error err;
    struct manifest *manifest;

    if (options->config.driver)
        return manifest_of_driver(options->config.driver);
    if (options->config.target)
        manifest = manifest_read(options->config.target, &err);
    else
        manifest = manifest_of_reference(&err);
    if (!manifest)
        command_complain("%s", err.text);
    return manifest;
}

int command_exit_of(enum blame blame)
{
    return blame == BLAME_HARNESS ? EXIT_OWN_BUG : EXIT_INCONCLUSIVE;
}
