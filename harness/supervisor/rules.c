/* Decides about calls: which rule fits, who is held, and who is let go when. */
#include "supervisor/rules.h"

#include "supervisor/emulate.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const int64_t ns_per_ms = 1000000;

/* Calls that the supervisor makes itself wherever knowing that they are done is worth it. */
static const unsigned made_in_stead = SUPERVISOR_WRITE | SUPERVISOR_SYNC | SUPERVISOR_TRUNCATE;

void rules_init(struct rules *plan)
{
    plan->rule_count = 0;
    plan->hold_count = 0;
}

void rules_free(struct rules *plan)
{
    for (unsigned i = 0; i < plan->rule_count; i++)
        free((char *)plan->rules[i].rule.where);
    rules_init(plan);
}

/* The kinds of calls that an action can be done to. */
static unsigned kinds_of_action(enum supervisor_action action)
{
    switch (action) {
    case SUPERVISOR_CUT:
        return SUPERVISOR_WRITE | SUPERVISOR_SEND;
    case SUPERVISOR_KILL_WITHIN:
        return SUPERVISOR_WRITE;
    case SUPERVISOR_KILL_AFTER:
        return ~(unsigned)(SUPERVISOR_LOCK | SUPERVISOR_CONNECT);
    case SUPERVISOR_HOLD_AFTER_SEND:
        return SUPERVISOR_SEND | SUPERVISOR_SYNC;
    default:
        return ~0u;
    }
}

static bool kills(enum supervisor_action action)
{
    return action == SUPERVISOR_KILL_BEFORE || action == SUPERVISOR_KILL_WITHIN || action == SUPERVISOR_KILL_AFTER;
}

static bool holds(enum supervisor_action action)
{
    return action == SUPERVISOR_RENDEZVOUS || action == SUPERVISOR_DELAY || action == SUPERVISOR_HOLD_AFTER_SEND;
}

const char *rules_objection(const struct rules *plan, const struct supervisor_rule *rule, unsigned kinds)
{
    if (plan->rule_count == SUPERVISOR_RULES_MAX)
        return "more than SUPERVISOR_RULES_MAX rules";
    if (rule->kinds == 0 || (rule->kinds & ~kinds))
        return "kinds of calls that the supervisor was not started with";
    if (rule->kinds & ~kinds_of_action(rule->action))
        return "an action that does not go with these kinds of calls";
    if (!rule->where || strlen(rule->where) >= SUPERVISOR_WHERE_MAX_BYTES)
        return "no glob, or one that is too long";
    if (rule->action == SUPERVISOR_FAIL && (rule->error < 1 || rule->error > 4095))
        return "an errno that is none";
    if (rule->action == SUPERVISOR_CUT && (rule->bytes < 1 || rule->bytes > SUPERVISOR_CALL_MAX_BYTES))
        return "a cut to no byte at all";
    if (kills(rule->action) && rule->nth == 0)
        return "a kill that does not say at which call";
    if (holds(rule->action) && rule->hold_ms < 1)
        return "a hold for no time";
    return NULL;
}

unsigned rules_add(struct rules *plan, const struct supervisor_rule *rule)
{
    struct rules_entry *added = &plan->rules[plan->rule_count];

    *added = (struct rules_entry){.rule = *rule};
    added->rule.where = strdup(rule->where);
    if (!added->rule.where)
        abort();
    return plan->rule_count++;
}

void rules_remove(struct rules *plan, unsigned rule)
{
    plan->rules[rule].removed = true;
    for (unsigned i = 0; i < plan->hold_count; i++)
        if (plan->holds[i].rule == rule)
            plan->holds[i].until_ns = 0;
}

unsigned rules_kinds(const struct rules *plan)
{
    unsigned kinds = 0;

    for (unsigned i = 0; i < plan->rule_count; i++)
        if (!plan->rules[i].removed)
            kinds |= plan->rules[i].rule.kinds;
    return kinds;
}

static bool matches(const struct rules_entry *rule, const struct supervisor_call *call)
{
    if (rule->removed || !(rule->rule.kinds & call->kind))
        return false;
    return call->everywhere || fnmatch(rule->rule.where, call->where, 0) == 0 ||
           (call->to[0] && fnmatch(rule->rule.where, call->to, 0) == 0);
}

bool rules_matches(const struct rules *plan, const struct supervisor_call *call)
{
    for (unsigned i = 0; i < plan->rule_count; i++)
        if (matches(&plan->rules[i], call))
            return true;
    return false;
}

void rules_heard(struct rules *plan, pid_t tid, int64_t now_ns)
{
    for (unsigned i = 0; i < plan->hold_count; i++)
        if (plan->holds[i].follows == tid && plan->holds[i].until_ns > now_ns)
            plan->holds[i].until_ns = now_ns;
}

static bool hold(struct rules *plan, struct supervisor_hold held)
{
    if (plan->hold_count == SUPERVISOR_HOLDS_MAX)
        return false;
    plan->holds[plan->hold_count++] = held;
    return true;
}

bool rules_hold_made(struct rules *plan, struct supervisor_call *call, unsigned rule, int64_t until_ns)
{
    return !plan->rules[rule].removed &&
           hold(plan, (struct supervisor_hold){call, rule, until_ns, 0, ORDER_RETURN, false});
}

/* The call that waits for this one: the same kind of call at the same place, and no pair yet. That another thread made
 * it goes without saying, as its own thread waits. */
static struct supervisor_hold *first_of_pair(struct rules *plan, unsigned rule, const struct supervisor_call *call)
{
    for (unsigned i = 0; i < plan->hold_count; i++) {
        struct supervisor_hold *held = &plan->holds[i];

        if (held->rule == rule && held->follows == 0 && held->call->kind == call->kind &&
            strcmp(held->call->where, call->where) == 0)
            return held;
    }
    return NULL;
}

/* The second of a pair goes first: by our own hand, then it is done when the first is released; or by the kernel's,
 * then the first waits until the second's thread is heard of again. */
static bool meet(struct rules *plan, unsigned rule, struct supervisor_order *order, int64_t now_ns)
{
    struct rules_entry *its = &plan->rules[rule];
    struct supervisor_hold *first = first_of_pair(plan, rule, order->call);

    if (!first && its->fruitless == SUPERVISOR_FRUITLESS_MAX)
        return false;
    if (!first) {
        order->verb = ORDER_HOLD;
        order->until_ns = now_ns + its->rule.hold_ms * ns_per_ms;
        return true;
    }
    its->fired++;
    if (order->call->kind & made_in_stead) {
        order->verb = ORDER_PERFORM;
        order->partner = first->call;
    } else {
        first->follows = order->call->tid;
        first->until_ns = now_ns + SUPERVISOR_SETTLE_MS * ns_per_ms;
    }
    return true;
}

/* Holds the call, or sends it and then holds it. */
static void wait_with(struct supervisor_order *order, enum supervisor_verb verb, int64_t hold_ms, int64_t now_ns)
{
    order->verb = verb;
    order->until_ns = now_ns + hold_ms * ns_per_ms;
}

/* sync(2) returns nothing, so that a failure of it is none that a target could meet. */
static bool can_fail(const struct supervisor_call *call)
{
    return call->kind != SUPERVISOR_SYNC || !call->shape || call->shape->fd >= 0;
}

/* The order that a rule gives to a call whose turn it is. False: it does not act after all. */
static bool act(struct rules *plan, unsigned rule, struct supervisor_order *order, int64_t now_ns)
{
    struct rules_entry *its = &plan->rules[rule];

    order->rule = rule;
    if (its->rule.action == SUPERVISOR_RENDEZVOUS)
        return meet(plan, rule, order, now_ns);
    if (its->rule.action == SUPERVISOR_FAIL && !can_fail(order->call))
        return false;
    its->fired++;
    switch (its->rule.action) {
    case SUPERVISOR_DELAY:
        wait_with(order, ORDER_HOLD, its->rule.hold_ms, now_ns);
        break;
    case SUPERVISOR_HOLD_AFTER_SEND:
        wait_with(order, ORDER_SEND_AND_HOLD, its->rule.hold_ms, now_ns);
        break;
    case SUPERVISOR_FAIL:
        order->verb = ORDER_RETURN;
        order->call->answer = -its->rule.error;
        break;
    case SUPERVISOR_CUT:
        order->verb = ORDER_PERFORM;
        order->how_much = (int64_t)its->rule.bytes;
        break;
    case SUPERVISOR_KILL_BEFORE:
        order->verb = ORDER_KILL_BEFORE;
        break;
    case SUPERVISOR_KILL_WITHIN:
        order->verb = ORDER_KILL_WITHIN;
        order->how_much = SUPERVISOR_HALF;
        break;
    case SUPERVISOR_KILL_AFTER:
        order->verb = ORDER_KILL_AFTER;
        break;
    case SUPERVISOR_RENDEZVOUS:
    case SUPERVISOR_RECORD:
        break;
    }
    return true;
}

/* What becomes of a call that nothing else happens to. */
static enum supervisor_verb plain_verb(const struct supervisor_call *call, bool record)
{
    return record && (call->kind & made_in_stead) ? ORDER_PERFORM : ORDER_LET;
}

/* An order to hold that cannot be kept becomes one to go on. */
static void keep(struct rules *plan, struct supervisor_order *order)
{
    enum supervisor_verb plain = plain_verb(order->call, order->record);

    if (order->verb == ORDER_LET)
        order->verb = plain;
    if (order->verb == ORDER_HOLD &&
        !hold(plan, (struct supervisor_hold){order->call, order->rule, order->until_ns, 0, plain, order->record}))
        order->verb = plain;
}

struct supervisor_order rules_decide(struct rules *plan, struct supervisor_call *call, int64_t now_ns)
{
    struct supervisor_order order = {.verb = ORDER_LET, .call = call, .how_much = SUPERVISOR_ALL};
    bool decided = false;

    for (unsigned i = 0; i < plan->rule_count; i++) {
        struct rules_entry *rule = &plan->rules[i];

        if (!matches(rule, call))
            continue;
        rule->seen++;
        if (rule->rule.nth != 0 && rule->rule.nth != rule->seen)
            continue;
        if (rule->rule.action == SUPERVISOR_RECORD) {
            rule->fired++;
            order.record = true;
        } else if (!decided) {
            decided = act(plan, i, &order, now_ns);
        }
    }
    keep(plan, &order);
    return order;
}

int64_t rules_next_ns(const struct rules *plan)
{
    int64_t next_ns = INT64_MAX;

    for (unsigned i = 0; i < plan->hold_count; i++)
        if (plan->holds[i].until_ns < next_ns)
            next_ns = plan->holds[i].until_ns;
    return next_ns;
}

static struct supervisor_order take(struct rules *plan, unsigned index)
{
    struct supervisor_hold held = plan->holds[index];

    /* The others keep their order, so that among several that are due the one held longest goes first. */
    plan->hold_count--;
    memmove(&plan->holds[index], &plan->holds[index + 1], (plan->hold_count - index) * sizeof held);
    return (struct supervisor_order){
        .verb = held.then, .call = held.call, .rule = held.rule, .how_much = SUPERVISOR_ALL, .record = held.record};
}

struct supervisor_order rules_due(struct rules *plan, int64_t now_ns)
{
    for (unsigned i = 0; i < plan->hold_count; i++) {
        if (plan->holds[i].until_ns > now_ns)
            continue;
        struct rules_entry *rule = &plan->rules[plan->holds[i].rule];
        if (rule->rule.action == SUPERVISOR_RENDEZVOUS && plan->holds[i].follows == 0)
            rule->fruitless++;
        return take(plan, i);
    }
    return (struct supervisor_order){.call = NULL};
}

struct supervisor_order rules_release(struct rules *plan, const struct supervisor_call *call)
{
    for (unsigned i = 0; i < plan->hold_count; i++)
        if (plan->holds[i].call == call)
            return take(plan, i);
    return (struct supervisor_order){.call = NULL};
}

struct supervisor_call *rules_forget(struct rules *plan, int listener)
{
    for (unsigned i = 0; i < plan->hold_count; i++)
        if (listener == -1 || plan->holds[i].call->listener == listener)
            return take(plan, i).call;
    return NULL;
}
