/* A store without a disk: sessions and events in memory, for a target whose faults lie elsewhere. It is right as long
 * as its process lives. Serves create, append and read. */
#ifndef ASSAY_TESTS_TARGETS_MEMORY_STORE_H
#define ASSAY_TESTS_TARGETS_MEMORY_STORE_H

#include "tests/targets/small_driver.h"

#define MEMORY_STORE_SURFACES "{\"store\":[\"create\",\"append\",\"read\"]}"

enum { MEMORY_STORE_SESSIONS_MAX = 1024, MEMORY_STORE_EVENT_MAX_BYTES = 8 << 20 };

/* Answers a request of the surface store. False: it is none of those above, and was not answered. */
bool memory_store_serve(const struct request *request);

void memory_store_free(void);

#endif
