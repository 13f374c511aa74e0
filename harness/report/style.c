/* The escape sequences for colours, and when a terminal gets them. */
#include "report/style.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool style_is_terminal(int fd)
{
    const char *term = getenv("TERM");

    return term && strcmp(term, "dumb") != 0 && isatty(fd);
}

bool style_enabled(int choice, int fd)
{
    if (choice >= 0)
        return choice > 0;
    const char *no_color = getenv("NO_COLOR");
    return !(no_color && *no_color) && style_is_terminal(fd);
}

const char *style_begin(enum verdict verdict, bool color)
{
    static const char *const sequences[VERDICT_COUNT] = {
        [VERDICT_PASS] = "\033[32m",    [VERDICT_FAIL] = "\033[1;31m", [VERDICT_XFAIL] = "\033[33m",
        [VERDICT_XPASS] = "\033[31m",   [VERDICT_WARN] = "\033[33m",   [VERDICT_NA] = "\033[2m",
        [VERDICT_ERROR] = "\033[1;35m",
    };

    return color ? sequences[verdict] : "";
}

const char *style_end(bool color)
{
    return color ? "\033[0m" : "";
}
