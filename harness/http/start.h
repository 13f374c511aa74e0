/* Starting and stopping an HTTP server for a case; for run/surfaces.c. */
#ifndef ASSAY_HTTP_START_H
#define ASSAY_HTTP_START_H

void *http_start(void);

/* A server that is gone by then FAILs the case as CRASH. */
void http_stop(void *state);

#endif
