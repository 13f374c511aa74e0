/* What a target claims to serve, and the case that asks it: run like any other under a monitor, so that a driver that
 * misbehaves before it is even known costs no more than one that does so later. */
#ifndef ASSAY_RUN_CAPABILITIES_H
#define ASSAY_RUN_CAPABILITIES_H

#include "base/error.h"
#include "json/json.h"
#include "model/results.h"
#include "model/room.h"
#include "run/config.h"
#include "target/manifest.h"

#include <stdbool.h>

struct capabilities {
    const struct manifest *manifest; /* the caller's */
    const struct json *hello;        /* the driver's answer; NULL without a driver */
};

/* Asks the target's driver what it claims, and whether its calls overlap. False: err says why not, in lines of which
 * the first says it and others may quote the driver's standard error; and blame who; the
 * process tree of the driver is ended either way. Uses the directory cases/driver below config->out, which must be the
 * caller's alone. Blocks; SIGINT, SIGTERM or SIGHUP ends it, and is pending again for the caller when it returns. The
 * caller is a single thread and has no other children. */
bool capabilities_ask(const struct manifest *manifest, const struct config *config, struct capabilities *capabilities,
                      enum blame *blame, struct error *err);
void capabilities_free(struct capabilities *capabilities);

/* Tries a surface of case/surface.h that the target claims: run/trial.h. Where, and under which conditions, as
 * capabilities_ask(). True: *worked says what did, to be freed with free(). False: err says why not, in lines of which
 * the first says it and others may quote the target's standard error; and blame who: BLAME_NONE of a failure that any
 * room finds. */
bool capabilities_try(const struct capabilities *capabilities, const struct config *config, const char *surface,
                      char **worked, enum blame *blame, struct error *err);

/* Whether the target claims the surface of the room, and whether it can be judged by the room: it claims that, and has
 * all that the room needs. False: err says what is missing. */
bool capabilities_claim_surface(const struct capabilities *capabilities, const struct room *room, struct error *err);
bool capabilities_suffice(const struct capabilities *capabilities, const struct room *room, struct error *err);

#endif
