/* The addresses that a manifest or a driver may give for a server. */
#include "target/server_address.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void addresses_are_host_and_port_and_perhaps_a_path(void **state)
{
    static const struct {
        const char *scheme;
        const char *url;
        const char *host;
        const char *path;
        int family;
        unsigned port;
    } urls[] = {
        {"http://", "http://127.0.0.1:8080", "127.0.0.1:8080", "", AF_INET, 8080},
        {"http://", "http://127.0.0.1:1/", "127.0.0.1:1", "/", AF_INET, 1},
        {"http://", "http://[::1]:65535", "[::1]:65535", "", AF_INET6, 65535},
        {"ws://", "ws://127.0.0.1:8080/ws", "127.0.0.1:8080", "/ws", AF_INET, 8080},
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct server_address address = {0};
        const char *path = server_address_read(urls[i].url, urls[i].scheme, &address);

        assert_non_null(path);
        assert_string_equal(path, urls[i].path);
        assert_string_equal(address.host, urls[i].host);
        assert_int_equal(address.socket.ss_family, urls[i].family);
        /* sin_port and sin6_port are at the same place. */
        assert_int_equal(ntohs(((struct sockaddr_in *)&address.socket)->sin_port), urls[i].port);
    }
}

static void what_is_near_is_loopback_or_private(void **state)
{
    static const char *const near[] = {
        "http://127.0.0.1:${PORT}", "http://127.255.255.255:1", "http://localhost:80/",
        "http://[::1]:80",          "http://10.0.0.1:80",       "http://172.16.0.1:80",
        "http://172.31.255.255:80", "http://192.168.1.1:80",    "http://[fd00::1]:80",
    };
    static const char *const far[] = {
        "http://example.org:80",     "http://example.org",       "http://localhost.example.org:80",
        "http://126.255.255.255:80", "http://128.0.0.1:80",      "http://9.9.9.9:80",
        "http://11.0.0.1:80",        "http://172.15.255.255:80", "http://172.32.0.1:80",
        "http://192.167.1.1:80",     "http://192.169.1.1:80",    "http://[2001:db8::1]:80",
        "http://[fe00::1]:80",       "http://127.0.0.1",         "http://127.0.0.1:${DIR}",
        "http://2130706433:80",      "http://0177.0.0.1:80",     "http://a@127.0.0.1:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        if (!server_address_is_near(near[i], "http://"))
            fail_msg("%s is refused", near[i]);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++)
        if (server_address_is_near(far[i], "http://"))
            fail_msg("%s is taken", far[i]);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "127.0.0.1:80",
        "https://127.0.0.1:80",
        "HTTP://127.0.0.1:80",
        "http://",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:80/path?query",
        "ws://127.0.0.1:80",
        "http://127.0.0.1:80?query",
        "http://127.0.0.1:http",
        "http://:80",
        "http://[]:80",
        "http://user@127.0.0.1:80",
        "http://[::1:80",
        "http://127.0.0.1:80x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct server_address address = {0};

        if (server_address_read(urls[i], "http://", &address))
            fail_msg("%s", urls[i]);
    }
}

/* A host of SERVER_HOST_BYTES - 1 bytes fits, as far as the buffer goes; it is no name, so neither is found. */
static void a_long_host_is_refused(void **state)
{
    char url[SERVER_HOST_BYTES + 32];
    struct server_address address = {0};

    (void)state;
    for (int length = SERVER_HOST_BYTES - 2; length <= SERVER_HOST_BYTES; length++) {
        snprintf(url, sizeof url, "http://%0*d", length, 0);
        assert_null(server_address_read(url, "http://", &address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_host_and_port_and_perhaps_a_path),
        cmocka_unit_test(what_is_near_is_loopback_or_private),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_long_host_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
