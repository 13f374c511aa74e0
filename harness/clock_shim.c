/* A wall clock that is wrong, for targets that are linked dynamically: a library for LD_PRELOAD that shifts what
 * clock_gettime(2), gettimeofday(2) and time(2) say of the time of day by ASSAY_CLOCK_SHIFT_S seconds. Clocks that only
 * run forward are left alone. Built as assay-clock.so; not part of assay itself. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift_s(void)
{
    const char *seconds = getenv("ASSAY_CLOCK_SHIFT_S");
    return seconds ? (time_t)strtol(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift_s();
    return failed;
}

int gettimeofday(struct timeval *now, void *zone)
{
    int failed = (int)syscall(SYS_gettimeofday, now, zone);
    if (!failed && now)
        now->tv_sec += shift_s();
    return failed;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
