/* The server as a program: `assay-ref serve`, and http.start of `assay-ref drive`. */
#include "tests/websocket_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct answer answer;

/* A running assay-ref: what it says on standard output, and what it is told on standard input. */
struct program {
    pid_t pid;
    FILE *says;
    FILE *hears;
};

/* to_errors: standard error is what it says, and not standard output. fd_limit: how many descriptors it may have; 0: as
 * many as the test. */
static struct program run_limited(const char *const *arguments, bool to_errors, rlim_t fd_limit)
{
    struct rlimit limit = {fd_limit, fd_limit};
    struct program program;
    int out[2], in[2];
    const char *argv[16] = {BIN_DIR "/assay-ref"};

    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    program.pid = fork();
    assert_true(program.pid >= 0);
    if (program.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], to_errors ? STDERR_FILENO : STDOUT_FILENO);
        if (fd_limit > 0)
            setrlimit(RLIMIT_NOFILE, &limit);
        alarm(CLIENT_WAIT_S); /* so that a hanging program ends the test and not the other way round */
        execv(argv[0], (char **)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    program.says = fdopen(out[0], "r");
    program.hears = fdopen(in[1], "w");
    return program;
}

static struct program run(const char *const *arguments)
{
    return run_limited(arguments, false, 0);
}

/* Closes the pipes, waits, and returns the exit code, or minus the signal that ended it. */
static int finish(struct program *program)
{
    int status;

    fclose(program->hears);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    fclose(program->says);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int make_directory(void **state)
{
    static struct rig rig;

    memset(&rig, 0, sizeof rig);
    strcpy(rig.directory, "/tmp/assay-serve-test-XXXXXX");
    assert_non_null(mkdtemp(rig.directory));
    *state = &rig;
    return 0;
}

static int remove_directory(void **state)
{
    struct rig *rig = *state;

    nftw(rig->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void serves_until_asked_to_stop(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    struct rig *rig = *state;
    char token_file[128];

    snprintf(token_file, sizeof token_file, "%s/token", rig->directory);
    FILE *file = fopen(token_file, "w");
    fputs("s3cret\n", file);
    fclose(file);
    for (int i = 0; i < 2; i++) {
        const char *const arguments[] = {
            "serve",    "--directory", rig->directory,       "--port",      "0",     "--token-file",
            token_file, "--limit",     "http.body_bytes=10", "--log-level", "error", NULL};
        struct program program = run(arguments);

        assert_int_equal(fscanf(program.says, "listening on http://127.0.0.1:%d", &rig->port), 1);
        int fd = dial(rig);
        say(fd, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_int_equal(hear(fd, &answer), 401);
        say(fd, "GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret\r\n\r\n");
        assert_int_equal(hear(fd, &answer), 200);
        say(fd, "GET /health HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer s3cret\r\n\r\n");
        assert_int_equal(hear(fd, &answer), 403);
        say(fd, "POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n");
        assert_int_equal(hear(fd, &answer), 413);
        kill(program.pid, signals[i]);
        close(fd);
        assert_int_equal(finish(&program), 0);
    }
}

/* Out of descriptors, it leaves connections waiting, and takes them as soon as others have gone. */
static void outlives_a_lack_of_descriptors(void **state)
{
    enum { PEERS = 40, FD_LIMIT = 24 };
    struct rig *rig = *state;
    const char *const arguments[] = {"serve", "--directory", rig->directory, "--port", "0", "--log-level=error", NULL};
    int fds[PEERS];

    struct program program = run_limited(arguments, false, FD_LIMIT);
    assert_int_equal(fscanf(program.says, "listening on http://127.0.0.1:%d", &rig->port), 1);
    for (int i = 0; i < PEERS; i++)
        fds[i] = dial(rig);
    assert_int_equal(ask(fds[0], &answer, "GET", "/health", ""), 200);
    for (int i = 0; i < PEERS - 1; i++)
        close(fds[i]);
    assert_int_equal(ask(fds[PEERS - 1], &answer, "GET", "/health", ""), 200);
    close(fds[PEERS - 1]);
    kill(program.pid, SIGTERM);
    assert_int_equal(finish(&program), 0);
}

/* Alone it needs no port, says nothing but the protocol, and ends with its input. */
static void speaks_on_standard_output(void **state)
{
    struct rig *rig = *state;
    const char *const arguments[] = {"serve", "--directory", rig->directory, "--stdio", "--log-level=error", NULL};
    char line[4096];

    for (int i = 0; i < 2; i++) {
        struct program program = run(arguments);

        fputs(PEER_INITIALIZE "\n", program.hears);
        fflush(program.hears);
        assert_non_null(fgets(line, sizeof line, program.says));
        assert_ptr_equal(strstr(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\""), line);
        if (i == 1)
            kill(program.pid, SIGTERM);
        assert_int_equal(finish(&program), 0);
    }
}

/* With a port as well, it says so on standard error, and serves both. */
static void speaks_beside_the_server(void **state)
{
    struct rig *rig = *state;
    const char *const arguments[] = {"serve", "--directory", rig->directory, "--stdio", "--port=0", NULL};
    struct program program = run_limited(arguments, true, 0);

    assert_int_equal(fscanf(program.says, "listening on http://127.0.0.1:%d", &rig->port), 1);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    fclose(program.hears);
    program.hears = fopen("/dev/null", "w");
    peer_expect_close(peer, 1001);
    peer_end(peer);
    assert_int_equal(finish(&program), 0);
}

static void explains_itself(void **state)
{
    static const char *const help[] = {"serve", "--help", NULL};
    static const char *const bad[][5] = {
        {"serve", NULL},
        {"serve", "--directory", NULL},
        {"serve", "--directory", "/tmp", "--port=65536", NULL},
        {"serve", "--directory", "/tmp", "--limit=http.body_bytes=0", NULL},
        {"serve", "--directory", "/tmp", "--limit=http.nothing=1", NULL},
        {"serve", "--directory", "/tmp", "--token-file=/dev/null", NULL},
        {"serve", "--directory", "/tmp", "more", NULL},
        {"serve", "--directory", "/tmp", "--nothing", NULL},
    };
    static const char *const elsewhere[] = {"serve", "--directory", "/nowhere", "--port=0", NULL};
    char text[4096];

    (void)state;
    struct program program = run(help);
    size_t length = fread(text, 1, sizeof text - 1, program.says);
    text[length] = '\0';
    assert_int_equal(finish(&program), 0);
    assert_non_null(strstr(text, "--directory DIR"));
    assert_non_null(strstr(text, "http.rate_per_s"));
    assert_non_null(strstr(text, "ws.history_bytes"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        program = run(bad[i]);
        assert_int_equal(finish(&program), 2);
    }
    program = run(elsewhere);
    assert_int_equal(finish(&program), 1);
}

/* Sends one line to the driver and reads its answer. */
static const char *call(struct program *program, const char *request)
{
    static char line[4096];

    fprintf(program->hears, "%s\n", request);
    fflush(program->hears);
    assert_non_null(fgets(line, sizeof line, program->says));
    return line;
}

static void is_started_by_the_driver(void **state)
{
    static const char *const arguments[] = {"drive", NULL};
    struct rig *rig = *state;
    struct program program = run(arguments);
    char request[256];

    assert_non_null(
        strstr(call(&program, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{}}"), "\"http\":[]"));
    assert_non_null(strstr(call(&program, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"http.start\",\"params\":"
                                          "{\"directory\":\"/tmp\",\"limits\":{\"body_ms\":0}}}"),
                           "-32602"));
    snprintf(request, sizeof request,
             "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"http.start\",\"params\":{\"directory\":\"%s\",\"token\":\"t\","
             "\"limits\":{\"body_bytes\":10,\"http.idle_ms\":60000},\"local_only\":true}}",
             rig->directory);
    const char *line = call(&program, request);
    assert_int_equal(
        sscanf(line, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"url\":\"http://127.0.0.1:%d\"}}", &rig->port), 1);
    assert_non_null(strstr(call(&program, request), "-32000"));
    int fd = dial(rig);
    say(fd, "GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 200);
    say(fd, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(hear(fd, &answer), 403);
    assert_non_null(strstr(call(&program, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"stop\"}"), "\"result\":{}"));
    hear_end(fd);
    close(fd);
    assert_int_equal(finish(&program), 0);
}

static void is_started_by_the_driver_for_websockets(void **state)
{
    static const char *const arguments[] = {"drive", NULL};
    struct rig *rig = *state;
    struct program program = run(arguments);
    char request[512];

    snprintf(request, sizeof request,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ws.start\",\"params\":{\"directory\":\"%s\","
             "\"limits\":{\"ws.clients\":1},\"local_only\":true,\"origins\":[\"https://a.example\"]}}",
             rig->directory);
    const char *line = call(&program, request);
    assert_int_equal(
        sscanf(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"url\":\"ws://127.0.0.1:%d/ws\"}}", &rig->port), 1);
    struct peer *peer = peer_dial(rig, "/ws");
    peer_open(peer);
    struct peer *more = peer_dial(rig, "/ws");
    peer_expect_close(more, 1013);
    peer_end(more);
    call(&program, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"stop\"}");
    peer_expect_close(peer, 1001);
    peer_end(peer);
    assert_int_equal(finish(&program), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_until_asked_to_stop, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(outlives_a_lack_of_descriptors, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(speaks_on_standard_output, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(speaks_beside_the_server, make_directory, remove_directory),
        cmocka_unit_test(explains_itself),
        cmocka_unit_test_setup_teardown(is_started_by_the_driver, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(is_started_by_the_driver_for_websockets, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
