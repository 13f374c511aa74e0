/* Looking for the reports of a sanitised target in the directory of the case. */
#include "target/sanitizer.h"

#include "base/text.h"
#include "check.h"
#include "target/manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_SHOWN_BYTES = 3000 };

static enum how kind_of(const char *report)
{
    if (strstr(report, "data race") || strstr(report, "ThreadSanitizer"))
        return RACE;
    return strstr(report, "LeakSanitizer") ? LEAK : CRASH;
}

static void expect_empty(const struct case_context *context, const char *name)
{
    char report[REPORT_SHOWN_BYTES + 1] = {0};
    struct text path;

    text_init(&path, PATH_MAX);
    text_addf(&path, "%s/%s", context->directory, name);
    int fd = open(path.bytes, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a FIFO would wait */
    ssize_t count = fd < 0 ? 0 : read(fd, report, REPORT_SHOWN_BYTES);
    if (fd >= 0)
        close(fd);
    text_free(&path);
    if (count > 0)
        fail_case(kind_of(report), "no report of the sanitizer", report, "the target's sanitizer wrote a report: %s",
                  name);
}

void sanitizer_expect_no_report(const struct case_context *context)
{
    if (!context->manifest->sanitizer)
        return;
    DIR *directory = opendir(context->directory);
    if (!directory)
        error_of_harness("the case's directory cannot be listed");
    for (struct dirent *item; (item = readdir(directory));)
        if (!strncmp(item->d_name, SANITIZER_LOG, strlen(SANITIZER_LOG)))
            expect_empty(context, item->d_name);
    closedir(directory);
}
