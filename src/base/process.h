/* Which process this is, and whether another one still lives. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>

#define PROCESS_IDENTITY_SIZE 96

/* "PID.STARTTIME.BOOT": unlike a pid, it is not given out twice, not even after the machine was started again. */
bool process_identity(char identity[PROCESS_IDENTITY_SIZE]);

/* False when it has ended; a zombie has. */
bool process_alive(const char *identity);

#endif
