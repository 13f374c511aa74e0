/* A growing string of bytes with a maximum that is set at birth, after curl's dynbuf.
 * The bytes are always followed by a NUL that length does not count. What would pass the maximum is cut off and
 * remembered in `cut`, so that a hostile target costs bounded memory. Out of memory ends the process.
 * Not thread-safe; the caller owns the struct, text_free() releases what it holds. */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes;   /* NULL only after text_take() */
    size_t length; /* without the final NUL */
    size_t capacity;
    size_t max_bytes;
    bool cut;
};

void text_init(struct text *text, size_t max_bytes);
void text_free(struct text *text);
void text_clear(struct text *text);

/* The bytes become the caller's, to be freed with free(). The text holds nothing afterwards, so there is nothing to
 * free, and may be used again. */
char *text_take(struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t count);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vaddf(struct text *text, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Adds bytes as a person can read them on one line: printable UTF-8 as it is, all else as \n, \t, \e, \x7f and the
 * like. A backslash stays single, for most of what is shown is JSON. Shows at most max_shown bytes from the front and
 * says how many follow. */
void text_add_visible(struct text *text, const void *bytes, size_t count, size_t max_shown);

#endif
