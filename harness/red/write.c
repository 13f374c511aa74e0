#include "red/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool write_file(const char *path, const struct text *text, char *error_text, size_t error_bytes)
{
    FILE *file = fopen(path, "we");
    bool written = file && fwrite(text->bytes, 1, text->length, file) == text->length;

    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        snprintf(error_text, error_bytes, "cannot write %s: %s", path, strerror(errno));
    return written;
}
