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
