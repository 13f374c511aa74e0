/* The serving thread: takes calls from the listeners, asks the plan, carries out its orders. */
#include "base/procfs.h"
#include "supervisor/supervisor_private.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Only the first trouble is kept: the rest follow from it. */
static void trouble(struct supervisor *supervisor, const struct supervisor_call *call, const char *what, int error)
{
    pthread_mutex_lock(&supervisor->lock);
    if (!supervisor->troubled)
        snprintf(supervisor->trouble, sizeof supervisor->trouble, "thread %d of the target, in %s: %s%s%s",
                 (int)call->tid, call->shape ? call->shape->name : "a call", what, error ? ": " : "",
                 error ? strerror(error) : "");
    supervisor->troubled = true;
    pthread_mutex_unlock(&supervisor->lock);
}

static void record(struct supervisor *supervisor, struct supervisor_call *call, const struct emulated *deed)
{
    supervisor_call_process(call); /* while its thread is there */
    pthread_mutex_lock(&supervisor->lock);
    supervisor_record_add(&supervisor->record, call, deed, clock_ns());
    pthread_mutex_unlock(&supervisor->lock);
}

/* Makes the call and enters it in the record. False: it could not be made, and nothing has happened. */
static bool perform(struct supervisor *supervisor, const struct supervisor_order *order, struct emulated *deed)
{
    enum supervisor_look look = emulate(order->call, order->how_much, deed);

    int error = errno;

    if (look == LOOK_DENIED && supervisor_call_is_held(order->call)) /* a zombie denies too */
        trouble(supervisor, order->call, "the call cannot be made in its stead", error);
    if (look == LOOK_OK && order->record)
        record(supervisor, order->call, deed);
    if (look != LOOK_OK)
        return false;
    free(deed->bytes); /* the record has its own copy */
    deed->bytes = NULL;
    return true;
}

static void let(struct supervisor *supervisor, const struct supervisor_order *order)
{
    if (order->record)
        record(supervisor, order->call, NULL);
    supervisor_call_let(order->call);
}

static void perform_or_let(struct supervisor *supervisor, const struct supervisor_order *order)
{
    struct emulated deed;

    if (perform(supervisor, order, &deed))
        supervisor_call_return(order->call, deed.result);
    else
        let(supervisor, order);
}

/* An answer that the supervisor made up is recorded too: no effect, and this errno. */
static void return_made_up(struct supervisor *supervisor, const struct supervisor_order *order)
{
    struct emulated nothing = {.result = order->call->answer, .offset = -1, .length = -1};

    if (order->record)
        record(supervisor, order->call, &nothing);
    supervisor_call_return(order->call, order->call->answer);
}

/* True when the call is held now, so that it lives on. */
static bool send_and_hold(struct supervisor *supervisor, const struct supervisor_order *order)
{
    struct emulated deed;

    if (!perform(supervisor, order, &deed)) {
        let(supervisor, order);
        return false;
    }
    order->call->answer = deed.result;
    pthread_mutex_lock(&supervisor->lock);
    bool held = rules_hold_made(&supervisor->plan, order->call, order->rule, order->until_ns);
    pthread_mutex_unlock(&supervisor->lock);
    if (!held)
        supervisor_call_return(order->call, deed.result);
    return held;
}

/* The root behind the listener, or 0 when it has been waited for and its number may be another's. */
static pid_t living_root(struct supervisor *supervisor, int listener)
{
    pid_t root = 0;

    pthread_mutex_lock(&supervisor->lock);
    for (size_t i = 0; i < supervisor->listener_count; i++)
        if (supervisor->listeners[i].fd == listener &&
            syscall(SYS_pidfd_send_signal, supervisor->listeners[i].root_pidfd, 0, NULL, 0) == 0)
            root = supervisor->listeners[i].root;
    pthread_mutex_unlock(&supervisor->lock);
    return root;
}

/* The call is never answered: its thread dies in it. */
static void kill_tree(struct supervisor *supervisor, const struct supervisor_order *order)
{
    struct emulated deed;
    bool makes = order->verb != ORDER_KILL_BEFORE;

    if (makes && !perform(supervisor, order, &deed)) {
        trouble(supervisor, order->call, "a call to be killed at cannot be made in its stead", 0);
        let(supervisor, order);
        return;
    }
    pid_t root = living_root(supervisor, order->call->listener);
    pid_t caller = supervisor_call_process(order->call);

    procfs_kill_tree(root, supervisor_call_is_held(order->call) ? caller : 0);
}

/* Frees the call unless it is held. */
static void carry_out(struct supervisor *supervisor, struct supervisor_order order)
{
    bool held = false;

    switch (order.verb) {
    case ORDER_LET:
        let(supervisor, &order);
        break;
    case ORDER_PERFORM:
        perform_or_let(supervisor, &order);
        break;
    case ORDER_HOLD:
        held = true;
        break;
    case ORDER_RETURN:
        return_made_up(supervisor, &order);
        break;
    case ORDER_SEND_AND_HOLD:
        held = send_and_hold(supervisor, &order);
        break;
    case ORDER_KILL_BEFORE:
    case ORDER_KILL_WITHIN:
    case ORDER_KILL_AFTER:
        kill_tree(supervisor, &order);
        break;
    }
    if (!held)
        free(order.call);
}

/* A copy inside the kernel to a file that rules are after would go past them. */
static void answer_copy(struct supervisor *supervisor, const struct supervisor_call *call)
{
    pthread_mutex_lock(&supervisor->lock);
    bool wanted = rules_matches(&supervisor->plan, call);
    pthread_mutex_unlock(&supervisor->lock);
    if (wanted)
        supervisor_call_return(call, -call->shape->copy_refused);
    else
        supervisor_call_let(call);
}

static void decide(struct supervisor *supervisor, struct supervisor_call *call)
{
    pthread_mutex_lock(&supervisor->lock);
    struct supervisor_order order = rules_decide(&supervisor->plan, call, call->came_ns);
    pthread_cond_broadcast(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);

    struct supervisor_order first = {.call = NULL};
    carry_out(supervisor, order);
    if (!order.partner)
        return;
    pthread_mutex_lock(&supervisor->lock);
    first = rules_release(&supervisor->plan, order.partner);
    pthread_mutex_unlock(&supervisor->lock);
    if (first.call)
        carry_out(supervisor, first);
}

/* What the rules may be after is looked into; a call that has died meanwhile was perhaps another process's. */
static void consider(struct supervisor *supervisor, struct supervisor_call *call, unsigned wanted)
{
    enum supervisor_look look = supervisor_call_look(call, wanted);
    int error = errno;

    if (!supervisor_call_is_held(call)) {
        free(call);
        return;
    }
    if (look == LOOK_OK && !call->shape->copy_refused) {
        decide(supervisor, call);
        return;
    }
    if (look == LOOK_OK)
        answer_copy(supervisor, call);
    else
        supervisor_call_let(call);
    if (look == LOOK_DENIED)
        trouble(supervisor, call, "it cannot be looked into", error);
    free(call);
}

static struct supervisor_call *call_of(const struct seccomp_notif *notification, int listener)
{
    struct supervisor_call *call = calloc(1, sizeof *call);

    if (!call)
        abort();
    call->listener = listener;
    call->cookie = notification->id;
    call->tid = (pid_t)notification->pid;
    call->came_ns = clock_ns();
    for (size_t i = 0; i < SUPERVISOR_ARGUMENTS; i++)
        call->arguments[i] = notification->data.args[i];
    if (notification->data.arch == seccomp_arch_native())
        call->shape = supervisor_shape_of(notification->data.nr);
    return call;
}

/* All threads behind the listener have ended, and with them the calls that were held for them. */
static void close_listener(struct supervisor *supervisor, int fd)
{
    struct supervisor_call *call;

    pthread_mutex_lock(&supervisor->lock);
    while ((call = rules_forget(&supervisor->plan, fd)) != NULL)
        free(call);
    for (size_t i = 0; i < supervisor->listener_count; i++) {
        if (supervisor->listeners[i].fd != fd)
            continue;
        close(supervisor->listeners[i].fd);
        close(supervisor->listeners[i].root_pidfd);
        supervisor->listeners[i] = supervisor->listeners[--supervisor->listener_count];
        break;
    }
    pthread_mutex_unlock(&supervisor->lock);
}

/* A listener that cannot be read from would be found readable for ever. */
static void give_up(struct supervisor *supervisor, int listener, int error)
{
    struct supervisor_call nothing = {.listener = listener};

    trouble(supervisor, &nothing, "it cannot be received", error);
    close_listener(supervisor, listener);
}

static void take_one(struct supervisor *supervisor, int listener)
{
    memset(supervisor->notification, 0, supervisor->notification_bytes); /* the kernel insists on it */
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, supervisor->notification) != 0) {
        if (errno != ENOENT && errno != EINTR) /* its thread died before we came to it, else never */
            give_up(supervisor, listener, errno);
        return;
    }
    struct supervisor_call *call = call_of(supervisor->notification, listener);

    pthread_mutex_lock(&supervisor->lock);
    rules_heard(&supervisor->plan, call->tid, call->came_ns);
    unsigned wanted = rules_kinds(&supervisor->plan);
    pthread_mutex_unlock(&supervisor->lock);

    if (!call->shape)
        trouble(supervisor, call, "code of another architecture, whose calls are not understood", 0);
    unsigned kinds = call->shape ? call->shape->kind : 0;
    if (kinds == SUPERVISOR_WRITE)
        kinds |= SUPERVISOR_SEND;
    if (kinds & wanted) {
        consider(supervisor, call, wanted);
    } else {
        supervisor_call_let(call);
        free(call);
    }
}

static void release_due(struct supervisor *supervisor)
{
    for (;;) {
        pthread_mutex_lock(&supervisor->lock);
        struct supervisor_order order = rules_due(&supervisor->plan, clock_ns());
        pthread_mutex_unlock(&supervisor->lock);
        if (!order.call)
            return;
        carry_out(supervisor, order);
    }
}

/* Fills in what to wait for: the wake-up first, then the listeners. False: stop. */
static bool gather_polls(struct supervisor *supervisor, struct pollfd *polls, nfds_t *count, int64_t *until_ns)
{
    pthread_mutex_lock(&supervisor->lock);
    bool go_on = !supervisor->stopping;
    polls[0] = (struct pollfd){.fd = supervisor->wake, .events = POLLIN};
    for (size_t i = 0; i < supervisor->listener_count; i++)
        polls[i + 1] = (struct pollfd){.fd = supervisor->listeners[i].fd, .events = POLLIN};
    *count = supervisor->listener_count + 1;
    *until_ns = rules_next_ns(&supervisor->plan);
    pthread_mutex_unlock(&supervisor->lock);
    return go_on;
}

static void wait_for(struct pollfd *polls, nfds_t count, int64_t until_ns)
{
    int64_t left_ns = until_ns - clock_ns();
    struct timespec left = {.tv_sec = 0};

    if (left_ns > 0) {
        left.tv_sec = left_ns / 1000000000;
        left.tv_nsec = left_ns % 1000000000;
    }
    if (ppoll(polls, count, until_ns == INT64_MAX ? NULL : &left, NULL) < 0)
        for (nfds_t i = 0; i < count; i++)
            polls[i].revents = 0;
}

static void *serve(struct supervisor *supervisor)
{
    struct pollfd polls[1 + SUPERVISOR_PROCESSES_MAX];
    uint64_t woken;
    nfds_t count;
    int64_t until_ns;

    while (gather_polls(supervisor, polls, &count, &until_ns)) {
        wait_for(polls, count, until_ns);
        if (polls[0].revents && read(supervisor->wake, &woken, sizeof woken) < 0)
            continue;
        for (nfds_t i = 1; i < count; i++) {
            if (polls[i].revents & POLLIN)
                take_one(supervisor, polls[i].fd);
            else if (polls[i].revents & (POLLHUP | POLLERR))
                close_listener(supervisor, polls[i].fd);
        }
        release_due(supervisor);
    }
    return NULL;
}

/* A working directory and umask of our own: files made in the target's stead get exactly its mode, and the thread of
 * the room keeps its umask. Signals are the room's. */
void *supervisor_loop(void *argument)
{
    if (unshare(CLONE_FS) == 0)
        umask(0);
    return serve(argument);
}
