/* Reading a whole file that somebody else wrote: bounded, and with a message a person can act on. */
#ifndef ASSAY_FILE_H
#define ASSAY_FILE_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>

/* Fills text, which is the caller's to free. False: nothing to free, and error_text names the path and what is wrong:
 * it cannot be opened or read, or holds more than max_bytes. Blocks as long as the file does. */
bool file_read(const char *path, size_t max_bytes, struct text *text, char *error_text, size_t error_bytes);

#endif
