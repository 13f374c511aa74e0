/* From a stream to the ids of its red cases. */
#include "cli/last_failed.h"

#include "base/directory.h"
#include "base/xalloc.h"
#include "model/results.h"
#include "run/artifacts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct last_failed *last, const char *check, const char *test)
{
    last->ids = xalloc_resize(last->ids, last->count + 1, sizeof *last->ids);
    if (asprintf(&last->ids[last->count], "%s:%s", check, test) < 0)
        abort();
    last->count++;
}

bool last_failed_read(struct last_failed *last, const char *out, struct error *err)
{
    struct results results;
    char path[PATH_MAX];

    *last = (struct last_failed){0};
    if (!directory_name(path, "%s/" ARTIFACTS_STREAM, out)) {
        error_set(err, "%s: %s", out, strerror(errno));
        return false;
    }
    if (!results_read(&results, path, err)) {
        error_prefix(err, "--last-failed needs an earlier run below --out: ");
        return false;
    }
    for (size_t i = 0; i < results.check_count; i++)
        for (size_t j = 0; j < results.checks[i].case_count; j++)
            if (verdict_is_red(results.checks[i].cases[j].verdict))
                add(last, results.checks[i].id, results.checks[i].cases[j].name);
    results_free(&results);
    return true;
}

void last_failed_free(struct last_failed *last)
{
    for (size_t i = 0; i < last->count; i++)
        free(last->ids[i]);
    free(last->ids);
    *last = (struct last_failed){0};
}
