/* Which run of which case comes next. */
#include "run/schedule.h"

#include <stdlib.h>

void schedule_init(struct schedule *schedule, const struct selected_case *cases, size_t count, unsigned repeat)
{
    *schedule = (struct schedule){.slot_count = count, .repeat = repeat};
    schedule->slots = calloc(count + 1, sizeof *schedule->slots);
    if (!schedule->slots)
        abort();
    for (size_t i = 0; i < count; i++)
        schedule->slots[i] = (struct slot){
            .room = cases[i].room, .test = &cases[i].room->check->cases[cases[i].number], .number = cases[i].number};
}

void schedule_free(struct schedule *schedule)
{
    free(schedule->slots);
}

struct slot *schedule_next(struct schedule *schedule, unsigned *iteration)
{
    while (schedule->next < schedule->slot_count && schedule->slots[schedule->next].started == schedule->repeat)
        schedule->next++;
    if (schedule->next == schedule->slot_count)
        return NULL;
    struct slot *slot = &schedule->slots[schedule->next];
    *iteration = slot->started++;
    return slot;
}

bool schedule_room_is_done(const struct schedule *schedule, const struct slot *slot)
{
    const struct slot *first = slot, *end = schedule->slots + schedule->slot_count;

    while (first > schedule->slots && first[-1].room == slot->room)
        first--;
    for (; first < end && first->room == slot->room; first++)
        if (first->done != schedule->repeat)
            return false;
    return true;
}
