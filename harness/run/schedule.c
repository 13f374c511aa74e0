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

static const struct slot *first_of_room(const struct schedule *schedule, const struct slot *slot)
{
    while (slot > schedule->slots && slot[-1].room == slot->room)
        slot--;
    return slot;
}

/* The slots of a room lie together. */
static bool is_of_room(const struct schedule *schedule, const struct slot *slot, const struct room *room)
{
    return slot < schedule->slots + schedule->slot_count && slot->room == room;
}

/* A case that is no control, of a room whose controls are not done. */
static bool has_to_wait(const struct schedule *schedule, const struct slot *slot)
{
    const struct slot *other = first_of_room(schedule, slot);

    for (; !slot->test->control && is_of_room(schedule, other, slot->room); other++)
        if (other->test->control && other->done != schedule->repeat)
            return true;
    return false;
}

struct slot *schedule_next(struct schedule *schedule, unsigned *iteration)
{
    struct slot *end = schedule->slots + schedule->slot_count;

    while (schedule->next < schedule->slot_count && schedule->slots[schedule->next].started == schedule->repeat)
        schedule->next++;
    for (struct slot *slot = schedule->slots + schedule->next; slot < end; slot++) {
        if (slot->started == schedule->repeat || has_to_wait(schedule, slot))
            continue;
        *iteration = slot->started++;
        return slot;
    }
    return NULL;
}

const struct slot *schedule_unsound_control(const struct schedule *schedule, const struct slot *slot)
{
    const struct slot *other = first_of_room(schedule, slot);

    for (; is_of_room(schedule, other, slot->room); other++)
        if (other->unsound)
            return other;
    return NULL;
}

bool schedule_room_is_done(const struct schedule *schedule, const struct slot *slot)
{
    const struct slot *other = first_of_room(schedule, slot);

    for (; is_of_room(schedule, other, slot->room); other++)
        if (other->done != schedule->repeat)
            return false;
    return true;
}
