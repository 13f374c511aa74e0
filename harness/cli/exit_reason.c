/* Why a run ends with its exit code, in a line. */
#include "cli/commands.h"

#include <stddef.h>

static size_t count_cases(const struct results *results, enum verdict verdict, enum blame blame)
{
    size_t count = 0;

    for (size_t i = 0; i < results->check_count; i++)
        for (size_t j = 0; j < results->checks[i].case_count; j++)
            count += results->checks[i].cases[j].verdict == verdict && results->checks[i].cases[j].blame == blame;
    return count;
}

static void say_too_little(const struct results *results, size_t min)
{
    size_t passed = results->counts[VERDICT_PASS], na = results->counts[VERDICT_NA];

    if (passed == 0 && na == 0)
        command_complain("exit code 4: nothing ran");
    else
        command_complain("exit code 4: %zu of %zu rooms passed, and --min wants %zu; did not apply (NA): %zu%s", passed,
                         results->check_count, min, na, na ? "; 'assay probe' says what is missing" : "");
}

void command_say_why(const struct results *results, size_t min, int code)
{
    switch (code) {
    case 0:
        break;
    case 1:
        command_complain(
            "exit code 1: a requirement is violated, or a failure of the baseline passes (cases: %zu FAIL, "
            "%zu XPASS)",
            count_cases(results, VERDICT_FAIL, BLAME_NONE), count_cases(results, VERDICT_XPASS, BLAME_NONE));
        break;
    case EXIT_INCONCLUSIVE:
        command_complain("exit code 3: inconclusive, for nothing failed, but not all could be judged (cases: %zu ERROR "
                         "of the target, %zu of the environment)",
                         count_cases(results, VERDICT_ERROR, BLAME_TARGET),
                         count_cases(results, VERDICT_ERROR, BLAME_ENVIRONMENT));
        break;
    case EXIT_OWN_BUG:
        command_complain("exit code 70: a bug of assay, so nothing here can be relied on (cases: %zu ERROR of the "
                         "harness); please report it, with their evidence",
                         count_cases(results, VERDICT_ERROR, BLAME_HARNESS));
        break;
    case 4:
        say_too_little(results, min);
        break;
    default:
        command_complain("exit code %d: interrupted", code);
    }
}
