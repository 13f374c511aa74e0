/* The surfaces: what a target may serve, and what rooms are filed under. A new one is a folder of harness/ and a row
 * here; hello, the manifest, the command line and the worker go by this table. */
#ifndef ASSAY_CASE_SURFACE_H
#define ASSAY_CASE_SURFACE_H

#include <stddef.h>

enum { SURFACE_METHODS_MAX = 16 };

/* A row: the surface's name, which is also its folder's, its rooms' and that of its entry in a manifest; the methods
 * that a driver which claims it has to list in hello; and those that it may list. `start` goes without saying. */
#define SURFACES(ROW)                                                                                \
    ROW(store, METHODS("create", "append", "read"), METHODS("metadata", "delete", "fork", "resume")) \
    ROW(http, METHODS(NULL), METHODS(NULL))                                                          \
    ROW(ws, METHODS(NULL), METHODS(NULL))
#define METHODS(...) \
    {                \
        __VA_ARGS__  \
    }

struct surface {
    const char *name;
    const char *required[SURFACE_METHODS_MAX + 1]; /* NULL-terminated, as is the other */
    const char *optional[SURFACE_METHODS_MAX + 1];
};

/* By the first part of a room's id or of a method's name, up to the delimiter or the end. NULL: there is none. */
const struct surface *surface_find(const char *name, char delimiter);

/* What the folder of each surface defines, for run/surfaces.c. NAME_start() starts the target for a case and returns
 * what the case gets as its state; NAME_stop() stops it, and says in the target's state what was unusual about that.
 * Whatever goes wrong ends the case. */
#define SURFACE_LIFE(name, required, optional) \
    void *name##_start(void);                  \
    void name##_stop(void *state);
SURFACES(SURFACE_LIFE)

#endif
