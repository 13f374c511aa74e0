/* The lines of the identity block, in their order. */
#include "report/identity.h"

static void add(struct identity_block *block, const char *name, const char *value)
{
    if (value && *value)
        block->lines[block->count++] = (struct identity_line){name, value};
}

void identity_make(struct identity_block *block, const struct results *results)
{
    const struct identity *identity = &results->identity;

    block->count = 0;
    text_init(&block->declares, IDENTITY_DECLARES_MAX_BYTES);
    for (char **declared = identity->declares; declared && *declared; declared++)
        text_addf(&block->declares, "%s%s", declared == identity->declares ? "" : ", ", *declared);
    add(block, "started", identity->started);
    add(block, "host", identity->host);
    add(block, "command", identity->command);
    add(block, "level", identity->level);
    add(block, "seed", identity->seed);
    add(block, "baseline", identity->baseline);
    add(block, "declares", block->declares.bytes);
    add(block, "driver", identity->driver_name);
    add(block, "version", identity->driver_version);
}

void identity_free(struct identity_block *block)
{
    text_free(&block->declares);
}
