/* realloc(3) that ends the process where it would return NULL. */
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

void *xalloc_resize(void *old, size_t count, size_t bytes_each)
{
    /* One more than asked for, so that a size of 0 is no special case: realloc() may free the block and return NULL. */
    size_t bytes;
    void *memory = NULL;

    if (!__builtin_mul_overflow(count, bytes_each, &bytes) && bytes < (size_t)-1)
        memory = realloc(old, bytes + 1);
    if (!memory) {
        fputs("assay: out of memory\n", stderr);
        abort();
    }
    return memory;
}
