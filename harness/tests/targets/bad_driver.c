/* bad_driver MODE [METHOD]: a right driver with exactly one fault, for the tests of the referee.
 *
 * The fault strikes when METHOD is called, or where the table at the end says. Whatever the fault leaves running ends
 * by itself after LIFE_MAX_S, should nobody end it before. README.md says what the referee is to make of each mode. */
#include "tests/targets/memory_store.h"
#include "tests/targets/small_driver.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    LIFE_MAX_S = 600,
    CHILDREN_MAX = 200,
    DESCRIPTORS_MAX = 1024,
    HOG_CHUNK_BYTES = 64 << 20,
    HOG_CHUNKS = 32, /* 2 GiB in all */
};

#define AT_START ""

/* Strikes. True: the request was dealt with, as far as this mode deals with it. False: now comes the right answer.
 * At the start there is no request. */
typedef bool strike(const struct request *request);

static void write_string(const char *string)
{
    small_driver_write(string, strlen(string));
}

static _Noreturn void stay_for_ever(void)
{
    for (;;)
        pause();
}

/* ---- what it writes ---- */

static bool banner(const struct request *request)
{
    (void)request;
    write_string("bad_driver 1.0, ready to serve\n");
    return false;
}

static bool half_line(const struct request *request)
{
    (void)request;
    write_string("{\"jsonrpc\":\"2.0\",\"id\":");
    stay_for_ever();
}

static bool unknown_id(const struct request *request)
{
    struct request other = {.id = request->id + 1000000};

    small_driver_answer(&other, "{\"seq\":1}");
    return true;
}

static bool answers_twice(const struct request *request)
{
    struct request same = {.id = request->id};

    small_driver_answer(&same, "{\"seq\":1}");
    small_driver_answer(&same, "{\"seq\":1}");
    return true;
}

static _Noreturn void write_for_ever(const char *string)
{
    for (;;)
        write_string(string);
}

static bool flood(const struct request *request)
{
    (void)request;
    write_for_ever("{\"jsonrpc\":\"2.0\",\"method\":\"log\",\"params\":{\"line\":\"still alive\"}}\n");
}

static bool long_line(const struct request *request)
{
    static char padding[1 << 16];

    (void)request;
    memset(padding, 'x', sizeof padding);
    write_string("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"padding\":\"");
    for (size_t written = 0; written <= SMALL_DRIVER_LINE_MAX_BYTES; written += sizeof padding)
        small_driver_write(padding, sizeof padding);
    write_string("\"}}\n");
    return true;
}

static bool not_json(const struct request *request)
{
    (void)request;
    write_string("everything went well\n");
    return true;
}

static bool not_utf8(const struct request *request)
{
    small_driver_answer(request, "{\"seq\":1,\"note\":\"\xff\xfe\"}");
    return true;
}

static bool duplicate_keys(const struct request *request)
{
    small_driver_answer(request, "{\"seq\":1,\"seq\":2}");
    return true;
}

/* What a terminal, XML, HTML and Markdown must not be handed as it is. */
static bool nasty_message(const struct request *request)
{
    small_driver_refuse(request, "refused",
                        "\033[2J\033[1;31mPASS\033[0m\033]0;owned\a\r\n\t<&]]> <script>alert(1)</script> | `x` "
                        "\xe2\x80\xae\xc2\x9b"
                        "31m ${DIR} %s%n");
    return true;
}

/* A message that no C string can hold. */
static bool nul_message(const struct request *request)
{
    char line[256];

    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"error\":{\"code\":-32000,\"message\":\"\\u0000 no room\"}}\n",
             (long long)request->id);
    write_string(line);
    return true;
}

static bool closed_output(const struct request *request)
{
    (void)request;
    close(STDOUT_FILENO);
    stay_for_ever();
}

/* ---- what it answers ---- */

static bool wrong_version(const struct request *request)
{
    small_driver_answer(request, "{\"protocol\":2,\"name\":\"bad_driver\",\"version\":\"1\",\"surfaces\":{}}");
    return true;
}

static bool unsupported(const struct request *request)
{
    small_driver_refuse(request, "unsupported", "not on this platform");
    return true;
}

static bool hang_on_second(const struct request *request)
{
    static int calls;

    (void)request;
    return ++calls == 2;
}

/* Does nothing else while it waits: the fault is the waiting. */
static bool serial(const struct request *request)
{
    poll(NULL, 0, (int)request_integer(request, "delay_ms"));
    small_driver_answer(request, "{\"text\":\"%s\"}", json_get_string(request->params, "text"));
    return true;
}

/* ---- what becomes of its process ---- */

static bool silent(const struct request *request)
{
    (void)request;
    stay_for_ever();
}

static bool stubborn(const struct request *request)
{
    (void)request;
    signal(SIGTERM, SIG_IGN);
    stay_for_ever();
}

static bool crash(const struct request *request)
{
    (void)request;
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make a report and an exit status of it */
    raise(SIGSEGV);
    return false;
}

static bool leaves(const struct request *request)
{
    (void)request;
    _exit(0);
}

/* ---- what it starts ---- */

/* Forks a process that outlives its parent. False in the child. */
static bool spawn(void)
{
    pid_t child = fork();

    if (child < 0)
        _exit(2);
    if (child == 0)
        alarm(LIFE_MAX_S);
    return child > 0;
}

static bool daemonize(const struct request *request)
{
    (void)request;
    if (spawn())
        return false;
    setsid();
    if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout))
        _exit(2);
    stay_for_ever();
}

/* Twice forked, in a session of its own, without a descriptor, under another name. The append is answered when it has
 * got so far, which the end of the pipe tells. */
static bool hidden_daemon(const struct request *request)
{
    int seen[2];
    char nothing;

    (void)request;
    if (pipe(seen))
        return false;
    if (spawn()) {
        close(seen[1]);
        while (read(seen[0], &nothing, 1) < 0 && errno == EINTR)
            ;
        close(seen[0]);
        return false;
    }
    setsid();
    if (spawn())
        _exit(0);
    prctl(PR_SET_NAME, "kworker/0:1");
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        close(fd);
    stay_for_ever();
}

static bool children(const struct request *request)
{
    static int count;

    (void)request;
    if (count++ >= CHILDREN_MAX || spawn())
        return false;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    stay_for_ever();
}

/* Takes more memory with every call, and uses it. */
static bool memory_hog(const struct request *request)
{
    static void *chunks[HOG_CHUNKS];
    static int count;

    (void)request;
    if (count < HOG_CHUNKS && (chunks[count] = malloc(HOG_CHUNK_BYTES)))
        memset(chunks[count++], 1, HOG_CHUNK_BYTES);
    return false;
}

static const struct mode {
    const char *name;
    const char *at; /* the method at which it strikes, unless another is named */
    strike *strike;
} modes[] = {
    {"banner", AT_START, banner},
    {"half-line", "store.append", half_line},
    {"unknown-id", "store.append", unknown_id},
    {"answers-twice", "store.append", answers_twice},
    {"flood", "store.append", flood},
    {"long-line", "store.append", long_line},
    {"not-json", "store.append", not_json},
    {"not-utf8", "store.append", not_utf8},
    {"duplicate-keys", "store.append", duplicate_keys},
    {"nasty-message", "store.append", nasty_message},
    {"nul-message", "store.append", nul_message},
    {"closed-output", "store.append", closed_output},
    {"wrong-version", "hello", wrong_version},
    {"unsupported", "store.append", unsupported},
    {"hang-on-second", "store.append", hang_on_second},
    {"serial", "echo", serial},
    {"silent", AT_START, silent},
    {"stubborn", "stop", stubborn},
    {"crash", "store.append", crash},
    {"leaves", "store.append", leaves},
    {"daemon", "store.append", daemonize},
    {"hidden-daemon", "store.append", hidden_daemon},
    {"children", "store.append", children},
    {"memory-hog", "store.append", memory_hog},
    {"none", AT_START, NULL}, /* right in every way: the control */
};

static const struct mode *find(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(modes[i].name, name))
            return &modes[i];
    fprintf(stderr, "usage: bad_driver MODE [METHOD]; the modes are");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        fprintf(stderr, " %s", modes[i].name);
    fprintf(stderr, "\n");
    exit(2);
}

/* The right answer. False: it was stop. */
static bool serve(const struct request *request)
{
    if (request_is(request, "hello"))
        small_driver_hello(request, "bad_driver", MEMORY_STORE_SURFACES);
    else if (request_is(request, "echo"))
        small_driver_echo(request);
    else if (request_is(request, "stop"))
        small_driver_answer(request, "{}");
    else if (!memory_store_serve(request))
        small_driver_refuse(request, "unsupported", "there is no such method");
    return !request_is(request, "stop");
}

int main(int argc, char **argv)
{
    const struct mode *mode = find(argc > 1 ? argv[1] : "");
    const char *at = argc > 2 ? argv[2] : mode->at;
    struct request request;
    bool going_on = true;

    signal(SIGCHLD, SIG_IGN); /* nobody waits for the children */
    if (mode->strike && !strcmp(at, AT_START))
        mode->strike(NULL);
    while (going_on && small_driver_next(&request))
        if (!mode->strike || !request_is(&request, at) || !mode->strike(&request))
            going_on = serve(&request);
    memory_store_free();
    return 0;
}
