/* The command line of `assay-ref serve`, and its life until a signal ends it. */
#include "app/serve.h"

#include "adapter/stdio.h"
#include "app/service.h"
#include "routes/policy.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_STOPPED = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2, LIMIT_NAME_BYTES = 64 };

static const char help[] =
    "Usage: assay-ref serve --directory DIR [OPTIONS]\n\n"
    "Serves the sessions in DIR over HTTP, and a scripted agent over WebSockets (ACP, at /ws and /acp), until SIGTERM\n"
    "or SIGINT. Says \"listening on URL\" on standard output once it accepts connections, and logs to standard "
    "error.\n\n"
    "  --directory DIR      where the sessions are kept; must exist\n"
    "  --port N             the port to listen on; 0: any that is free (8080)\n"
    "  --stdio              the agent speaks ACP on standard input and output as well, a message a line, until the "
    "end\n"
    "                       of input; then \"listening\" is said on standard error, and only with --port is there one\n"
    "  --address ADDRESS    the numeric address to listen on (127.0.0.1)\n"
    "  --token-file FILE    every request must carry the token in FILE: Authorization: Bearer TOKEN\n"
    "  --any-host           on a loopback address, do not insist that Host and Origin name this machine\n"
    "  --origin ORIGIN      admit this Origin as well, such as https://ide.example; may be repeated\n"
    "  --durable            acknowledge only what is on the disk\n"
    "  --limit NAME=NUMBER  set a limit (below); may be repeated\n"
    "  --log-level LEVEL    debug, info, warning or error (info)\n"
    "  --help               print this\n\n"
    "Limits: http.body_bytes (2000000), http.header_ms (10000), http.body_ms (30000), http.idle_ms (60000),\n"
    "http.write_ms (30000), http.linger_ms (2000), http.stop_ms (5000), http.heartbeat_ms (30000),\n"
    "http.connections (800), http.threads (4), http.event_queue (256), http.rate_per_s (0: none),\n"
    "ws.message_bytes (4194304), ws.heartbeat_ms (30000), ws.pong_ms (10000), ws.write_ms (30000), ws.close_ms "
    "(2000),\n"
    "ws.clients (100), ws.sessions (4096), ws.in_flight (256), ws.rate_per_s (0: none), ws.idle_ms (300000),\n"
    "ws.request_ms (30000), ws.long_ms (300000), ws.grace_ms (300000), ws.queue_bytes (1048576),\n"
    "ws.history_bytes (262144)\n\n"
    "Exit codes: 0 stopped as asked, 1 the system refused, 2 usage.\n";

struct options {
    struct server_config config;
    struct store_options store;
    const char *directory;
    const char *token_file;
    const char *origins[POLICY_ORIGINS_MAX + 1];
    size_t origin_count;
    bool any_host;
    bool stdio;
    bool has_port;
    bool help;
    char token[SERVE_TOKEN_MAX_BYTES + 2]; /* a newline and a NUL */
};

static void log_line(void *context, const char *line)
{
    fputs(line, context);
}

static bool read_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool set_limit(struct server_limits *limits, const char *assignment)
{
    char name[LIMIT_NAME_BYTES];
    const char *equals = strchr(assignment, '=');
    int64_t value;

    if (!equals || (size_t)(equals - assignment) >= sizeof name || !read_number(equals + 1, &value))
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);
    return server_limit_set(limits, name, value) == SERVER_LIMIT_OK;
}

static bool take_option(struct options *options, int option, const char *argument)
{
    int64_t number = -1;

    switch (option) {
    case 'd':
        options->directory = argument;
        return true;
    case 'p':
        if (!read_number(argument, &number) || number < 0 || number > 65535)
            return false;
        options->config.port = (int)number;
        options->has_port = true;
        return true;
    case 's':
        options->stdio = true;
        return true;
    case 'a':
        options->config.address = argument;
        return true;
    case 't':
        options->token_file = argument;
        return true;
    case 'n':
        options->any_host = true;
        return true;
    case 'o':
        if (options->origin_count == POLICY_ORIGINS_MAX || strlen(argument) >= POLICY_ORIGIN_MAX_BYTES)
            return false;
        options->origins[options->origin_count++] = argument;
        return true;
    case 'D':
        options->store.durable = true;
        return true;
    case 'l':
        return set_limit(&options->config.limits, argument);
    case 'v':
        return log_level_of(argument, &options->config.log.least);
    case 'h':
        options->help = true;
        return true;
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct options *options, struct error *err)
{
    static const struct option names[] = {
        {"directory", required_argument, NULL, 'd'},
        {"port", required_argument, NULL, 'p'},
        {"stdio", no_argument, NULL, 's'},
        {"address", required_argument, NULL, 'a'},
        {"token-file", required_argument, NULL, 't'},
        {"any-host", no_argument, NULL, 'n'},
        {"origin", required_argument, NULL, 'o'},
        {"durable", no_argument, NULL, 'D'},
        {"limit", required_argument, NULL, 'l'},
        {"log-level", required_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", names, NULL)) != -1) {
        if (!take_option(options, option, optarg)) {
            error_set(err, "cannot use %s; see --help", argv[optind - 1]);
            return false;
        }
    }
    if (optind < argc) {
        error_set(err, "what is %s? See --help", argv[optind]);
        return false;
    }
    if (!options->directory && !options->help)
        error_set(err, "--directory is missing; see --help");
    return options->directory || options->help;
}

/* The first line of the file: what can stand in a header field, without spaces. */
static bool read_token(struct options *options, struct error *err)
{
    FILE *file = fopen(options->token_file, "re");
    bool read = file && fgets(options->token, sizeof options->token, file);

    if (file)
        fclose(file);
    size_t length = strcspn(options->token, "\n");
    options->token[length] = '\0';
    for (const char *c = options->token; *c; c++)
        read = read && *c > ' ' && *c <= '~';
    if (!read || length == 0 || length > SERVE_TOKEN_MAX_BYTES) {
        error_set(err, "--token-file: the first line must be a token of 1 to %d visible characters",
                  SERVE_TOKEN_MAX_BYTES);
        return false;
    }
    options->config.token = options->token;
    return true;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* The agent on standard input and output, until they end or a signal comes. */
static bool converse(const struct options *options, struct service *service, const sigset_t *ends, struct error *err)
{
    const struct server_limits *limits = &options->config.limits;
    struct stdio_config config = {.in = STDIN_FILENO,
                                  .out = STDOUT_FILENO,
                                  .stop = signalfd(-1, ends, SFD_CLOEXEC),
                                  .message_max_bytes = (size_t)limits->message_bytes,
                                  .end_ms = limits->acp.long_ms,
                                  .stop_ms = limits->close_ms,
                                  .log = &options->config.log};
    enum stdio_result result = config.stop < 0 ? STDIO_REFUSED : stdio_serve(service->adapter, &config);

    if (result != STDIO_OK)
        error_set(err, result == STDIO_CLOSED ? "the agent has ended the conversation"
                                              : "cannot use standard input and output");
    close(config.stop);
    return result == STDIO_OK;
}

static bool wait_for_end(const struct options *options, struct service *service, const sigset_t *ends,
                         struct error *err)
{
    int signal_number;

    if (options->stdio)
        return converse(options, service, ends, err);
    while (sigwait(ends, &signal_number) != 0)
        continue;
    return true;
}

static void say_listening(const struct server_config *config, const struct service *service, FILE *out)
{
    fprintf(out, strchr(config->address, ':') ? "listening on http://[%s]:%d\n" : "listening on http://%s:%d\n",
            config->address, server_port(service->server));
    fflush(out);
}

/* From here on only the system can refuse. */
static int serve(struct options *options, FILE *out, FILE *complaints, struct error *err)
{
    struct server_config *config = &options->config;
    bool listens = options->has_port || !options->stdio;
    struct service service;
    sigset_t ends;

    /* Before the first thread starts, so that all of them inherit it and sigwait() alone sees the signals. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!service_start(&service, options->directory, &options->store, config, listens, err))
        return EXIT_SYSTEM;
    if (listens && !config->token && !is_loopback(config->address))
        log_event(&config->log, LOG_WARNING, "serve.open", "reason", "no token, and others can reach it", NULL);
    if (listens)
        say_listening(config, &service, options->stdio ? complaints : out);
    bool ended = wait_for_end(options, &service, &ends, err);
    log_event(&config->log, LOG_INFO, "serve.stopping", NULL);
    service_stop(&service);
    return ended ? EXIT_STOPPED : EXIT_SYSTEM;
}

int serve_run(int argc, char **argv, FILE *out, FILE *complaints)
{
    struct options options = {
        .config = {.address = "127.0.0.1",
                   .port = 8080,
                   .log = {.least = LOG_INFO, .write = log_line, .context = complaints},
                   .limits = server_limits_default()},
    };
    struct error err = {""};
    int code = EXIT_USAGE;

    if (!read_options(argc, argv, &options, &err))
        goto out;
    if (options.help) {
        fputs(help, out);
        return EXIT_STOPPED;
    }
    if (options.token_file && !read_token(&options, &err))
        goto out;
    options.config.local_only = is_loopback(options.config.address) && !options.any_host;
    options.config.origins = options.origins;
    code = serve(&options, out, complaints, &err);
out:
    if (code != EXIT_STOPPED)
        fprintf(complaints, "assay-ref serve: %s\n", err.text);
    return code;
}
