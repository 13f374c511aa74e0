/* The command line of `assay-ref serve`, and its life until a signal ends it. */
#include "app/serve.h"

#include "server/server.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_STOPPED = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2, LIMIT_NAME_BYTES = 64 };

static const char help[] =
    "Usage: assay-ref serve --directory DIR [OPTIONS]\n\n"
    "Serves the sessions in DIR over HTTP until SIGTERM or SIGINT. Says \"listening on URL\" on standard output once\n"
    "it accepts connections, and logs to standard error.\n\n"
    "  --directory DIR      where the sessions are kept; must exist\n"
    "  --port N             the port to listen on; 0: any that is free (8080)\n"
    "  --address ADDRESS    the numeric address to listen on (127.0.0.1)\n"
    "  --token-file FILE    every request must carry the token in FILE: Authorization: Bearer TOKEN\n"
    "  --any-host           on a loopback address, do not insist that Host and Origin name this machine\n"
    "  --origin ORIGIN      admit this Origin as well, such as https://ide.example\n"
    "  --durable            acknowledge only what is on the disk\n"
    "  --limit NAME=NUMBER  set a limit (below); may be repeated\n"
    "  --log-level LEVEL    debug, info, warning or error (info)\n"
    "  --help               print this\n\n"
    "Limits: http.body_bytes (2000000), http.header_ms (10000), http.body_ms (30000), http.idle_ms (60000),\n"
    "http.write_ms (30000), http.linger_ms (2000), http.stop_ms (5000), http.heartbeat_ms (30000),\n"
    "http.connections (800), http.threads (4), http.event_queue (256), http.rate_per_s (0: none)\n\n"
    "Exit codes: 0 stopped as asked, 1 the system refused, 2 usage.\n";

struct options {
    struct server_config config;
    struct store_options store;
    const char *directory;
    const char *token_file;
    bool any_host;
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
        options->config.origin = argument;
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

static void wait_for_end(const sigset_t *ends)
{
    int signal_number;

    while (sigwait(ends, &signal_number) != 0)
        continue;
}

/* From here on only the system can refuse. */
static int serve(struct options *options, FILE *out, struct error *err)
{
    struct server_config *config = &options->config;
    struct server *server;
    sigset_t ends;
    int code = EXIT_SYSTEM;

    /* Before the first thread starts, so that all of them inherit it and sigwait() alone sees the signals. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (store_open(options->directory, &options->store, &config->store, err) != STORE_OK)
        return EXIT_SYSTEM;
    if (server_start(config, &server, err) != SERVER_OK)
        goto out;
    if (!config->token && !is_loopback(config->address))
        log_event(&config->log, LOG_WARNING, "serve.open", "reason", "no token, and others can reach it", NULL);
    fprintf(out, strchr(config->address, ':') ? "listening on http://[%s]:%d\n" : "listening on http://%s:%d\n",
            config->address, server_port(server));
    fflush(out);
    wait_for_end(&ends);
    log_event(&config->log, LOG_INFO, "serve.stopping", NULL);
    server_stop(server);
    code = EXIT_STOPPED;
out:
    store_close(config->store);
    return code;
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
    code = serve(&options, out, &err);
out:
    if (code != EXIT_STOPPED)
        fprintf(complaints, "assay-ref serve: %s\n", err.text);
    return code;
}
