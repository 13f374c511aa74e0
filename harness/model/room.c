/* How a room is entered into the results. */
#include "model/room.h"

size_t room_add_to(struct results *results, const struct room *room)
{
    static const char *const levels[] = {[MUST] = "must", [SHOULD] = "should", [INFO] = "info"};
    const struct check *check = room->check;

    return results_add_check(results, room->id, check->title, levels[check->level], check->origins, check->tags);
}
