/* How a room is entered into the results. */
#include "model/room.h"

enum level room_level(const struct room *room, size_t number)
{
    enum level own = room->check->cases[number].level;

    return own == LEVEL_OF_CHECK ? room->check->level : own;
}

const char *level_name(enum level level)
{
    static const char *const names[] = {[LEVEL_OF_CHECK] = "", [MUST] = "must", [SHOULD] = "should", [INFO] = "info"};

    return names[level];
}

size_t room_add_to(struct results *results, const struct room *room)
{
    const struct check *check = room->check;

    return results_add_check(results, room->id, check->title, level_name(check->level), check->origins, check->tags);
}
