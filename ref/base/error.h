/* The reason why something failed, in words, owned by the caller: usually a variable on its stack.
 *
 * Every module answers with its own result enum; the text only says more for people. A function that takes a
 * struct error writes it when it fails and leaves it alone when it does not. NULL is allowed: nobody wants to know. */
#ifndef REF_BASE_ERROR_H
#define REF_BASE_ERROR_H

enum { ERROR_TEXT_BYTES = 256 };

struct error {
    char text[ERROR_TEXT_BYTES]; /* NUL-terminated, one line, cut off where it is longer */
};

/* As printf. Text that came from a client must not be among the arguments: who prints it would have to escape it. */
void error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As error_set, followed by ": " and the words for errno, which stays as it is. */
void error_set_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
