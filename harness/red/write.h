/* Files that assay-red leaves behind. */
#ifndef ASSAY_RED_WRITE_H
#define ASSAY_RED_WRITE_H

#include "base/text.h"

#include <stdbool.h>

/* Makes the file, or makes it anew, of the whole text. False: error_text names it and says why. */
bool write_file(const char *path, const struct text *text, char *error_text, size_t error_bytes);

#endif
