/* Files that assay-red leaves behind. */
#ifndef ASSAY_RED_WRITE_H
#define ASSAY_RED_WRITE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/* Makes the file, or makes it anew, of the whole text. False: err names it and says why. */
bool write_file(const char *path, const struct text *text, struct error *err);

#endif
