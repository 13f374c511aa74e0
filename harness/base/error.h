/* Why something failed, in words, owned by the caller: usually a variable on its stack.
 *
 * A function that can fail in ways worth a sentence takes a struct error as its last parameter, writes it when it
 * fails, and leaves it alone when it does not. NULL is allowed: nobody wants to know. The text may hold any bytes,
 * since it may quote a hostile program: who prints it escapes it. */
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include <stdarg.h>

enum { ERROR_TEXT_BYTES = 4096 };

struct error {
    char text[ERROR_TEXT_BYTES]; /* NUL-terminated, cut off where it is longer */
};

/* As printf; the arguments may not point into err->text. */
void error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_vset(struct error *err, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Puts more behind what is there, or before it: "FILE:3:14: " before what is wrong there. */
void error_add(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
