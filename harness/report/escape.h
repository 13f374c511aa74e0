/* Foreign bytes, made fit to be shown. What a target says may hold anything: escape sequences that rewrite the
 * terminal, text that runs from right to left, half a character, line breaks that fake a line of the report. */
#ifndef ASSAY_REPORT_ESCAPE_H
#define ASSAY_REPORT_ESCAPE_H

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>

/* Printable UTF-8 stays, and so does a backslash; all else becomes \n, \e, \x9b and the like (text_add_visible()). So
 * text that was made visible before is not changed again, which evidence is (check.h, sent()). The result is one
 * line, safe on a terminal, and holds no character that XML forbids. */
void escape_visible(struct text *out, const char *string, size_t bytes);

/* The same, into a file. */
void escape_bytes(FILE *out, const char *string, size_t bytes);

/* The same, of a whole string. NULL writes nothing. */
void escape_line(FILE *out, const char *string);

/* As much as a person wants to see of a long text. Each line is made visible and written after `indent`; at most
 * max_lines lines of at most max_bytes altogether, then how much was left out. Ends with a line feed. */
void escape_block(FILE *out, const char *string, const char *indent, size_t max_lines, size_t max_bytes);

#endif
