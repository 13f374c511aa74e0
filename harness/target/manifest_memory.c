/* What a manifest owns, from its birth to its end, and how a complaint about its text is written. */
#include "base/error.h"
#include "base/xalloc.h"
#include "target/manifest_private.h"

#include <stdarg.h>
#include <stdlib.h>

struct manifest_memory *manifest_make(const char *name)
{
    struct manifest_memory *memory = xalloc_resize(NULL, 1, sizeof *memory);

    *memory = (struct manifest_memory){.manifest = {.name = name, .start_timeout_ms = 5000}};
    memory->manifest.memory = memory;
    return memory;
}

const char *manifest_keep(struct manifest_memory *memory, char *string)
{
    if (!string)
        abort();
    memory->strings[memory->string_count++] = string;
    return string;
}

void manifest_free(struct manifest *manifest)
{
    struct manifest_memory *memory = manifest ? manifest->memory : NULL;

    if (!memory)
        return;
    for (size_t i = 0; i < memory->string_count; i++)
        free(memory->strings[i]);
    json_free(memory->document);
    free(memory);
}

bool manifest_wrong(struct manifest_reading *reading, size_t offset, const char *format, ...)
{
    size_t line = 1;
    size_t column = 1;
    va_list arguments;

    for (size_t i = 0; i < offset; i++) {
        column++;
        if (reading->text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    va_start(arguments, format);
    error_vset(reading->err, format, arguments);
    va_end(arguments);
    error_prefix(reading->err, "%s:%zu:%zu: ", reading->path, line, column);
    return false;
}
