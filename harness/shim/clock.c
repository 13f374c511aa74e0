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

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int failed = (int)syscall(SYS_clock_gettime, clock_id, tp);

    if (!failed && (clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_COARSE))
        tp->tv_sec += shift_s();
    return failed;
}

int gettimeofday(struct timeval *tv, void *tz)
{
    int failed = (int)syscall(SYS_gettimeofday, tv, tz);

    if (!failed && tv)
        tv->tv_sec += shift_s();
    return failed;
}

time_t time(time_t *timer)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (timer)
        *timer = now.tv_sec;
    return now.tv_sec;
}
