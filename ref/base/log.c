/* A log line in the making: a fixed buffer on the stack, every value escaped before it goes in. */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* A line under construction; what does not fit is dropped, and one byte is kept for the newline. */
struct line {
    char bytes[LOG_LINE_MAX_BYTES + 1];
    size_t count;
};

static void add(struct line *line, const char *string)
{
    size_t length = strlen(string);
    size_t room = LOG_LINE_MAX_BYTES - 1 - line->count;

    if (length > room)
        length = room;
    memcpy(line->bytes + line->count, string, length);
    line->count += length;
}

static bool is_plain(const char *value)
{
    static const char plain[] = "-._:/+0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t length = strspn(value, plain);

    return length > 0 && length <= LOG_VALUE_MAX_BYTES && value[length] == '\0';
}

static void add_value(struct line *line, const char *value)
{
    if (is_plain(value)) {
        add(line, value);
        return;
    }
    add(line, "\"");
    for (size_t i = 0; value[i] && i < LOG_VALUE_MAX_BYTES; i++) {
        unsigned char byte = (unsigned char)value[i];
        bool printable = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        char piece[5];

        snprintf(piece, sizeof piece, printable ? "%c" : "\\x%02x", byte);
        add(line, piece);
    }
    add(line, "\"");
}

void log_event(const struct log *log, enum log_level level, const char *event, ...)
{
    struct line line = {.count = 0};
    char now[CLOCK_UTC_BYTES];
    va_list pairs;
    const char *key;

    if (!log->write || level < log->least)
        return;
    clock_utc(now);
    add(&line, now);
    add(&line, " ");
    add(&line, level_names[level]);
    add(&line, " ");
    add(&line, event);
    va_start(pairs, event);
    while ((key = va_arg(pairs, const char *))) {
        add(&line, " ");
        add(&line, key);
        add(&line, "=");
        add_value(&line, va_arg(pairs, const char *));
    }
    va_end(pairs);
    line.bytes[line.count++] = '\n';
    line.bytes[line.count] = '\0';
    log->write(log->context, line.bytes);
}

bool log_level_of(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}
