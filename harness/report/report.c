/* The table of reports, and how one of them is found and written. */
#include "report/report.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

const struct report_format report_formats[] = {
    {"json", "one object with everything in it", json_report},
    {"jsonl", "the event stream, a line per event (run.jsonl)", jsonl_report},
    {"junit", "XML as CI servers read it", junit_report},
    {"md", "a page of evidence in Markdown", markdown_report},
    {"tap", "Test Anything Protocol 13", tap_report},
    {"terminal", "each failure in a screenful, and the summary", terminal_report},
    {NULL, NULL, NULL},
};

static const struct report_format *find(const char *name, struct error *err)
{
    for (const struct report_format *format = report_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;

    error_set(err, "no report format \"%s\"; there are", name);
    for (const struct report_format *format = report_formats; format->name; format++)
        error_add(err, " %s", format->name);
    return NULL;
}

bool report_write(const char *name, const struct results *results, FILE *out, struct error *err)
{
    const struct report_format *format = find(name, err);

    if (!format)
        return false;
    errno = 0;
    format->write(results, out);
    if (fflush(out) == 0 && !ferror(out))
        return true;
    error_set(err, "the report cannot be written: %s", strerror(errno ? errno : EIO));
    return false;
}
