/* The files that a case leaves for people. */
#include "run/evidence.h"

#include "base/directory.h"
#include "base/file.h"
#include "base/text.h"
#include "case/exchange.h"
#include "case/record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAST_MAX_BYTES = 16 << 10 };

void evidence_write(const char *directory, const char *name, const char *bytes, size_t count)
{
    char path[PATH_MAX];
    int fd = -1;

    if (directory_name(path, "%s/%s", directory, name) && directory_remove(path))
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    for (ssize_t written; fd >= 0 && count > 0 && (written = write(fd, bytes, count)) > 0; bytes += written)
        count -= (size_t)written;
    if (fd >= 0)
        close(fd);
}

static bool has_passed(int record_fd)
{
    struct case_result result = {0};
    bool passed = record_read(record_fd, &result) && result.verdict == VERDICT_PASS;

    case_result_free(&result);
    return passed;
}

void evidence_write_exchange(const char *directory, int record_fd, bool keep, const struct exchange *exchange)
{
    if (has_passed(record_fd) && !keep)
        return;
    struct text text = exchange_text(exchange);
    if (text.length)
        evidence_write(directory, EVIDENCE_EXCHANGE, text.bytes, text.length);
    text_free(&text);
}

/* What lies in the case's directory may have been put there by the target, so no link in it leads out of it. Elsewhere
 * the manifest says which directory is meant, and a link may lead to another file of that. */
static bool read_log(const char *directory, char *log, struct text *end, struct error *err)
{
    size_t bytes = strlen(directory);
    char *slash = strrchr(log, '/');

    if (strncmp(log, directory, bytes) == 0 && log[bytes] == '/')
        return file_read_end(directory, log + bytes + 1, EVIDENCE_LOG_KEPT_BYTES, end, err);
    *slash = '\0';
    return file_read_end(*log ? log : "/", slash + 1, EVIDENCE_LOG_KEPT_BYTES, end, err);
}

void evidence_keep_log(const char *directory, int record_fd)
{
    char *log = has_passed(record_fd) ? NULL : record_read_log(record_fd);
    struct text end;
    struct error err;

    if (!log)
        return;
    if (read_log(directory, log, &end, &err)) {
        evidence_write(directory, EVIDENCE_LOG, end.bytes, end.length);
        record_write_state(record_fd, "the end of its log is in " EVIDENCE_LOG);
        text_free(&end);
    } else {
        error_prefix(&err, "its log is not kept: ");
        record_write_state(record_fd, err.text);
    }
    free(log);
}

/* Where the last lines begin; blank ones are not counted. */
static const char *last_lines(const struct text *text)
{
    const char *begin = text->bytes + text->length;
    unsigned lines = 0;

    while (begin > text->bytes) {
        const char *line = begin - 1;

        while (line > text->bytes && line[-1] != '\n')
            line--;
        lines += line[strspn(line, " \t\r")] != '\n';
        if (lines > EVIDENCE_LAST_LINES)
            break;
        begin = line;
    }
    return begin;
}

void evidence_add_last_lines(const char *directory, struct error *err)
{
    struct text text;

    if (!file_read_end(directory, EVIDENCE_STDERR, LAST_MAX_BYTES, &text, NULL))
        return;
    const char *stop = text.bytes + text.length;
    for (const char *line = last_lines(&text), *end; line < stop; line = end + (end < stop)) {
        struct text visible;

        end = memchr(line, '\n', (size_t)(stop - line));
        if (!end)
            end = stop;
        if (line + strspn(line, " \t\r") >= end)
            continue;
        text_init(&visible, 8 * EVIDENCE_LAST_LINE_BYTES);
        text_add_visible(&visible, line, (size_t)(end - line), EVIDENCE_LAST_LINE_BYTES);
        error_add(err, "\n%s", visible.bytes);
        text_free(&visible);
    }
    text_free(&text);
}
