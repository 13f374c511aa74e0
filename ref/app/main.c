/* assay-ref: one program, a table of subcommands. */
#include "app/drive.h"
#include "app/serve.h"
#include "base/version.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static int run_drive(int argc, char **argv)
{
    FILE *log = NULL;

    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--log") != 0)) {
        fprintf(stderr, "assay-ref %s: takes nothing but --log FILE\n", argv[0]);
        return EXIT_USAGE;
    }
    if (argc == 3 && !(log = fopen(argv[2], "ae"))) {
        perror(argv[2]);
        return EXIT_USAGE;
    }
    int code = drive_run(STDIN_FILENO, stdout, log);
    if (log)
        fclose(log);
    return code;
}

static int run_serve(int argc, char **argv)
{
    return serve_run(argc, argv, stdout, stderr);
}

/* One row per subcommand; argv[0] of run is the subcommand's name. */
static const struct command {
    const char *name;
    const char *arguments;
    const char *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"drive", "[--log FILE]", "speak the driver protocol on standard input and output", run_drive},
    {"serve", "--directory DIR [OPTIONS]", "serve sessions over HTTP; see assay-ref serve --help", run_serve},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fputs("assay-ref: the reference implementation that assay judges when no target is named\n\nUsage:\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  assay-ref %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    fputs("  assay-ref --help | --version\n\n"
          "Exit codes: 0 stopped as asked, 1 the output failed, 2 usage.\n",
          out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    /* A thread that has served its request may still be on its way out of libcrypto when the process ends, and what
     * that frees at exit would be pulled from under it. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    if (strcmp(name, "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        puts("assay-ref " REF_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    print_help(stderr);
    return EXIT_USAGE;
}
