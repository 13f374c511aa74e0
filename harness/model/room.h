/* The registry of rooms, generated from the folders of regress/ when the project is built. */
#ifndef ASSAY_MODEL_ROOM_H
#define ASSAY_MODEL_ROOM_H

#include "check.h"
#include "model/results.h"

#include <stddef.h>

struct room {
    const char *id;     /* its path below regress/: "store/sequence-order" */
    const char *readme; /* its README.md, whole */
    const struct check *check;
};

/* One case of one room, as a selection lists it; the cases of a room stand together, in their order. */
struct selected_case {
    const struct room *room;
    size_t number; /* index into room->check->cases */
};

extern const struct room rooms[]; /* sorted by id */
extern const size_t room_count;

/* The level of one of its cases: its own, else that of the check. */
enum level room_level(const struct room *room, size_t number);

const char *level_name(enum level level); /* "must" and so on */

/* Enters the room's check, still without cases, and returns its index (model/results.h). */
size_t room_add_to(struct results *results, const struct room *room);

#endif
