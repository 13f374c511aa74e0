/* What the supervisor's own files share; nobody else includes this. */
#ifndef ASSAY_SUPERVISOR_SUPERVISOR_PRIVATE_H
#define ASSAY_SUPERVISOR_SUPERVISOR_PRIVATE_H

#include "base/clock.h"
#include "supervisor/filter.h"
#include "supervisor/record.h"
#include "supervisor/rules.h"

#include <pthread.h>

struct seccomp_notif;

struct supervisor_listener {
    int fd;
    pid_t root;
    int root_pidfd; /* so that a number which was given to another process is not taken for the root */
};

/* The serving thread is the only one that answers calls, and the only one that takes listeners away. */
struct supervisor {
    pthread_t thread;
    int wake; /* eventfd: look again, something has changed */
    unsigned kinds;
    struct sock_fprog program;
    struct seccomp_notif *notification; /* the serving thread's; as large as this kernel fills it in */
    size_t notification_bytes;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stopping;
    struct rules plan;
    struct supervisor_record record;
    struct supervisor_listener listeners[SUPERVISOR_PROCESSES_MAX];
    size_t listener_count;
    bool troubled;
    char trouble[256];
};

/* The serving thread; argument is the supervisor. */
void *supervisor_loop(void *argument);

#endif
