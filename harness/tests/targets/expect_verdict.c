/* expect_verdict EXIT WORDS COMMAND...: runs the command, a run of assay, and demands that it exits with the status
 * EXIT ("3", or "1,3" if either will do), that its output contains WORDS and no control character but line feeds, that
 * the stream below its --out is whole, and that none of its processes is left. Exits with 0 if so, else with 1, after
 * showing the output. */
#include "base/text.h"
#include "model/results.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX_BYTES = 4 << 20, SHOWN_MAX_BYTES = 16 << 10 };

/* Starts the command; both its outputs come out of the descriptor that is returned. */
static int start(char **command, pid_t *child)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0 || (*child = fork()) < 0) {
        perror(command[0]);
        exit(1);
    }
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execv(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(ends[1]);
    return ends[0];
}

static void read_all(int fd, struct text *output)
{
    char bytes[1 << 14];

    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
        text_add_bytes(output, bytes, (size_t)count);
    close(fd);
}

static bool is_plain(const struct text *output)
{
    for (size_t i = 0; i < output->length; i++) {
        unsigned char byte = (unsigned char)output->bytes[i];

        if ((byte < ' ' && byte != '\n') || byte == 0x7f)
            return false;
    }
    return true;
}

/* We are the parent of whoever lost his own. */
static bool nobody_is_left(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1;
}

static bool stream_is_whole(char *const *command)
{
    struct results results = {0};
    char path[PATH_MAX];

    while (*command && strcmp(*command, "--out") != 0)
        command++;
    snprintf(path, sizeof path, "%s/run.jsonl", *command && command[1] ? command[1] : ".");
    bool whole = results_read(&results, path, NULL) && !results.interrupted && results.check_count > 0;
    results_free(&results);
    return whole;
}

static bool is_wanted(int code, const char *wanted)
{
    for (;; wanted++) {
        if (code == (int)strtol(wanted, (char **)&wanted, 10))
            return true;
        if (*wanted != ',')
            return false;
    }
}

static int judge(const struct text *output, int status, const char *wanted, const char *words, char *const *command)
{
    const char *wrong = NULL;

    if (!nobody_is_left())
        wrong = "a process that is left";
    else if (!WIFEXITED(status) || !is_wanted(WEXITSTATUS(status), wanted))
        wrong = "another exit status";
    else if (!stream_is_whole(command))
        wrong = "a stream that is not whole";
    else if (!strstr(output->bytes, words))
        wrong = "other words";
    else if (!is_plain(output))
        wrong = "a control character in the output";
    if (!wrong)
        return 0;
    struct text shown;
    text_init(&shown, 4 * SHOWN_MAX_BYTES);
    text_add_visible(&shown, output->bytes, output->length, SHOWN_MAX_BYTES);
    fprintf(stderr, "%s: wanted exit status %s and \"%s\"; wait status %#x; output:\n%s\n", wrong, wanted, words,
            (unsigned)status, shown.bytes);
    text_free(&shown);
    return 1;
}

int main(int argc, char **argv)
{
    struct text output;
    pid_t child;
    int status = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: expect_verdict EXIT WORDS COMMAND...\n");
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    text_init(&output, OUTPUT_MAX_BYTES);
    read_all(start(argv + 3, &child), &output);
    waitpid(child, &status, 0);
    int result = judge(&output, status, argv[1], argv[2], argv + 3);
    text_free(&output);
    return result;
}
