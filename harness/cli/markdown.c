/* Markdown for a terminal: paragraphs, lists, tables and code, as READMEs of rooms have them. */
#include "cli/markdown.h"

#include "base/text.h"
#include "report/escape.h"

#include <stdbool.h>
#include <string.h>

enum { MARKDOWN_PARAGRAPH_MAX_BYTES = 64 << 10 };

struct page {
    FILE *out;
    size_t columns;
    bool code;                          /* between two ``` */
    struct text paragraph;              /* what is still to be wrapped */
    char first[MARKDOWN_DEPTH_MAX + 1]; /* what its first line begins with, */
    char rest[MARKDOWN_DEPTH_MAX + 1];  /* and the others */
};

/* Characters, not bytes; good enough for text that has no wide ones. */
static size_t width(const char *bytes, size_t count)
{
    size_t characters = 0;

    for (size_t i = 0; i < count; i++)
        characters += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return characters;
}

static void print_line(FILE *out, const char *before, const char *bytes, size_t count)
{
    fputs(before, out);
    escape_bytes(out, bytes, count);
    fputc('\n', out);
}

/* Words go on the line as long as they fit; one that is wider than a line has it to itself. */
static void end_paragraph(struct page *page)
{
    const char *word = page->paragraph.bytes;
    size_t column = 0;

    while (*word) {
        size_t bytes = strcspn(word, " ");

        if (bytes > 0 && column > 0 && column + 1 + width(word, bytes) > page->columns) {
            fputc('\n', page->out);
            column = 0;
        }
        if (bytes > 0) {
            const char *before = column > 0 ? " " : word == page->paragraph.bytes ? page->first : page->rest;

            fputs(before, page->out);
            escape_bytes(page->out, word, bytes);
            column += width(before, strlen(before)) + width(word, bytes);
        }
        word += bytes + (word[bytes] == ' ');
    }
    if (column > 0)
        fputc('\n', page->out);
    text_clear(&page->paragraph);
    page->first[0] = page->rest[0] = 0;
}

/* Adds a line to the paragraph, without its ** marks. */
static void add_words(struct page *page, const char *line, size_t bytes)
{
    if (page->paragraph.length)
        text_add(&page->paragraph, " ");
    for (size_t i = 0; i < bytes; i++) {
        if (i + 1 < bytes && line[i] == '*' && line[i + 1] == '*')
            i++;
        else
            text_add_bytes(&page->paragraph, line + i, 1);
    }
}

static void print_heading(struct page *page, const char *line, size_t bytes)
{
    size_t level = strspn(line, "#");
    size_t begin = level + strspn(line + level, " ");

    end_paragraph(page);
    print_line(page->out, "", line + begin, bytes - begin);
    for (size_t i = width(line + begin, bytes - begin); i > 0; i--)
        fputc(level == 1 ? '=' : '-', page->out);
    fputc('\n', page->out);
}

/* How many bytes "- ", "* " or "12. " take, with the blanks before; 0: this begins no entry of a list. */
static size_t marker_bytes(const char *line)
{
    size_t blanks = strspn(line, " ");
    const char *mark = line + blanks;
    size_t digits = strspn(mark, "0123456789");
    size_t bytes = digits > 0 ? digits + (mark[digits] == '.') : (size_t)(*mark == '-' || *mark == '*');

    if (bytes == digits && digits > 0)
        return 0;
    return bytes > 0 && mark[bytes] == ' ' ? blanks + bytes + 1 : 0;
}

static void begin_entry(struct page *page, const char *line, size_t marker)
{
    end_paragraph(page);
    snprintf(page->first, sizeof page->first, "%.*s", (int)marker, line);
    snprintf(page->rest, sizeof page->rest, "%*s", (int)strlen(page->first), "");
}

static void take_line(struct page *page, const char *line, size_t bytes)
{
    size_t marker = marker_bytes(line);

    if (strncmp(line, "```", 3) == 0) {
        end_paragraph(page);
        page->code = !page->code;
    } else if (page->code) {
        print_line(page->out, "    ", line, bytes);
    } else if (bytes == strspn(line, " ")) {
        end_paragraph(page);
        fputc('\n', page->out);
    } else if (*line == '#') {
        print_heading(page, line, bytes);
    } else if (*line == '|' || (strncmp(line, "    ", 4) == 0 && !page->paragraph.length)) {
        end_paragraph(page);
        print_line(page->out, "", line, bytes);
    } else if (marker && marker < bytes) {
        begin_entry(page, line, marker);
        add_words(page, line + marker, bytes - marker);
    } else if (*line == '>') {
        size_t begin = 1 + strspn(line + 1, " ");

        if (strcmp(page->rest, "  > ") != 0)
            begin_entry(page, "  > ", 4);
        memcpy(page->rest, "  > ", 5);
        add_words(page, line + begin, bytes - begin);
    } else {
        size_t begin = strspn(line, " ");

        add_words(page, line + begin, bytes - begin);
    }
}

void markdown_print(const char *markdown, size_t columns, FILE *out)
{
    struct page page = {.out = out, .columns = columns};

    text_init(&page.paragraph, MARKDOWN_PARAGRAPH_MAX_BYTES);
    while (*markdown) {
        size_t bytes = strcspn(markdown, "\n");

        take_line(&page, markdown, bytes);
        markdown += bytes + (markdown[bytes] == '\n');
    }
    end_paragraph(&page);
    text_free(&page.paragraph);
}
