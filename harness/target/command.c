#include "target/command.h"

#include "target/sanitizer.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VARIABLE_BYTES_MAX = 16 << 10 };

static void add_filled(struct text *text, const char *value, const char *directory)
{
    for (const char *mark; (mark = strstr(value, "${DIR}")); value = mark + strlen("${DIR}")) {
        text_add_bytes(text, value, (size_t)(mark - value));
        text_add(text, directory);
    }
    text_add(text, value);
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
static void add_runtime_options(struct text *variable, const char *name, const struct case_context *context)
{
    text_addf(variable, "%s=", name);
    add_filled(variable, given_options(context->manifest, name), context->directory);
    text_addf(variable, ":log_path='%s/%s':exitcode=%d:halt_on_error=0", context->directory, SANITIZER_LOG,
              SANITIZER_EXIT);
    if (!strcmp(name, "ASAN_OPTIONS"))
        text_add(variable, ":verify_asan_link_order=0");
}

size_t environment_build(const struct case_context *context, struct text variables[ENVIRONMENT_MAX])
{
    static const char *const runtimes[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    size_t count = 0;

    for (; count < context->manifest->env_count; count++) {
        const struct manifest_pair *pair = &context->manifest->env[count];

        text_init(&variables[count], VARIABLE_BYTES_MAX);
        text_addf(&variables[count], "%s=", pair->name);
        add_filled(&variables[count], pair->value, context->directory);
    }
    for (size_t i = 0; context->manifest->sanitizer && i < sizeof runtimes / sizeof *runtimes; i++, count++) {
        text_init(&variables[count], VARIABLE_BYTES_MAX);
        add_runtime_options(&variables[count], runtimes[i], context);
    }
    return count;
}

unsigned environment_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && !bind(fd, (struct sockaddr *)&address, bytes) &&
                 !getsockname(fd, (struct sockaddr *)&address, &bytes);

    if (fd >= 0)
        close(fd);
    return bound ? ntohs(address.sin_port) : 0;
}
