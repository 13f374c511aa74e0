/* Counts the slips of the pen between two words, and keeps the nearest one. */
#include "base/suggest.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The classic table, of which only three rows are ever looked at: this one, the last, and, for a swap, the one before.
 */
size_t suggest_distance(const char *a, const char *b)
{
    size_t a_bytes = strnlen(a, SUGGEST_WORD_MAX_BYTES + 1);
    size_t b_bytes = strnlen(b, SUGGEST_WORD_MAX_BYTES + 1);
    size_t rows[3][SUGGEST_WORD_MAX_BYTES + 1];

    if (a_bytes > SUGGEST_WORD_MAX_BYTES || b_bytes > SUGGEST_WORD_MAX_BYTES)
        return SUGGEST_WORD_MAX_BYTES;
    for (size_t j = 0; j <= b_bytes; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_bytes; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            row[j] = smaller(last[j] + 1, row[j - 1] + 1);
            row[j] = smaller(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_bytes % 3][b_bytes];
}

/* One slip in every three letters is a typing mistake; more is another word. */
static size_t slips_allowed(const char *word)
{
    return (strnlen(word, SUGGEST_WORD_MAX_BYTES) + 1) / 3;
}

struct suggestion suggest_begin(const char *word)
{
    return (struct suggestion){.word = word, .found = NULL, .distance = slips_allowed(word) + 1};
}

void suggest_try(struct suggestion *nearest, const char *known, const char *suggestion)
{
    size_t distance = suggest_distance(nearest->word, known);

    /* Part of a name, as "lengths" of "conflicting-lengths", is the weakest kind of likeness that still counts. */
    if (distance > slips_allowed(nearest->word) && strlen(nearest->word) > 3 && strstr(known, nearest->word))
        distance = slips_allowed(nearest->word);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->found = suggestion;
    }
}

const char *suggest_found(const struct suggestion *nearest)
{
    return nearest->found;
}

const char *suggest_from(const char *word, const char *const *known)
{
    struct suggestion nearest = suggest_begin(word);

    for (; *known; known++)
        suggest_try(&nearest, *known, *known);
    return suggest_found(&nearest);
}
