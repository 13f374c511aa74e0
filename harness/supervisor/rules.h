/* What to do with a call: the rules, the calls that are held, and nothing else. No I/O, no clock, no threads: a call
 * and the time go in, an order comes out, so that every schedule can be stepped through by hand. */
#ifndef ASSAY_SUPERVISOR_RULES_H
#define ASSAY_SUPERVISOR_RULES_H

#include "supervisor/call.h"

/* How long the first of a pair waits for a second whose call the supervisor does not make itself. */
enum { SUPERVISOR_SETTLE_MS = 2 };

enum supervisor_verb {
    ORDER_LET,     /* answer: let the kernel make it */
    ORDER_PERFORM, /* make it in the target's stead and answer with the result */
    ORDER_HOLD,    /* answer nothing yet: the plan keeps the call, and will name it in a later order */
    ORDER_RETURN,  /* answer with call->answer */
    ORDER_SEND_AND_HOLD,
    ORDER_KILL_BEFORE,
    ORDER_KILL_WITHIN,
    ORDER_KILL_AFTER,
};

struct supervisor_order {
    enum supervisor_verb verb;
    struct supervisor_call *call;
    unsigned rule;                   /* that decided */
    int64_t how_much;                /* of a write or send to be made: bytes, or SUPERVISOR_ALL */
    int64_t until_ns;                /* SEND_AND_HOLD */
    struct supervisor_call *partner; /* held, to be released as soon as this order is carried out; else NULL */
    bool record;
};

struct supervisor_hold {
    struct supervisor_call *call;
    unsigned rule;
    int64_t until_ns;
    pid_t follows; /* released when this thread makes its next call; 0: no pair yet */
    enum supervisor_verb then;
    bool record;
};

struct rules_entry {
    struct supervisor_rule rule; /* `where` is our copy */
    bool removed;
    uint64_t seen, fired;
    unsigned fruitless; /* holds of a rendezvous that nobody came to */
};

/* The caller owns the struct, and the calls that are held. */
struct rules {
    struct rules_entry rules[SUPERVISOR_RULES_MAX];
    unsigned rule_count;
    struct supervisor_hold holds[SUPERVISOR_HOLDS_MAX];
    unsigned hold_count;
};

void rules_init(struct rules *plan);
void rules_free(struct rules *plan);

/* NULL, or why this rule makes no sense for a supervisor of these kinds. */
const char *rules_objection(const struct rules *plan, const struct supervisor_rule *rule, unsigned kinds);

/* The rule's id. It must have met no objection. */
unsigned rules_add(struct rules *plan, const struct supervisor_rule *rule);
void rules_remove(struct rules *plan, unsigned rule);

/* The kinds that some rule is after. */
unsigned rules_kinds(const struct rules *plan);

/* True when a rule that has not been removed matches the call; counts nothing. */
bool rules_matches(const struct rules *plan, const struct supervisor_call *call);

/* A thread has made a call, be it of interest or not: whoever waited for that is due. */
void rules_heard(struct rules *plan, pid_t tid, int64_t now_ns);

/* Decides on a call that has just come in. After ORDER_HOLD the call must live until the plan names it again. */
struct supervisor_order rules_decide(struct rules *plan, struct supervisor_call *call, int64_t now_ns);

/* Holds a call that has been made already; false: too many are held, or the rule has been removed meanwhile: answer it
 * now. */
bool rules_hold_made(struct rules *plan, struct supervisor_call *call, unsigned rule, int64_t until_ns);

/* When the next held call is due; INT64_MAX: none is held. */
int64_t rules_next_ns(const struct rules *plan);

/* Takes one call that is due out of the plan; order->call is NULL when there is none. */
struct supervisor_order rules_due(struct rules *plan, int64_t now_ns);

/* Takes this call out of the plan, as its pair has been made. */
struct supervisor_order rules_release(struct rules *plan, const struct supervisor_call *call);

/* Takes out one call that is to be answered through this listener, which has ended, or any if listener is -1. NULL:
 * there is none. */
struct supervisor_call *rules_forget(struct rules *plan, int listener);

#endif
