/* A private directory for a run: made in $TMPDIR, or in /tmp. */
#ifndef STRESS_PLACE_H
#define STRESS_PLACE_H

enum { PLACE_BYTES = 256 };

/* Writes its path to place. Failures of the system end the process. */
void tempdir_make(char place[PLACE_BYTES]);

/* Removes it with all that is in it; nobody uses it any more. */
void tempdir_remove(const char *place);

#endif
