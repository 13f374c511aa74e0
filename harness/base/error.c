/* Why something failed, in words. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

void error_vset(struct error *err, const char *format, va_list arguments)
{
    if (err)
        vsnprintf(err->text, sizeof err->text, format, arguments);
}

void error_set(struct error *err, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(err, format, arguments);
    va_end(arguments);
}

void error_add(struct error *err, const char *format, ...)
{
    va_list arguments;
    size_t used = err ? strlen(err->text) : 0;

    va_start(arguments, format);
    if (err)
        vsnprintf(err->text + used, sizeof err->text - used, format, arguments);
    va_end(arguments);
}

void error_prefix(struct error *err, const char *format, ...)
{
    struct error said;
    va_list arguments;

    if (!err)
        return;
    said = *err;
    va_start(arguments, format);
    error_vset(err, format, arguments);
    va_end(arguments);
    error_add(err, "%s", said.text);
}
