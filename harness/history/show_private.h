/* What why.c tells a counter-example with: each function adds to it what its name says, a line of its own if it is
 * called show_. Nothing here is freed. */
#ifndef ASSAY_HISTORY_SHOW_PRIVATE_H
#define ASSAY_HISTORY_SHOW_PRIVATE_H

#include "history/history_private.h"

enum { SHOWN_BYTES = 160 };

/* A counter-example being written. */
struct telling {
    const struct history_judgement *judgement;
    const struct history_finding *finding;
    struct text *why;
    int64_t start_ns; /* when the session's first operation was invoked */
};

const struct history_line *telling_line(const struct telling *telling, size_t index);
const struct history_operation *telling_operation(const struct telling *telling, size_t index);

/* The bytes, as far as they are shown, and the end of the line. */
void show_bytes(const struct telling *telling, const char *bytes, size_t count);
void show_line(const struct telling *telling, size_t index); /* if it is not `nothing` */

/* What somebody sent, and what came of it. */
void show_event(const struct telling *telling, const struct history_operation *operation);
void show_reading(const struct telling *telling, size_t index);

/* The finding's two lines, and who sent them, where that is known. */
void show_two_lines(const struct telling *telling);

/* The first member of `of`, of those that count, that `in` lacks or has with another value, if there is one. What has
 * very many members is not taken apart. */
void show_first_difference(const struct telling *telling, const struct json *of, const struct json *in);

#endif
