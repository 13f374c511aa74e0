/* The page that --help prints. */
#include "cli/options_flags.h"

static const char above[] = "assay judges session stores, HTTP servers and WebSocket adapters of agent\n"
                            "runtimes, in any language, from outside.\n"
                            "\n"
                            "  assay run [SELECT...] [FLAGS]   judge the target\n"
                            "  assay report DIR...             the reports of finished runs, as of one\n"
                            "  assay list [SELECT...]          what there is to judge: the rooms\n"
                            "  assay explain ID                one room: its story, its source, its mend\n"
                            "  assay probe [FLAGS]             is my target wired, and what does it miss?\n"
                            "  assay version, assay help\n"
                            "\n"
                            "SELECT is an ID (store/sequence-order), ID:CASE, a surface (store), a pattern\n"
                            "('http/*length*'), tag:security, level:must (or should, info), @FILE (one\n"
                            "SELECT per line, # comments), or !SELECT, which leaves out. Without any, all.\n";

static const char below[] = "\n"
                            "Exit codes\n"
                            "    0  passed                              3  inconclusive: no failure, but an\n"
                            "    1  a requirement is violated              error of target or environment\n"
                            "    2  usage, manifest or baseline is      4  nothing ran, or too little passed\n"
                            "       wrong; nothing was judged          70  a bug of assay\n"
                            "  130  interrupted, or 143; the report says so\n"
                            "\n"
                            "Examples\n"
                            "  assay run                                      judge the reference\n"
                            "  assay run store -- python3 driver.py           judge one surface of a driver\n"
                            "  assay run -t acme.json -r junit=assay.xml      judge acme in a pipeline\n"
                            "  assay run -n 100 store/fork                    one room, a hundred times\n";

static void print_flag(FILE *out, const struct options_flag *flag)
{
    char left[64];

    if (!flag->name) {
        fprintf(out, "\n%s\n", flag->help);
        return;
    }
    snprintf(left, sizeof left, "%c%c%c --%s%s%s", flag->letter ? '-' : ' ', flag->letter ? flag->letter : ' ',
             flag->letter ? ',' : ' ', flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
    fprintf(out, "  %-27s %s\n", left, flag->help);
}

void options_print_help(FILE *out)
{
    fputs(above, out);
    for (size_t i = 0; i < options_flag_count; i++)
        print_flag(out, &options_flags[i]);
    fputs(below, out);
}
