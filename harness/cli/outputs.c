/* Opening, writing and closing of reports. */
#include "cli/outputs.h"

#include "base/error.h"
#include "cli/commands.h"
#include "report/report.h"
#include "report/style.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The same regular file, or the same descriptor; devices such as /dev/null take what several write. */
static bool is_one_file(FILE *a, FILE *b)
{
    struct stat first, second;

    if (a == b)
        return true;
    return fstat(fileno(a), &first) == 0 && fstat(fileno(b), &second) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static bool open_one(struct outputs *outputs, const struct report_option *report)
{
    FILE *file = strcmp(report->path, "-") == 0 ? stdout : fopen(report->path, "we");

    if (!file) {
        command_complain("cannot write the report %s: %s", report->path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < outputs->count; i++) {
        if (!is_one_file(outputs->list[i].file, file))
            continue;
        command_complain("%s and %s are to be one file, %s; give each a path of its own", outputs->list[i].format,
                         report->format, report->path);
        if (file != stdout)
            fclose(file);
        return false;
    }
    outputs->list[outputs->count++] = (struct output){report->format, report->path, file, true};
    return true;
}

bool outputs_open(struct outputs *outputs, const struct options *options)
{
    bool uses_stdout = false;

    outputs->count = 0;
    for (size_t i = 0; i < options->report_count; i++) {
        if (!open_one(outputs, &options->reports[i])) {
            outputs_close(outputs);
            return false;
        }
        uses_stdout |= outputs->list[i].file == stdout;
    }
    if (!uses_stdout)
        outputs->list[outputs->count++] = (struct output){"terminal", "-", stdout, false};
    return true;
}

void outputs_close(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++)
        if (outputs->list[i].file != stdout)
            fclose(outputs->list[i].file);
    outputs->count = 0;
}

static bool write_one(const struct output *output, const struct results *results, const struct options *options)
{
    struct error err;

    if (strcmp(output->format, "terminal") == 0) {
        terminal_report_styled(results, output->file, style_enabled(options->config.color, fileno(output->file)));
        if (fflush(output->file) == 0 && !ferror(output->file))
            return true;
        error_set(&err, "%s", strerror(errno));
    } else if (report_write(output->format, results, output->file, &err)) {
        return true;
    }
    command_complain("%s: %s", output->path, err.text);
    return false;
}

bool outputs_write(struct outputs *outputs, const struct results *results, const struct options *options, bool screen)
{
    bool done = true;

    for (size_t i = 0; i < outputs->count; i++)
        if (screen || outputs->list[i].asked)
            done &= write_one(&outputs->list[i], results, options);
    return done;
}
