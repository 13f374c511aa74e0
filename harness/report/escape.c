/* Foreign bytes, made fit to be shown: what is not harmless as an escape, and no more of it than asked for. */
#include "report/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ESCAPED_MAX_BYTES = 1 << 20 };

void escape_visible(struct text *out, const char *string, size_t bytes)
{
    const char *end = string + bytes;

    while (string < end) {
        const char *backslash = memchr(string, '\\', (size_t)(end - string));
        const char *stop = backslash ? backslash : end;

        text_add_visible(out, string, (size_t)(stop - string), SIZE_MAX);
        if (backslash)
            text_add_bytes(out, "\\", 1);
        string = stop + (backslash != NULL);
    }
}

void escape_bytes(FILE *out, const char *string, size_t bytes)
{
    struct text line;

    text_init(&line, ESCAPED_MAX_BYTES);
    escape_visible(&line, string, bytes);
    fwrite(line.bytes, 1, line.length, out);
    text_free(&line);
}

void escape_line(FILE *out, const char *string)
{
    if (string)
        escape_bytes(out, string, strlen(string));
}

/* How much of a line fits without cutting a character in two. */
static size_t cut_line(const char *line, size_t length, size_t max_bytes)
{
    size_t fits = max_bytes;

    if (length <= max_bytes)
        return length;
    while (fits > 0 && max_bytes - fits < 3 && ((unsigned char)line[fits] & 0xC0) == 0x80)
        fits--;
    return fits;
}

void escape_block(FILE *out, const char *string, const char *indent, size_t max_lines, size_t max_bytes)
{
    const char *rest = string;
    const char *end = string + strnlen(string, max_bytes);
    bool cut = false;

    for (size_t lines = 0; rest < end && !cut && lines < max_lines; lines++) {
        size_t length = strcspn(rest, "\n");
        size_t fits = cut_line(rest, length, (size_t)(end - rest));

        fputs(indent, out);
        escape_bytes(out, rest, fits);
        fputc('\n', out);
        rest += fits;
        cut = fits < length;
        if (!cut && rest < end)
            rest++; /* the line feed */
    }
    if (*rest)
        fprintf(out, "%s(%zu bytes more)\n", indent, strlen(rest));
}
