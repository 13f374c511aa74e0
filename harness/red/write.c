/* Writes a file whole, or says why not. */
#include "red/write.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool write_file(const char *path, const struct text *text, struct error *err)
{
    FILE *file = fopen(path, "we");
    bool written = file && fwrite(text->bytes, 1, text->length, file) == text->length;

    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        error_set(err, "cannot write %s: %s", path, strerror(errno));
    return written;
}
