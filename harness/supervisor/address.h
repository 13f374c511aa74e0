/* Socket addresses as rules name them: "127.0.0.1:8080", "[::1]:8080", "unix:/run/x", "unix:@abstract", "family 16". */
#ifndef ASSAY_SUPERVISOR_ADDRESS_H
#define ASSAY_SUPERVISOR_ADDRESS_H

#include "supervisor/inspect.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Of an address in the target's memory. */
enum supervisor_look supervisor_address_of_argument(pid_t tid, uint64_t address, uint64_t bytes, char *text,
                                                    size_t text_bytes);

/* Of whom our own descriptor fd is connected to; ABSENT when it is not connected. */
enum supervisor_look supervisor_address_of_peer(int fd, char *text, size_t text_bytes);

/* SOCK_STREAM, SOCK_DGRAM, …; 0 when fd is no socket. */
int supervisor_address_type(int fd);

#endif
