/* What the history files share: the record that history/history.c keeps, and the judgement that the others work on.
 *
 *   history.c   the record: sessions, their appends and their reads
 *   judge.c     the judgement, and the rules about appends: order, gaps, losses, real time
 *   lines.c     the file: its lines, and what is wrong with one by itself
 *   match.c     which append stands on which line
 *   payload.c   what of an event says whose it is, and what of it must survive
 *   reads.c     the rules about reads
 *   given.c     numbers that the callers gave: what their order says
 *   figures.c   how much there is to be judged
 *   keyed.c     times and numbers, sorted
 *   findings.c  what was found: of each kind the first one, and how many there are
 *   why.c       the counter-example, in words
 *   show.c      ... and how a line, an append, a read, a difference look in it
 */
#ifndef ASSAY_HISTORY_HISTORY_PRIVATE_H
#define ASSAY_HISTORY_HISTORY_PRIVATE_H

#include "history/history.h"
#include "json/json.h"

struct history_operation {
    unsigned client;
    int64_t invoked_ns;
    int64_t ended_ns;
    enum outcome outcome;
    uint64_t seq;
    bool damaged; /* acknowledged, but the case itself has since damaged its line */
    bool is_json; /* a strict JSON object, so that its payload can be compared */
    char *event;
    size_t event_bytes;
    char *mark; /* see history_mark(); NULL: none */
};

struct history_reading {
    unsigned client;
    int64_t invoked_ns;
    int64_t ended_ns;
    size_t count;
    char *odd; /* the first event that is not what the reads before had shown in its place; NULL: there is none */
    size_t odd_index;
};

struct history_session {
    char *sid;
    struct history_operation *operations;
    size_t operation_count;
    size_t operation_capacity;
    struct history_reading *readings;
    size_t reading_count;
    size_t reading_capacity;
    char **seen; /* the events of the longest read: all others must be a prefix of it, so it stands for them all */
    size_t seen_count;
    uint64_t *damaged; /* numbers */
    size_t damaged_count;
};

struct history {
    struct history_session **sessions;
    size_t count;
};

/* Stands for no line, no operation or no reading. */
static const size_t nothing = (size_t)-1;

/* A line of the file that is a JSON object with a number. */
struct history_line {
    const char *bytes; /* without its newline */
    size_t length;
    size_t number; /* of the line in the file, from 1 */
    uint64_t seq;
    bool claimed; /* an append was found that it carries */
};

/* Of one kind of violation the first one, and how many there are. What does not belong to it is `nothing`. */
struct history_finding {
    size_t times;
    size_t line, other_line;
    size_t operation, other_operation;
    size_t reading, other_reading;
    uint64_t seq;                     /* GAP: the first number that is missing */
    const struct history_session *of; /* FOREIGN: the session to which other_operation was sent */
    const char *bytes;                /* NOT_JSON and NO_SEQ: the line that is not in lines[] */
    size_t length;
    size_t number;
    char text[144]; /* NOT_JSON: what is wrong, to follow "line 5 " */
};

struct history_judgement {
    const struct history *history;
    const struct history_session *session; /* never NULL: an empty one stands for one that was never used */
    const struct history_rules *rules;
    const char *line_word; /* "line", or "event" where reads stand for the file */
    struct history_line *lines;
    size_t line_count;
    size_t line_capacity;
    size_t torn_lines; /* that were tolerated so far */
    size_t *line_of;   /* for each operation the index of the line that carries it, or `nothing` */
    size_t *by_seq;    /* the acknowledged operations that were not damaged, in the order of their numbers */
    size_t by_seq_count;
    bool shuffled;     /* the numbers were given, to appends that overlapped: lines[] are in the order of the numbers */
    size_t unreadable; /* no operation before this one has an event that is no JSON, and no line */
    struct history_finding findings[HISTORY_VERDICTS];
};

/* history.c */
const struct history_session *history_find(const struct history *history, const char *sid);
bool history_must_be_there(const struct history_operation *operation);

/* judge.c: the number of an operation: the one that it was answered, else that of the line on which it was found, else
 * 0. */
uint64_t history_number(const struct history_judgement *judgement, size_t operation);

/* given.c: sets shuffled, and sorts the lines if so; whether a read was under way while an append was. */
void history_sort_given(struct history_judgement *judgement);
bool history_is_disturbed(const struct history_judgement *judgement, const struct history_reading *reading);

/* judge.c: where in time an append stands, by its number or, if these are shuffled, by its line in the file; 0: it has
 * no place. */
uint64_t history_place(const struct history_judgement *judgement, size_t operation);

/* payload.c: the event's mark, the first word of its "text", and how long it is; 0: it has none, or one that is longer
 * than HISTORY_MARK_MAX_BYTES. */
size_t history_mark(const struct json *event, const char **mark);

/* payload.c: whether the member of that name of what was sent has to be on the line; whether the line carries what was
 * sent; whether a read's event is the one of that line. */
bool history_counts(const struct history_rules *rules, const struct json *event, const char *name);
bool history_carries(const struct history_rules *rules, const struct json *line, const struct json *event);
bool history_shows(const struct history_rules *rules, const struct json *shown, const struct json *line);

/* findings.c: counts a violation, and keeps it if it is the first of its kind. */
void history_find_fault(struct history_judgement *judgement, enum history_verdict verdict,
                        struct history_finding finding);

/* A finding about nothing yet, for initialisers: struct history_finding finding = HISTORY_FINDING; */
#define HISTORY_FINDING                                                                                               \
    {                                                                                                                 \
        .line = nothing, .other_line = nothing, .operation = nothing, .other_operation = nothing, .reading = nothing, \
        .other_reading = nothing                                                                                      \
    }

/* findings.c: the first kind, in the order of the enum, of which there are any; or HISTORY_SOUND. */
enum history_verdict history_first_found(const struct history_judgement *judgement);

/* keyed.c: a time or a number, and what it belongs to. Sorting these does not jump about in memory. */
struct history_keyed {
    int64_t key;
    size_t index;
};

void history_sort(struct history_keyed *keyed, size_t count);

/* lines.c: fills lines, and finds what is wrong with a line by itself. */
void history_take_file(struct history_judgement *judgement, const char *file, size_t bytes);
void history_take_reads(struct history_judgement *judgement);

/* match.c: fills line_of, for a line that has just been read, if the number leads to it; then for all others. */
void history_match_answer(struct history_judgement *judgement, size_t index, const struct json *line);
void history_match_lines(struct history_judgement *judgement);

/* reads.c */
void history_judge_reads(struct history_judgement *judgement);

/* why.c */
void history_explain(const struct history_judgement *judgement, enum history_verdict verdict, struct text *why);

#endif
