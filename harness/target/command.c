/* The words and the variables of a target's program, filled in. */
#include "target/command.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "case/record.h"
#include "case/state.h"
#include "check.h"
#include "target/manifest.h"
#include "target/sanitizer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FIRST_PORT = 10000, /* up to where systems begin to hand out ports by themselves */
    PORTS = 21000,
    PORTS_EACH = 8, /* for one worker */
};

/* ---- filling in ---- */

char *command_fill(const char *text, const char *directory, unsigned port)
{
    static const char port_mark[] = "${PORT}", directory_mark[] = "${DIR}";
    struct text filled;

    text_init(&filled, COMMAND_TEXT_MAX_BYTES);
    while (*text) {
        size_t plain = strcspn(text, "$");

        text_add_bytes(&filled, text, plain);
        text += plain;
        if (strncmp(text, port_mark, sizeof port_mark - 1) == 0) {
            text_addf(&filled, "%u", port);
            text += sizeof port_mark - 1;
        } else if (strncmp(text, directory_mark, sizeof directory_mark - 1) == 0) {
            text_add(&filled, directory);
            text += sizeof directory_mark - 1;
        } else if (*text) {
            text_add_bytes(&filled, text++, 1);
        }
    }
    return text_take(&filled);
}

/* ---- words ---- */

/* The string becomes the list's, which stays NULL-terminated. */
static void add(char ***list, size_t *count, char *string)
{
    *list = xalloc_resize(*list, *count + 2, sizeof **list);
    (*list)[(*count)++] = string;
    (*list)[*count] = NULL;
}

static void add_wrap(struct command *command, const char *wrap)
{
    for (wrap += strspn(wrap, " "); *wrap; wrap += strspn(wrap, " ")) {
        size_t bytes = strcspn(wrap, " ");

        if (command->argv_count == COMMAND_WRAP_MAX)
            error_of_environment("--wrap has more than %d words", COMMAND_WRAP_MAX);
        add(&command->argv, &command->argv_count, strndup(wrap, bytes));
        wrap += bytes;
    }
}

/* ---- variables ---- */

void command_set(struct command *command, const char *name, const char *value)
{
    struct text variable;

    text_init(&variable, 2 * COMMAND_TEXT_MAX_BYTES);
    text_addf(&variable, "%s=%s", name, value);
    add(&command->environment, &command->environment_count, text_take(&variable));
}

/* What the runtime's options are without us: by the manifest, else as assay itself was started. */
static const char *given_options(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->env_count; i++)
        if (!strcmp(manifest->env[i].name, name))
            return manifest->env[i].value;
    const char *inherited = getenv(name);
    return inherited ? inherited : "";
}

/* Of two options with one name the later one counts, so suppressions and the like stay, and ours hold. ASan wants to be
 * the first library of all, but a case may preload a clock of its own. */
static void set_runtime_options(struct command *command, const char *name, const char *directory, unsigned port)
{
    char *given = command_fill(given_options(case_context()->manifest, name), directory, port);
    struct text options;

    text_init(&options, COMMAND_TEXT_MAX_BYTES);
    text_addf(&options, "%s:log_path='%s/%s':exitcode=%d:halt_on_error=0%s", given, case_directory(), SANITIZER_LOG,
              SANITIZER_EXIT, strcmp(name, "ASAN_OPTIONS") == 0 ? ":verify_asan_link_order=0" : "");
    command_set(command, name, options.bytes);
    text_free(&options);
    free(given);
}

static void add_variables(struct command *command, const char *directory, unsigned port)
{
    static const char *const runtimes[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    const struct manifest *manifest = case_context()->manifest;

    for (size_t i = 0; i < manifest->env_count; i++) {
        char *value = command_fill(manifest->env[i].value, directory, port);

        command_set(command, manifest->env[i].name, value);
        free(value);
    }
    for (size_t i = 0; manifest->sanitizer && i < sizeof runtimes / sizeof *runtimes; i++)
        set_runtime_options(command, runtimes[i], directory, port);
}

/* ---- the whole ---- */

void command_make(struct command *command, const char *const *argv, const char *directory, unsigned port)
{
    *command = (struct command){.argv = xalloc_resize(NULL, 1, sizeof *command->argv),
                                .environment = xalloc_resize(NULL, 1, sizeof *command->environment)};
    command->argv[0] = command->environment[0] = NULL;
    if (case_context()->wrap)
        add_wrap(command, case_context()->wrap);
    for (; *argv; argv++)
        add(&command->argv, &command->argv_count, command_fill(*argv, directory, port));
    add_variables(command, directory, port);
}

static void free_list(char **list)
{
    for (char **string = list; *string; string++)
        free(*string);
    free(list);
}

void command_free(struct command *command)
{
    free_list(command->argv);
    free_list(command->environment);
}

/* ---- its log ---- */

/* A relative path is taken from where the program starts. Noted once, however often the program starts. */
static char *noted;

const char *command_log(void)
{
    return noted;
}

void command_note_log(const char *directory, unsigned port)
{
    const struct manifest *manifest = case_context()->manifest;
    char *log = manifest->log ? command_fill(manifest->log, directory, port) : NULL;
    struct text path;

    if (!log)
        return;
    text_init(&path, COMMAND_TEXT_MAX_BYTES);
    text_addf(&path, "%s%s%s", *log == '/' ? "" : manifest->directory, *log == '/' ? "" : "/", log);
    if (!noted || strcmp(noted, path.bytes) != 0)
        record_write_log(case_context()->record_fd, path.bytes);
    free(noted);
    noted = text_take(&path);
    free(log);
}

/* ---- ports ---- */

static bool is_free(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        error_of_environment("no socket: %s", strerror(errno));
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return bound;
}

/* Among all workers of this network a port is the one's that holds the abstract socket (unix(7)) of its name, until it
 * ends: else the one that answers there could be another's server. */
static bool reserve(unsigned port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int bytes = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "assay-port-%u", port);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)bytes);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        error_of_environment("no socket: %s", strerror(errno));
    if (bind(fd, (struct sockaddr *)&name, length) == 0)
        return true;
    close(fd);
    return false;
}

/* From ports that the system gives to nobody by itself. */
unsigned command_free_port(unsigned nth)
{
    static unsigned reserved[PORTS_EACH]; /* 0: none yet */
    unsigned *ours = &reserved[nth % PORTS_EACH];

    if (*ours && is_free(*ours))
        return *ours;
    for (unsigned i = 0; i < PORTS; i += PORTS_EACH) {
        unsigned port = FIRST_PORT + ((unsigned)getpid() * PORTS_EACH + nth % PORTS_EACH + i) % PORTS;

        if (is_free(port) && reserve(port)) {
            *ours = port;
            return port;
        }
    }
    error_of_environment("no port from %d to %d is free", FIRST_PORT, FIRST_PORT + PORTS - 1);
}
