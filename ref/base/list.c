/* Members are told apart by commas and blanks, and compared whole. */
#include "base/list.h"

#include <string.h>
#include <strings.h>

bool list_has(const char *list, const char *token)
{
    size_t length = strlen(token);

    while (*list) {
        list += strspn(list, ", \t");
        size_t member = strcspn(list, ", \t");
        if (member == length && strncasecmp(list, token, length) == 0)
            return true;
        list += member;
    }
    return false;
}
