/* "Did you mean …?": the known word that a mistyped one comes closest to.
 *
 *     struct nearest nearest = nearest_begin("htpt");
 *     nearest_try(&nearest, "store", "store");
 *     nearest_try(&nearest, "http", "http");
 *     nearest_found(&nearest);                   "http"
 *
 * Words are compared byte for byte. Nothing is copied: the strings must live as long as the struct is used. */
#ifndef ASSAY_NEAREST_H
#define ASSAY_NEAREST_H

#include <stddef.h>

enum { NEAREST_WORD_MAX_BYTES = 128 }; /* a longer word is like no other */

struct nearest {
    const char *word;
    const char *found; /* what to suggest so far, or NULL */
    size_t distance;   /* of what was found */
};

struct nearest nearest_begin(const char *word);

/* Weighs one known word; suggestion is what nearest_found() answers should it win. The first of equals wins. */
void nearest_try(struct nearest *nearest, const char *known, const char *suggestion);

/* NULL when nothing is near: a suggestion that is far off misleads more than it helps. */
const char *nearest_found(const struct nearest *nearest);

/* Among a NULL-terminated list. */
const char *nearest_of(const char *word, const char *const *known);

/* How many bytes must be added, taken away, changed or swapped with their neighbour to make b out of a (the "optimal
 * string alignment" distance); NEAREST_WORD_MAX_BYTES when one of the two is longer than that. */
size_t nearest_distance(const char *a, const char *b);

#endif
