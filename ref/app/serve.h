/* `assay-ref serve`: the HTTP server as a program of its own, until SIGTERM or SIGINT. */
#ifndef REF_APP_SERVE_H
#define REF_APP_SERVE_H

#include <stdio.h>

enum { SERVE_TOKEN_MAX_BYTES = 1024 };

/* argv[0] is the subcommand's name. Writes "listening on URL" to out as soon as it accepts connections, and to
 * complaints the log and why it could not. Returns the exit code: 0 stopped as asked, 1 the system refused, 2 usage.
 * Blocks SIGTERM and SIGINT in the whole process and ignores SIGPIPE: call it from main(), once. */
int serve_run(int argc, char **argv, FILE *out, FILE *complaints);

#endif
