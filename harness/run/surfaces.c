#include "run/surfaces.h"

#include "check.h"
#include "http/start.h"
#include "run/capabilities_case.h"
#include "store/start.h"

#include <string.h>

struct surface {
    const char *name;
    void *(*start)(void);
    void (*stop)(void *state);
};

static const struct surface surfaces[] = {
    {"driver", capabilities_start, capabilities_stop},
    {"http", http_start, http_stop},
    {"store", store_start, store_stop},
};

static const struct surface *surface_of(const char *id)
{
    size_t length = strcspn(id, "/");

    for (size_t i = 0; i < sizeof surfaces / sizeof *surfaces; i++)
        if (strlen(surfaces[i].name) == length && !strncmp(surfaces[i].name, id, length))
            return &surfaces[i];
    error_of_harness("the room %s is filed under no known surface", id);
}

void *surface_start(const struct case_context *context)
{
    return surface_of(context->room->id)->start();
}

void surface_stop(void *state)
{
    surface_of(case_context()->room->id)->stop(state);
}
