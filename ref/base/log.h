/* The log: one line an event, "time level event key=value key=value". The library prints nothing itself; whoever runs
 * it passes a function that takes the lines. Values may come from clients: what is not a plain word is put in quotation
 * marks, and control characters, quotation marks, backslashes and bytes above ASCII are escaped, so that a line is
 * one line and a terminal stays as it is.
 *
 * Expected ends of connections are LOG_DEBUG, malformed peers LOG_WARNING, own failures LOG_ERROR; no line for each
 * message. Any thread may log. */
#ifndef REF_BASE_LOG_H
#define REF_BASE_LOG_H

#include <stdbool.h>

enum {
    LOG_LINE_MAX_BYTES = 1024, /* the newline included; what is longer is cut off */
    LOG_VALUE_MAX_BYTES = 200, /* of a value, before escaping */
};

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log {
    enum log_level least; /* what is below is dropped */
    /* Takes a line with its newline; called by any thread, also at the same time. NULL: nobody listens. */
    void (*write)(void *context, const char *line);
    void *context;
};

/* log_event(log, LOG_WARNING, "http.refused", "client", "7", "reason", reason, NULL): keys and values, then NULL. */
void log_event(const struct log *log, enum log_level level, const char *event, ...) __attribute__((sentinel));

/* The level of that name ("debug", "info", "warning", "error"). */
bool log_level_of(const char *name, enum log_level *level);

#endif
