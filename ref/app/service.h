/* What a server consists of, started and stopped in order: the store, the agent behind its adapter, and the server in
 * front of both. */
#ifndef REF_APP_SERVICE_H
#define REF_APP_SERVICE_H

#include "adapter/adapter.h"
#include "server/server.h"
#include "store/store.h"

struct service {
    struct log log; /* what the adapter writes to */
    struct store *store;
    struct adapter *adapter;
    struct server *server; /* NULL: nothing listens */
};

/* Opens the store in the directory, and starts the scripted agent, and a server if it is to listen. Fills in
 * config->store and config->adapter; *service must stay where it is until service_stop(). False: err says why, and
 * nothing is left running. */
bool service_start(struct service *service, const char *directory, const struct store_options *options,
                   struct server_config *config, bool listens, struct error *err);

/* Stops what was started, and makes it all NULL; what was not started is left alone. Blocks as server_stop() does. */
void service_stop(struct service *service);

#endif
