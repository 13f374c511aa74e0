/* A room's README for the terminal: plain text, wrapped, without escape sequences. */
#ifndef ASSAY_CLI_MARKDOWN_H
#define ASSAY_CLI_MARKDOWN_H

#include <stddef.h>
#include <stdio.h>

enum { MARKDOWN_DEPTH_MAX = 24 }; /* columns by which a list or quotation is indented at most */

/* Knows what the rooms use: headings (underlined), paragraphs, lists and quotations (wrapped at so many columns, each
 * under its own first word), code and tables (left as they are). Of marks inside a line, ** goes and the rest stays.
 * What is not printable is made visible. Blocks as out does. */
void markdown_print(const char *markdown, size_t columns, FILE *out);

#endif
