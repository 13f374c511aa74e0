/* assay, the program: reads its command line and does what it says. */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <fcntl.h>
#include <unistd.h>

static int run_command(const struct options *options)
{
    switch (options->command) {
    case COMMAND_RUN:
        return command_run(options);
    case COMMAND_REPORT:
        return command_report(options);
    case COMMAND_LIST:
        return command_list(options);
    case COMMAND_EXPLAIN:
        return command_explain(options);
    case COMMAND_PROBE:
        return command_probe(options);
    case COMMAND_VERSION:
        puts("assay " ASSAY_VERSION);
        return 0;
    case COMMAND_HELP:
        options_print_help(stdout);
        return 0;
    }
    return EXIT_OWN_BUG;
}

/* Whoever starts us without them would have the first files we open taken for them. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(EXIT_INCONCLUSIVE);
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err;
    int code;

    open_standard_descriptors();
    if (!options_parse(&options, argc, argv, &err)) {
        command_complain("%s", err.text);
        return EXIT_WRONG_USAGE;
    }
    code = run_command(&options);
    if (fflush(stdout) != 0 && code == 0) {
        command_complain("standard output cannot be written");
        code = EXIT_INCONCLUSIVE;
    }
    return code;
}
