/* Which functions start and stop the target for a room, by the table in case/surface.h. */
#include "run/surfaces.h"

#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "run/capabilities_case.h"

#include <string.h>

#define LIFE(name, required, optional) {#name, name##_start, name##_stop},

static const struct life {
    const char *surface;
    void *(*start)(void);
    void (*stop)(void *state);
} lives[] = {
    {"driver", capabilities_start, capabilities_stop}, /* no more than the driver, to be asked for the others */
    SURFACES(LIFE){NULL, NULL, NULL},
};

static const struct life *life_of(const char *id)
{
    size_t length = strcspn(id, "/");

    for (const struct life *life = lives; life->surface; life++)
        if (strlen(life->surface) == length && !strncmp(life->surface, id, length))
            return life;
    error_of_harness("the room %s is filed under no known surface", id);
}

void *surfaces_start(void)
{
    return life_of(case_context()->room->id)->start();
}

void surfaces_stop(void *state)
{
    life_of(case_context()->room->id)->stop(state);
}
