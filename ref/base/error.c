/* The text of an error, made in the caller's own memory; nothing here can fail. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_set(struct error *err, const char *format, ...)
{
    va_list arguments;

    if (!err)
        return;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
}

void error_set_errno(struct error *err, const char *format, ...)
{
    int number = errno;
    char what[ERROR_TEXT_BYTES / 2];
    char why[ERROR_TEXT_BYTES / 4];
    va_list arguments;

    if (!err)
        return;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    /* The GNU strerror_r: it may answer with a constant of its own. */
    snprintf(err->text, sizeof err->text, "%s: %s", what, strerror_r(number, why, sizeof why));
    errno = number;
}
