/* Colour on a terminal, and when to use it. These are the only escape sequences that assay writes there. */
#ifndef ASSAY_REPORT_STYLE_H
#define ASSAY_REPORT_STYLE_H

#include "model/results.h"

#include <stdbool.h>

/* fd is a terminal, and one that acts on escape sequences (TERM is set, and not "dumb"). */
bool style_is_terminal(int fd);

/* --color: 0 never, 1 always, -1 when fd is such a terminal and NO_COLOR is not set (no-color.org). */
bool style_enabled(int choice, int fd);

/* What is written before and after words in the colour of a verdict; "" without colour. */
const char *style_begin(enum verdict verdict, bool color);
const char *style_end(bool color);

#endif
