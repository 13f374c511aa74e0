/* A private directory for a run: made in $TMPDIR, or in /tmp. */
#ifndef STRESS_TEMPDIR_H
#define STRESS_TEMPDIR_H

enum { TEMPDIR_BYTES = 256 };

/* Writes its path to directory. Failures of the system end the process. */
void tempdir_make(char directory[TEMPDIR_BYTES]);

/* Removes it with all that is in it; nobody uses it any more. */
void tempdir_remove(const char *directory);

#endif
