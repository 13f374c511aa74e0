/* Progress on a terminal, in a status line that is drawn again and again, or in a file, line by line. */
#include "run/progress.h"

#include "base/text.h"
#include "report/escape.h"
#include "report/style.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 << 10, NAME_MAX_BYTES = 128, MESSAGE_MAX_BYTES = 400, COLUMNS_DEFAULT = 80 };
enum { CASES_BYTES = 64 };

struct progress {
    int fd;
    bool color;
    bool live; /* there is a status line */
    int verbosity;
    size_t cases;
    size_t done;
    size_t red;
    size_t unapplied; /* checks that do not apply */
    int64_t began_ms;
    int64_t drawn_ms;
    bool drawn; /* the status line is on the screen */
    char running[PROGRESS_RUNNING_MAX][NAME_MAX_BYTES];
    size_t running_count; /* of names kept */
    size_t running_more;  /* of cases whose names are not */
};

struct progress *progress_open(int fd, int color, int verbosity, size_t cases, int64_t now_ms)
{
    struct progress *progress = calloc(1, sizeof *progress);

    if (!progress)
        abort();
    progress->fd = fd;
    progress->color = style_enabled(color, fd);
    progress->live = verbosity >= 0 && style_is_terminal(fd);
    progress->verbosity = verbosity;
    progress->cases = cases;
    progress->began_ms = now_ms;
    progress->drawn_ms = now_ms - PROGRESS_REDRAW_MS;
    return progress;
}

static void put(const struct progress *progress, const struct text *text)
{
    size_t written = 0;

    while (written < text->length) {
        ssize_t count = write(progress->fd, text->bytes + written, text->length - written);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return;
        written += (size_t)count;
    }
}

void progress_wipe(struct progress *progress)
{
    if (!progress->drawn)
        return;
    struct text wipe;
    text_init(&wipe, LINE_MAX_BYTES);
    text_add(&wipe, "\r\033[K");
    put(progress, &wipe);
    text_free(&wipe);
    progress->drawn = false;
}

/* The last column stays free, since many terminals break the line there. */
static size_t columns(const struct progress *progress)
{
    struct winsize size;

    if (ioctl(progress->fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
        return COLUMNS_DEFAULT - 1;
    return size.ws_col > PROGRESS_COLUMNS_MAX ? PROGRESS_COLUMNS_MAX : (size_t)size.ws_col - 1;
}

/* Names are our own identifiers, so that a byte is a column; what is not is shown as a question mark. */
static void fit(struct text *line, size_t width)
{
    for (size_t i = 0; i < line->length; i++)
        if (line->bytes[i] < ' ' || line->bytes[i] > '~')
            line->bytes[i] = '?';
    if (line->length > width) {
        line->length = width;
        line->bytes[width] = '\0';
        memset(line->bytes + (width > 3 ? width - 3 : 0), '.', width > 3 ? 3 : width);
    }
}

static void add_running(struct text *line, const struct progress *progress)
{
    for (size_t i = 0; i < progress->running_count; i++)
        text_addf(line, "  %s", progress->running[i]);
    if (progress->running_more > 0)
        text_addf(line, "  and %zu more", progress->running_more);
}

static void draw(struct progress *progress, int64_t now_ms)
{
    struct text line;

    text_init(&line, LINE_MAX_BYTES);
    text_addf(&line, "%zu/%zu cases", progress->done, progress->cases);
    if (progress->red > 0)
        text_addf(&line, ", %zu failed", progress->red);
    text_addf(&line, ", %lld s", (long long)((now_ms - progress->began_ms) / 1000));
    add_running(&line, progress);
    fit(&line, columns(progress));

    struct text drawing;
    text_init(&drawing, LINE_MAX_BYTES);
    text_addf(&drawing, "\r%s\033[K", line.bytes);
    put(progress, &drawing);
    text_free(&drawing);
    text_free(&line);
    progress->drawn = true;
    progress->drawn_ms = now_ms;
}

void progress_tick(struct progress *progress, int64_t now_ms)
{
    if (progress->live && now_ms - progress->drawn_ms >= PROGRESS_REDRAW_MS)
        draw(progress, now_ms);
}

/* A line that stays; the status line makes room for it. */
static void say(struct progress *progress, const struct text *line)
{
    progress_wipe(progress);
    put(progress, line);
}

void progress_case_begins(struct progress *progress, const char *check_id, const char *name, int64_t now_ms)
{
    if (progress->running_count < PROGRESS_RUNNING_MAX)
        snprintf(progress->running[progress->running_count++], NAME_MAX_BYTES, "%s %s", check_id, name);
    else
        progress->running_more++;
    progress_tick(progress, now_ms);
}

static void forget_running(struct progress *progress, const char *check_id, const char *name)
{
    char wanted[NAME_MAX_BYTES];
    size_t i = 0;

    snprintf(wanted, sizeof wanted, "%s %s", check_id, name);
    while (i < progress->running_count && strcmp(progress->running[i], wanted) != 0)
        i++;
    if (i == progress->running_count) {
        progress->running_more -= progress->running_more > 0;
        return;
    }
    progress->running_count--;
    memmove(progress->running[i], progress->running[i + 1], (progress->running_count - i) * NAME_MAX_BYTES);
}

static void add_verdict(struct text *line, const struct progress *progress, enum verdict verdict)
{
    text_addf(line, "%s%-5s%s  ", style_begin(verdict, progress->color), verdict_name(verdict),
              style_end(progress->color));
}

static void add_message(struct text *line, const char *message)
{
    if (!message)
        return;
    size_t bytes = strnlen(message, MESSAGE_MAX_BYTES + 1);
    text_add(line, "  ");
    escape_visible(line, message, bytes > MESSAGE_MAX_BYTES ? MESSAGE_MAX_BYTES : bytes);
    if (bytes > MESSAGE_MAX_BYTES)
        text_add(line, "...");
}

/* A case gets a line with -v, and where it would otherwise be seen late: on a terminal, when it is red. */
static bool shows_case(const struct progress *progress, enum verdict verdict)
{
    return progress->verbosity > 0 || (progress->live && verdict_is_red(verdict));
}

void progress_case_ends(struct progress *progress, const char *check_id, const struct case_result *result,
                        int64_t now_ms)
{
    forget_running(progress, check_id, result->name);
    progress->done++;
    progress->red += verdict_is_red(result->verdict);
    if (shows_case(progress, result->verdict)) {
        struct text line;

        text_init(&line, LINE_MAX_BYTES);
        add_verdict(&line, progress, result->verdict);
        text_addf(&line, "%s  %s  %.1f s", check_id, result->name, (double)result->ms / 1000);
        add_message(&line, result->message);
        text_add(&line, "\n");
        say(progress, &line);
        text_free(&line);
    }
    progress_tick(progress, now_ms);
}

static bool shows_check(const struct progress *progress, enum verdict verdict)
{
    if (progress->verbosity < 0)
        return verdict_is_red(verdict);
    return !progress->live && (verdict != VERDICT_NA || progress->verbosity > 0);
}

void progress_check_ends(struct progress *progress, const struct check_result *check, int64_t now_ms)
{
    progress->unapplied += check->verdict == VERDICT_NA;
    if (shows_check(progress, check->verdict)) {
        struct text line;
        char cases[CASES_BYTES];

        text_init(&line, LINE_MAX_BYTES);
        add_verdict(&line, progress, check->verdict);
        check_result_cases(check, cases, sizeof cases);
        text_addf(&line, "%s  %s  %.1f s", check->id, cases, (double)check->ms / 1000);
        add_message(&line, check->message);
        text_add(&line, "\n");
        say(progress, &line);
        text_free(&line);
    }
    progress_tick(progress, now_ms);
}

static void say_unapplied(struct progress *progress)
{
    struct text line;

    text_init(&line, LINE_MAX_BYTES);
    add_verdict(&line, progress, VERDICT_NA);
    text_addf(&line, "%zu check%s not apply, as the report says; -v shows each\n", progress->unapplied,
              progress->unapplied == 1 ? " does" : "s do");
    say(progress, &line);
    text_free(&line);
}

void progress_close(struct progress *progress)
{
    if (!progress)
        return;
    progress_wipe(progress);
    if (progress->unapplied > 0 && progress->verbosity == 0 && !progress->live)
        say_unapplied(progress);
    free(progress);
}
