/* The seccomp filter: built in the parent, set in the child, its listener handed back to the parent. */
#ifndef ASSAY_SUPERVISOR_FILTER_H
#define ASSAY_SUPERVISOR_FILTER_H

#include "base/error.h"
#include "supervisor/supervisor.h"

#include <linux/filter.h>
#include <sys/types.h>

enum { SUPERVISOR_HANDOVER_MS = 10000, SUPERVISOR_ENDING_MS = 1000 };

/* A program that notifies of the calls of these kinds and allows all others. program->filter is the caller's to free;
 * NULL unless OK. */
enum supervisor_result supervisor_filter_build(unsigned kinds, struct sock_fprog *program, struct error *err);

/* The child's side, between fork and exec; returns when the parent has let it go on, or -1. */
int supervisor_filter_enter(const struct supervisor_entry *entry);

/* The parent's side: pipes, then the listener. *listener is the caller's. The child goes on when
 * supervisor_filter_let_go() says so, and exits when the entry is closed without it. */
enum supervisor_result supervisor_filter_open_entry(struct supervisor_entry *entry, struct error *err);
enum supervisor_result supervisor_filter_receive(struct supervisor_entry *entry, pid_t pid, int *listener,
                                                 struct error *err);
void supervisor_filter_let_go(const struct supervisor_entry *entry);
void supervisor_filter_close_entry(struct supervisor_entry *entry);

#endif
