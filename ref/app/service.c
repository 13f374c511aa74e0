/* The parts of a server, from the lowest to the highest and back. */
#include "app/service.h"

bool service_start(struct service *service, const char *directory, const struct store_options *options,
                   struct server_config *config, bool listens, struct error *err)
{
    *service = (struct service){.log = config->log};
    if (store_open(directory, options, &service->store, err) != STORE_OK)
        return false;
    service->adapter = adapter_start(&config->limits.acp, &scripted_agent, NULL, &service->log, err);
    if (!service->adapter)
        goto failed;
    config->store = service->store;
    config->adapter = service->adapter;
    if (listens && server_start(config, &service->server, err) != SERVER_OK)
        goto failed;
    return true;
failed:
    service_stop(service);
    return false;
}

void service_stop(struct service *service)
{
    if (service->server)
        server_stop(service->server);
    if (service->adapter)
        adapter_stop(service->adapter);
    if (service->store)
        store_close(service->store);
    *service = (struct service){.store = NULL};
}
