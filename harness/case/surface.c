/* The table of surfaces. */
#include "case/surface.h"

#include <string.h>

#define SURFACE(name, required, optional) {#name, required, optional},

static const struct surface surfaces[] = {
    SURFACES(SURFACE){NULL, {NULL}, {NULL}},
};

const struct surface *surface_find(const char *name, char delimiter)
{
    size_t length = (size_t)(strchrnul(name, delimiter) - name);

    for (const struct surface *surface = surfaces; surface->name; surface++)
        if (strlen(surface->name) == length && strncmp(surface->name, name, length) == 0)
            return surface;
    return NULL;
}
