/* Sockets: what is dialled is recorded, and a return that is held lets an instant answer come first. */
#include "tests/supervised.h"

#include "supervisor/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ANSWERS = 10 };

/* A server that answers every byte at once, to one peer, until that hangs up. */
struct answerer {
    int listener;
    int port;
    pthread_t thread;
};

static void *answer(void *argument)
{
    struct answerer *answerer = argument;
    char byte;
    int one = 1, peer = accept4(answerer->listener, NULL, NULL, SOCK_CLOEXEC);

    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (read(peer, &byte, 1) == 1 && write(peer, "!", 1) == 1)
        continue;
    close(peer);
    return NULL;
}

static void start_answering(struct answerer *answerer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;

    answerer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(answerer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(answerer->listener, 1), 0);
    assert_int_equal(getsockname(answerer->listener, (struct sockaddr *)&address, &bytes), 0);
    answerer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&answerer->thread, NULL, answer, answerer), 0);
}

static void stop_answering(struct answerer *answerer)
{
    pthread_join(answerer->thread, NULL);
    close(answerer->listener);
}

/* One line of the victim's. */
static void expect_line(struct victim *victim, const char *expected)
{
    char line[16] = "";
    size_t length = 0;
    struct pollfd readable = {.fd = victim->output, .events = POLLIN};

    while (length < sizeof line - 1 && !strchr(line, '\n')) {
        assert_int_equal(poll(&readable, 1, DEADLINE_MS), 1);
        assert_int_equal(read(victim->output, line + length++, 1), 1);
    }
    assert_string_equal(line, expected);
}

/* Holds returns for so long that the answer is sure to come first, however busy the machine is. */
static unsigned hold_after_send(struct supervised *supervised, const char *where)
{
    struct supervisor_rule rule = {
        .kinds = SUPERVISOR_SEND, .where = where, .action = SUPERVISOR_HOLD_AFTER_SEND, .hold_ms = 10 * DEADLINE_MS};

    return supervisor_add(supervised->supervisor, &rule);
}

/* Runs the victim `talk` against an answerer of its own; every return of a send is held until its answer was read. */
static void expect_fates(struct supervised *supervised, const char *call, const char *when, const char *fate)
{
    struct answerer answerer;
    char port[16], where[32];

    start_answering(&answerer);
    snprintf(port, sizeof port, "%d", answerer.port);
    snprintf(where, sizeof where, "127.0.0.1:%d", answerer.port);
    unsigned held = hold_after_send(supervised, where);
    struct victim victim = START(supervised, VICTIM("talk"), port, call, when, "10");
    for (int i = 0; i < ANSWERS; i++) {
        expect_line(&victim, fate);
        unsigned next = hold_after_send(supervised, where); /* before the other goes, so that no send slips through */
        assert_int_equal(supervisor_fired(supervised->supervisor, held), 1);
        supervisor_remove(supervised->supervisor, held);
        held = next;
    }
    assert_int_equal(end_of(&victim), 0);
    supervisor_remove(supervised->supervisor, held);
    stop_answering(&answerer);
    expect_untroubled(supervised);
}

static void sent_then_registered_loses_every_instant_answer(void **state)
{
    static const char *const calls[] = {"write", "writev", "send", "sendmsg"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        expect_fates(*state, calls[i], "late", "lost\n");
}

static void registered_then_sent_never_notices(void **state)
{
    expect_fates(*state, "write", "early", "found\n");
    expect_fates(*state, "sendmsg", "early", "found\n");
}

static void dialled_addresses_are_recorded(void **state)
{
    struct supervised *supervised = *state;
    struct supervisor_rule record = {.kinds = SUPERVISOR_CONNECT, .where = "127.0.0.1:*", .action = SUPERVISOR_RECORD};
    struct answerer answerer;
    char port[16], where[32];

    supervisor_add(supervised->supervisor, &record);
    start_answering(&answerer);
    snprintf(port, sizeof port, "%d", answerer.port);
    snprintf(where, sizeof where, "127.0.0.1:%d", answerer.port);
    expect_output(START(supervised, VICTIM("talk"), port, "send", "early", "1"), "found\n");
    stop_answering(&answerer);

    const struct supervisor_event *event = supervisor_event(supervised->supervisor, 0);
    assert_non_null(event);
    assert_int_equal(event->kind, SUPERVISOR_CONNECT);
    assert_string_equal(event->where, where);
    assert_int_equal(event->flags, SOCK_STREAM);
    assert_null(supervisor_event(supervised->supervisor, 1));
}

static void connect_can_fail(void **state)
{
    struct supervised *supervised = *state;
    struct supervisor_rule fail = {
        .kinds = SUPERVISOR_CONNECT, .where = "127.0.0.1:1", .action = SUPERVISOR_FAIL, .error = EHOSTUNREACH};
    unsigned id = supervisor_add(supervised->supervisor, &fail);
    struct victim victim = START(supervised, VICTIM("talk"), "1", "send", "early", "1");

    assert_int_equal(WEXITSTATUS(end_of(&victim)), 5);
    assert_int_equal(supervisor_fired(supervised->supervisor, id), 1);
}

static void expect_text(const void *address, socklen_t bytes, const char *expected)
{
    struct sockaddr_storage storage = {0};
    char text[256];

    memcpy(&storage, address, bytes);
    assert_int_equal(supervisor_address_of_argument(getpid(), (uint64_t)(uintptr_t)&storage, bytes, text, sizeof text),
                     LOOK_OK);
    assert_string_equal(text, expected);
}

static void addresses_are_printed_as_rules_name_them(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0name"};
    struct sockaddr other = {.sa_family = AF_NETLINK};

    (void)state;
    inet_pton(AF_INET, "169.254.169.254", &in.sin_addr);
    expect_text(&in, sizeof in, "169.254.169.254:80");
    expect_text(&in6, sizeof in6, "[::1]:443");
    expect_text(&un, sizeof un, "unix:/run/x");
    expect_text(&un, offsetof(struct sockaddr_un, sun_path) + 4, "unix:/run");
    expect_text(&un, offsetof(struct sockaddr_un, sun_path), "unix:");
    expect_text(&abstract, offsetof(struct sockaddr_un, sun_path) + 5, "unix:@name");
    memset(un.sun_path, 'p', sizeof un.sun_path); /* full, so without a NUL */
    char longest[sizeof "unix:" + sizeof un.sun_path];
    snprintf(longest, sizeof longest, "unix:%.*s", (int)sizeof un.sun_path, un.sun_path);
    expect_text(&un, sizeof un, longest);
    expect_text(&other, sizeof other, "family 16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(sent_then_registered_loses_every_instant_answer),
        SUPERVISED(registered_then_sent_never_notices),
        SUPERVISED(dialled_addresses_are_recorded),
        SUPERVISED(connect_can_fail),
        cmocka_unit_test(addresses_are_printed_as_rules_name_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
