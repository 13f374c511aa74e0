/* What the fuzz targets share. A target is one file, NAME_fuzz.c, that defines LLVMFuzzerTestOneInput(); it takes any
 * bytes, and ends the process when something does not hold. It depends on nothing but those bytes, so that an input
 * that was found once is found again. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Called by libFuzzer, or by replay.c, with each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unless it holds: says what should, and aborts, which every fuzzer takes for a finding. */
static inline void fuzz_require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz: does not hold: %s\n", what);
    abort();
}

#endif
