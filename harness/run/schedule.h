/* What is to be run: every selected case, as often as --repeat says. */
#ifndef ASSAY_RUN_SCHEDULE_H
#define ASSAY_RUN_SCHEDULE_H

#include "model/room.h"

#include <stdbool.h>
#include <stddef.h>

struct slot { /* one case */
    const struct room *room;
    const struct check_case *test;
    size_t number;          /* of the case in its room, from 0 */
    size_t check;           /* of the room in the results; the runner's */
    unsigned started, done; /* runs */
    unsigned passed;        /* of those that are done; the runner's */
    bool unsound;           /* a control that failed; the runner's */
};

struct schedule {
    struct slot *slots; /* in the order of the selection */
    size_t slot_count;
    size_t next; /* the first slot that may have runs to start */
    unsigned repeat;
};

void schedule_init(struct schedule *schedule, const struct selected_case *cases, size_t count, unsigned repeat);
void schedule_free(struct schedule *schedule);

/* The next run to start; a room's controls come first, and its other cases when all runs of these are done. NULL: there
 * is none, or none before another run is done. *iteration is its number, from 0. */
struct slot *schedule_next(struct schedule *schedule, unsigned *iteration);

/* The first control of the slot's room that is unsound, or NULL. */
const struct slot *schedule_unsound_control(const struct schedule *schedule, const struct slot *slot);

/* Whether every run of every selected case of the slot's room is over. */
bool schedule_room_is_done(const struct schedule *schedule, const struct slot *slot);

#endif
