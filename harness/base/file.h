/* Files that somebody else wrote, read within bounds, with messages a person can act on; and lists, which hold one
 * entry per line, blank lines and # comments. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILE_ENTRY_MAX_BYTES = 256 };

/* Fills text, which is the caller's to free. False: nothing to free, and err names the path and what is wrong:
 * it cannot be opened or read, or holds more than max_bytes. Blocks as long as the file does. */
bool file_read(const char *path, size_t max_bytes, struct text *text, struct error *err);

/* The same of no more than the last max_bytes (at least 1) of a regular file, the path of which is taken from the
 * directory: it does not block, and whatever was put there to lead out of that directory, such as a symbolic link, is
 * not followed. */
bool file_read_end(const char *directory, const char *path, size_t max_bytes, struct text *text, struct error *err);

/* A walk over the lines of a list. */
struct file_lines {
    const char *next;
    const char *end;
    size_t number;    /* of the line, from 1 */
    const char *line; /* as it stands in the file, without its line feed */
    size_t line_bytes;
    char entry[FILE_ENTRY_MAX_BYTES + 1]; /* without comment and blanks around; "" when there is no more on the line */
    bool broken;                          /* the entry is longer than that, or a NUL follows: this is no list */
};

/* text must outlive the walk. */
struct file_lines file_lines(const struct text *text);

/* False at the end. */
bool file_next_line(struct file_lines *lines);

#endif
