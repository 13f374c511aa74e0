/* The routes that work on sessions (routes/routes.h lists them). Each fills in call->response. */
#ifndef REF_ROUTES_ROUTES_SESSION_H
#define REF_ROUTES_ROUTES_SESSION_H

#include "routes/routes.h"

void routes_create_session(struct routes_call *call);
void routes_list_sessions(struct routes_call *call);
void routes_get_session(struct routes_call *call);
void routes_patch_session(struct routes_call *call);
void routes_delete_session(struct routes_call *call);
void routes_read_events(struct routes_call *call);
void routes_append_message(struct routes_call *call);
void routes_append_prompt(struct routes_call *call);

/* Turns what the store said into the error it means to a client; failures of our own are logged. */
void routes_store_error(struct routes_call *call, enum store_result result, const struct error *err);

#endif
