/* between MODE COMMAND...: stands between assay and a right driver, passes on what is said, and spoils the store.
 *
 *   raising   every append fails, and every other one leaves open whether it has happened
 *   busy      whatever comes while another call is under way is refused; calls take a while */
#include "base/text.h"
#include "json/json.h"
#include "tests/targets/small_driver.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_MS = 10, NOBODY = -1 };

static bool raises;
static atomic_llong served = NOBODY; /* the call that is under way */
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void write_line(const char *line, size_t bytes)
{
    pthread_mutex_lock(&output);
    small_driver_write(line, bytes);
    pthread_mutex_unlock(&output);
}

static void answer_error(long long id, const char *kind, const char *why, bool definite)
{
    struct text line;

    text_init(&line, 1024);
    text_addf(&line,
              "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":-32000,\"message\":\"%s\","
              "\"data\":{\"kind\":\"%s\",\"definite\":%s}}}\n",
              id, why, kind, definite ? "true" : "false");
    write_line(line.bytes, line.length);
    text_free(&line);
}

static long long id_of(const struct json *message)
{
    int64_t id = NOBODY;

    json_get_integer(message, "id", &id);
    return id;
}

/* True: the call is answered, and not to be passed on. */
static bool spoil(const struct json *call)
{
    const char *method = json_get_string(call, "method");

    if (!method || strncmp(method, "store.", strlen("store.")) != 0)
        return false;
    long long nobody = NOBODY;
    if (!raises && !atomic_compare_exchange_strong(&served, &nobody, id_of(call))) {
        answer_error(id_of(call), "refused", "busy", true);
        return true;
    }
    if (raises && strcmp(method, "store.append") == 0) {
        answer_error(id_of(call), "failed", "IOError", id_of(call) % 2);
        return true;
    }
    return false;
}

/* The calls of assay, to the driver. */
static void pass_calls(FILE *driver)
{
    char *line = NULL;
    size_t size = 0;

    for (ssize_t bytes; (bytes = getline(&line, &size, stdin)) > 0;) {
        const struct json *call = json_read(line, (size_t)bytes, NULL);

        if (!spoil(call) && (fwrite(line, 1, (size_t)bytes, driver) != (size_t)bytes || fflush(driver)))
            exit(2);
        json_free(call);
    }
    free(line);
    fclose(driver);
}

/* The answers of the driver, to assay. When there are no more, the driver has gone. */
static void *pass_answers(void *argument)
{
    char *line = NULL;
    size_t size = 0;

    for (ssize_t bytes; (bytes = getline(&line, &size, argument)) > 0;) {
        const struct json *answer = json_read(line, (size_t)bytes, NULL);

        if (!raises && id_of(answer) == atomic_load(&served)) {
            poll(NULL, 0, CALL_MS); /* it works */
            atomic_store(&served, NOBODY);
        }
        write_line(line, (size_t)bytes);
        json_free(answer);
    }
    free(line);
    exit(0);
}

/* Ends: of what the driver reads, and of what it writes. */
static void start_driver(char **command, FILE *ends[2])
{
    int calls[2], answers[2];

    if (pipe2(calls, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
        exit(2);
    pid_t driver = fork();
    if (driver == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(calls[0], STDIN_FILENO);
        dup2(answers[1], STDOUT_FILENO);
        execv(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(calls[0]);
    close(answers[1]);
    ends[0] = fdopen(calls[1], "w");
    ends[1] = fdopen(answers[0], "r");
    if (driver < 0 || !ends[0] || !ends[1])
        exit(2);
}

int main(int argc, char **argv)
{
    FILE *ends[2];
    pthread_t thread;

    if (argc < 3 || (strcmp(argv[1], "raising") != 0 && strcmp(argv[1], "busy") != 0)) {
        fprintf(stderr, "usage: between raising|busy COMMAND...\n");
        return 2;
    }
    raises = strcmp(argv[1], "raising") == 0;
    signal(SIGPIPE, SIG_IGN); /* who stops us need not read to the end */
    start_driver(argv + 2, ends);
    if (pthread_create(&thread, NULL, pass_answers, ends[1]))
        return 2;
    pass_calls(ends[0]);
    pthread_join(thread, NULL);
    return 0;
}
