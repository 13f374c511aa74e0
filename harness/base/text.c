/* A growing string of bytes that cuts itself off at its maximum. */
#include "base/text.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* Makes room for `more` bytes and the NUL behind them; returns how many of them may be added. */
static size_t make_room(struct text *text, size_t more)
{
    size_t left = text->max_bytes - text->length;

    if (more > left) {
        text->cut = true;
        more = left;
    }
    size_t needed = text->length + more + 1;
    if (needed > text->capacity) {
        size_t doubled = text->capacity * 2;

        text->capacity = needed > doubled ? needed : doubled;
        if (text->capacity > text->max_bytes + 1)
            text->capacity = text->max_bytes + 1;
        text->bytes = xalloc_resize(text->bytes, text->capacity, 1);
    }
    return more;
}

void text_init(struct text *text, size_t max_bytes)
{
    size_t capacity = max_bytes < FIRST_CAPACITY ? max_bytes + 1 : FIRST_CAPACITY;

    *text = (struct text){.bytes = xalloc_resize(NULL, capacity, 1), .capacity = capacity, .max_bytes = max_bytes};
    text->bytes[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->cut = false;
    make_room(text, 0);
    text->bytes[0] = '\0';
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes;

    *text = (struct text){.max_bytes = text->max_bytes};
    return bytes;
}

void text_add_bytes(struct text *text, const void *bytes, size_t count)
{
    count = make_room(text, count);
    if (count > 0)
        memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_vaddf(text, format, arguments);
    va_end(arguments);
}

void text_vaddf(struct text *text, const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    make_room(text, 0);
    size_t room = text->capacity - text->length;
    int needed = vsnprintf(text->bytes + text->length, room, format, arguments);
    if (needed < 0) {
        /* Only a wide character that the locale cannot express, or 2 GiB of output: the caller's own mistake. */
        fputs("assay: a format that vsnprintf refuses\n", stderr);
        abort();
    }
    if ((size_t)needed >= room) {
        room = make_room(text, (size_t)needed) + 1;
        vsnprintf(text->bytes + text->length, room, format, again);
        needed = (int)(room - 1);
    }
    text->length += (size_t)needed;
    va_end(again);
}
