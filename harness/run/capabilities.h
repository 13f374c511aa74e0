/* What a target claims to serve, and the case that asks it: run like any other under a monitor, so that a driver that
 * misbehaves before it is even known costs no more than one that does so later. */
#ifndef ASSAY_RUN_CAPABILITIES_H
#define ASSAY_RUN_CAPABILITIES_H

#include "base/error.h"
#include "model/results.h"
#include "model/room.h"
#include "run/config.h"
#include "target/manifest.h"

#include <stdbool.h>
#include <stddef.h>

struct capabilities {
    const struct json *hello; /* the driver's answer; NULL without a driver */
    unsigned needs_met;       /* enum need bits */
    bool store;
    bool http;
};

/* Asks the target's driver for its claims, and whether its calls overlap. False: err says why not, and blame
 * who; the process tree of the driver is ended either way. Uses the directory cases/driver below config->out, which
 * must be the caller's alone. Blocks; SIGINT, SIGTERM or SIGHUP ends it, and is pending again for the caller when it
 * returns. The caller is a single thread and has no other children. */
bool capabilities_ask(const struct manifest *manifest, const struct config *config, struct capabilities *claims,
                      enum blame *blame, struct error *err);
void capabilities_free(struct capabilities *claims);

/* NULL when the target can be judged by the room, else why not (a static string): a surface that is not claimed, or
 * that and whatever else is missing. */
const char *capabilities_missing_surface(const struct capabilities *claims, const struct room *room);
const char *capabilities_missing(const struct capabilities *claims, const struct room *room);

#endif
