/* A case of the HTTP surface: tests/server_case_fixture.h. */
#ifndef ASSAY_TESTS_HTTP_CASE_FIXTURE_H
#define ASSAY_TESTS_HTTP_CASE_FIXTURE_H

#include "http/expect.h"
#include "tests/server_case_fixture.h"

static const struct http_endpoint endpoints[] = {{"POST", "/", "{}"}, {NULL, NULL, NULL}};

static inline void *case_target(const struct sockaddr_in *address)
{
    static struct http_target target;

    target = (struct http_target){.address.socket_bytes = sizeof *address,
                                  .host = "test",
                                  .fields = "Host: test\r\n",
                                  .json_endpoints = endpoints,
                                  .exact_errors = true};
    memcpy(&target.address.socket, address, sizeof *address);
    return &target;
}

#endif
