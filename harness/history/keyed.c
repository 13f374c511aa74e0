/* Times and numbers, sorted, each with what it belongs to. */
#include "history/history_private.h"

#include <stdlib.h>

static int compare_keyed(const void *a, const void *b)
{
    const struct history_keyed *first = a;
    const struct history_keyed *second = b;

    if (first->key != second->key)
        return first->key < second->key ? -1 : 1;
    return (first->index > second->index) - (first->index < second->index);
}

void history_sort(struct history_keyed *keyed, size_t count)
{
    qsort(keyed, count, sizeof *keyed, compare_keyed);
}
