/* The supervisor from outside: starting, stopping, rules and questions. The thread that serves it is in loop.c. */
#include "supervisor/supervisor_private.h"

#include "base/error.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wake(struct supervisor *supervisor)
{
    uint64_t one = 1;
    ssize_t ignored = write(supervisor->wake, &one, sizeof one); /* full means that it will wake up anyway */

    (void)ignored;
}

static void free_supervisor(struct supervisor *supervisor)
{
    struct supervisor_call *call;

    while ((call = rules_forget(&supervisor->plan, -1)) != NULL)
        free(call);
    for (size_t i = 0; i < supervisor->listener_count; i++) {
        close(supervisor->listeners[i].fd);
        close(supervisor->listeners[i].root_pidfd);
    }
    rules_free(&supervisor->plan);
    supervisor_record_free(&supervisor->record);
    free(supervisor->notification);
    free(supervisor->program.filter);
    if (supervisor->wake >= 0)
        close(supervisor->wake);
    pthread_cond_destroy(&supervisor->changed);
    pthread_mutex_destroy(&supervisor->lock);
    free(supervisor);
}

static struct supervisor *new_supervisor(unsigned kinds)
{
    struct supervisor *supervisor = calloc(1, sizeof *supervisor);
    pthread_condattr_t monotonic;

    if (!supervisor)
        abort();
    supervisor->kinds = kinds;
    supervisor->wake = -1;
    pthread_mutex_init(&supervisor->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&supervisor->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    rules_init(&supervisor->plan);
    supervisor_record_init(&supervisor->record, SUPERVISOR_RECORD_MAX_EVENTS, SUPERVISOR_RECORD_MAX_BYTES);
    return supervisor;
}

/* The kernel may know a longer struct than the one we were compiled with. */
static bool make_notification(struct supervisor *supervisor)
{
    struct seccomp_notif_sizes sizes;

    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0)
        return false;
    supervisor->notification_bytes = sizes.seccomp_notif;
    if (supervisor->notification_bytes < sizeof *supervisor->notification)
        supervisor->notification_bytes = sizeof *supervisor->notification;
    supervisor->notification = malloc(supervisor->notification_bytes);
    return supervisor->notification != NULL;
}

/* With all signals blocked, so that they go to the room's thread, and a write past a file size limit only fails. */
static int start_thread(struct supervisor *supervisor)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&supervisor->thread, NULL, supervisor_loop, supervisor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum supervisor_result supervisor_start(struct supervisor **out, unsigned kinds, struct error *err)
{
    struct supervisor *supervisor = new_supervisor(kinds);
    enum supervisor_result result = supervisor_filter_build(kinds, &supervisor->program, err);

    *out = NULL;
    if (result != SUPERVISOR_OK)
        goto out;
    result = SUPERVISOR_REFUSED;
    if (!make_notification(supervisor)) {
        error_set(err, "the kernel does not offer seccomp user notification: %s", strerror(errno));
        goto out;
    }
    result = SUPERVISOR_FAILED;
    supervisor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = supervisor->wake < 0 ? errno : start_thread(supervisor);
    if (error) {
        error_set(err, "the supervisor's thread cannot be started: %s", strerror(error));
        goto out;
    }
    *out = supervisor;
    return SUPERVISOR_OK;
out:
    free_supervisor(supervisor);
    return result;
}

void supervisor_stop(struct supervisor *supervisor)
{
    if (!supervisor)
        return;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->stopping = true;
    pthread_mutex_unlock(&supervisor->lock);
    wake(supervisor);
    pthread_join(supervisor->thread, NULL);
    free_supervisor(supervisor);
}

enum supervisor_result supervisor_prepare(struct supervisor *supervisor, struct supervisor_entry *entry,
                                          struct error *err)
{
    entry->program = &supervisor->program;
    return supervisor_filter_open_entry(entry, err);
}

int supervisor_enter(const struct supervisor_entry *entry)
{
    return supervisor_filter_enter(entry);
}

/* Takes over the listener, in any case. */
static enum supervisor_result add_listener(struct supervisor *supervisor, int fd, pid_t pid, struct error *err)
{
    struct supervisor_listener listener = {fd, pid, (int)syscall(SYS_pidfd_open, pid, 0)};
    enum supervisor_result result = SUPERVISOR_FAILED;

    if (listener.root_pidfd < 0) {
        error_set(err, "pidfd_open: %s", strerror(errno));
        close(fd);
        return SUPERVISOR_FAILED;
    }
    pthread_mutex_lock(&supervisor->lock);
    if (supervisor->listener_count < SUPERVISOR_PROCESSES_MAX) {
        supervisor->listeners[supervisor->listener_count++] = listener;
        result = SUPERVISOR_OK;
    }
    pthread_mutex_unlock(&supervisor->lock);
    if (result != SUPERVISOR_OK) {
        error_set(err, "more than %d processes under one supervisor", SUPERVISOR_PROCESSES_MAX);
        close(listener.root_pidfd);
        close(fd);
    }
    return result;
}

enum supervisor_result supervisor_attach(struct supervisor *supervisor, struct supervisor_entry *entry, pid_t pid,
                                         struct error *err)
{
    enum supervisor_result result = SUPERVISOR_DIED;
    int listener;

    if (pid > 0)
        result = supervisor_filter_receive(entry, pid, &listener, err);
    if (result == SUPERVISOR_OK)
        result = add_listener(supervisor, listener, pid, err);
    if (result == SUPERVISOR_OK) {
        wake(supervisor);
        supervisor_filter_let_go(entry);
    }
    supervisor_filter_close_entry(entry);
    return result;
}

unsigned supervisor_add(struct supervisor *supervisor, const struct supervisor_rule *rule)
{
    unsigned id = 0;

    pthread_mutex_lock(&supervisor->lock);
    const char *objection = rules_objection(&supervisor->plan, rule, supervisor->kinds);
    if (!objection)
        id = rules_add(&supervisor->plan, rule);
    pthread_mutex_unlock(&supervisor->lock);
    if (objection) {
        fprintf(stderr, "supervisor_add: %s\n", objection);
        abort();
    }
    return id;
}

void supervisor_remove(struct supervisor *supervisor, unsigned rule)
{
    pthread_mutex_lock(&supervisor->lock);
    rules_remove(&supervisor->plan, rule);
    pthread_mutex_unlock(&supervisor->lock);
    wake(supervisor);
}

uint64_t supervisor_seen(struct supervisor *supervisor, unsigned rule)
{
    pthread_mutex_lock(&supervisor->lock);
    uint64_t seen = supervisor->plan.rules[rule].seen;
    pthread_mutex_unlock(&supervisor->lock);
    return seen;
}

uint64_t supervisor_fired(struct supervisor *supervisor, unsigned rule)
{
    pthread_mutex_lock(&supervisor->lock);
    uint64_t fired = supervisor->plan.rules[rule].fired;
    pthread_mutex_unlock(&supervisor->lock);
    return fired;
}

/* Waits for a counter of the plan, whose address does not change. */
static bool wait_count(struct supervisor *supervisor, const uint64_t *counter, uint64_t count, int64_t timeout_ms)
{
    int64_t until_ns = clock_ns() + timeout_ms * 1000000;
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int error = 0;

    pthread_mutex_lock(&supervisor->lock);
    while (*counter < count && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&supervisor->changed, &supervisor->lock, &until);
    bool reached = *counter >= count;
    pthread_mutex_unlock(&supervisor->lock);
    return reached;
}

bool supervisor_wait_seen(struct supervisor *supervisor, unsigned rule, uint64_t count, int64_t timeout_ms)
{
    return wait_count(supervisor, &supervisor->plan.rules[rule].seen, count, timeout_ms);
}

bool supervisor_wait_fired(struct supervisor *supervisor, unsigned rule, uint64_t count, int64_t timeout_ms)
{
    return wait_count(supervisor, &supervisor->plan.rules[rule].fired, count, timeout_ms);
}

const char *supervisor_trouble(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    const char *trouble = supervisor->troubled ? supervisor->trouble : NULL;
    pthread_mutex_unlock(&supervisor->lock);
    return trouble;
}

const struct supervisor_event *supervisor_event(struct supervisor *supervisor, size_t index)
{
    pthread_mutex_lock(&supervisor->lock);
    const struct supervisor_event *event = index < supervisor->record.count ? supervisor->record.events[index] : NULL;
    pthread_mutex_unlock(&supervisor->lock);
    return event;
}

bool supervisor_record_cut(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    bool cut = supervisor->record.cut;
    pthread_mutex_unlock(&supervisor->lock);
    return cut;
}
