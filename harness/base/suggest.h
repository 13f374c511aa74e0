/* "Did you mean …?": the known word that a mistyped one comes closest to.
 *
 *     struct suggestion nearest = suggest_begin("htpt");
 *     suggest_try(&nearest, "store", "store");
 *     suggest_try(&nearest, "http", "http");
 *     suggest_found(&nearest);                   "http"
 *
 * Words are compared byte for byte. Nothing is copied: the strings must live as long as the struct is used. */
#ifndef ASSAY_BASE_SUGGEST_H
#define ASSAY_BASE_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX_BYTES = 128 }; /* a longer word is like no other */

struct suggestion {
    const char *word;
    const char *found; /* what to suggest so far, or NULL */
    size_t distance;   /* of what was found */
};

struct suggestion suggest_begin(const char *word);

/* Weighs one known word; suggestion is what suggest_found() answers should it win. The first of equals wins. */
void suggest_try(struct suggestion *nearest, const char *known, const char *suggestion);

/* NULL when nothing is near: a suggestion that is far off misleads more than it helps. */
const char *suggest_found(const struct suggestion *nearest);

/* Among a NULL-terminated list. */
const char *suggest_from(const char *word, const char *const *known);

/* How many bytes must be added, taken away, changed or swapped with their neighbour to make b out of a (the "optimal
 * string alignment" distance); SUGGEST_WORD_MAX_BYTES when one of the two is longer than that. */
size_t suggest_distance(const char *a, const char *b);

#endif
