/*
 * Which processes are still there, among those that share a store. Each one that is to be known holds a lock on a byte of a
 * file beside the store; the kernel releases the lock with the process, however it ends. So the PID
 * namespace, the container and the user of either process do not matter. What cannot be found out counts as alive.
 */
#ifndef LIVENESS_H
#define LIVENESS_H

#include "fault.h"

#define LIVENESS_IDENTITY_SIZE 96

/* Names the file of the locks, which is opened when it is first needed. What was open before is closed, and its lock released. */
void liveness_use(const char *path);

/*
 * "lock.FILE.BYTE.BOOT" of this process: takes a lock the first time, and makes the file (mode 0600) when it does not exist.
 * The identity is not given out twice.
 */
bool liveness_claim(char identity[LIVENESS_IDENTITY_SIZE], struct fault *fault);

/*
 * False when the process of that identity has ended for certain: its lock is free, or the lock cannot be looked at and the
 * machine has been started again since. The identities of releases before the locks, "PID.STARTTIME.BOOT", end with the boot.
 */
bool liveness_is_alive(const char *identity);

void liveness_close(void);

#endif
