/* The findings of a judgement: of each kind of violation the first one, and how many there are. */
#include "history/history_private.h"

void history_find_fault(struct history_judgement *judgement, enum history_verdict verdict,
                        struct history_finding finding)
{
    struct history_finding *kept = &judgement->findings[verdict];
    size_t times = kept->times + 1;

    if (times == 1)
        *kept = finding;
    kept->times = times;
}

enum history_verdict history_first_found(const struct history_judgement *judgement)
{
    enum history_verdict verdict = HISTORY_SOUND + 1;

    while (verdict < HISTORY_VERDICTS && judgement->findings[verdict].times == 0)
        verdict++;
    return verdict == HISTORY_VERDICTS ? HISTORY_SOUND : verdict;
}

const char *history_verdict_name(enum history_verdict verdict)
{
    static const char *const names[HISTORY_VERDICTS] = {
        [HISTORY_SOUND] = "sound",
        [HISTORY_NOT_JSON] = "not JSON",
        [HISTORY_NO_SEQ] = "no seq",
        [HISTORY_REFUSED_BUT_THERE] = "refused but there",
        [HISTORY_TWICE] = "twice",
        [HISTORY_WRONG_PAYLOAD] = "wrong payload",
        [HISTORY_FOREIGN] = "foreign",
        [HISTORY_DUPLICATE_SEQ] = "duplicate seq",
        [HISTORY_OUT_OF_ORDER] = "out of order",
        [HISTORY_LOST] = "lost",
        [HISTORY_WRONG_SEQ] = "wrong seq",
        [HISTORY_GAP] = "gap",
        [HISTORY_REAL_TIME] = "real time",
        [HISTORY_READ_NOT_PREFIX] = "read is no prefix",
        [HISTORY_READ_MISSES] = "read misses",
        [HISTORY_READ_WENT_BACK] = "read went back",
    };

    return names[verdict];
}
