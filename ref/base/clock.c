/* The system's clocks. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

void clock_utc(char text[CLOCK_UTC_BYTES])
{
    struct timespec now;
    struct tm utc;
    char seconds[sizeof "2026-01-31T23:59:59"] = "";

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_UTC_BYTES, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000 % 1000));
}

int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
