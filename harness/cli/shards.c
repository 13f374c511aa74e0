/* A shard that is missing is missed by nobody else: what it found is in no report, and all that is there may pass. */
#include "cli/shards.h"

bool shards_enter(struct shards *shards, const struct results *results, const char *name, struct error *err)
{
    unsigned number = results->shard, count = results->shards;

    if (number < 1 || number > count || count > RESULTS_SHARDS_MAX) {
        error_set(err, "there is no shard %u of %u", number, count);
        return false;
    }
    if (shards->count && shards->count != count) {
        error_set(err, "this is shard %u of %u, and the first run was one of %u: these cannot be one report", number,
                  count, shards->count);
        return false;
    }
    if (count > 1 && shards->names[number - 1]) {
        error_set(err, "shard %u of %u is there already, in %s; name each once", number, count,
                  shards->names[number - 1]);
        return false;
    }
    shards->count = count;
    shards->names[number - 1] = name;
    return true;
}

bool shards_are_complete(const struct shards *shards, struct error *err)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < shards->count; i++)
        if (!shards->names[i])
            missing++;
    if (missing == 0)
        return true;
    error_set(err, "%u of %u shards %s missing:", missing, shards->count, missing == 1 ? "is" : "are");
    for (unsigned i = 0; i < shards->count; i++)
        if (!shards->names[i])
            error_add(err, " %u/%u", i + 1, shards->count);
    return false;
}
