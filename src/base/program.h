/*
 * Another program that works for an operator's command: started from a list of words, without a shell, its standard input
 * empty, its messages in English. It is waited for in slices, so that the one that waits can show where it stands, and stop.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "buf.h"
#include "fault.h"

#include <stdbool.h>
#include <sys/types.h>

#define PROGRAM_PATH 4096

/* Where the program is: in PATH, or where Debian keeps those of the administrator, which PATH often leaves out. A name with
 * a slash is a place already. */
bool program_find(const char *name, char path[PROGRAM_PATH]);

struct program {
    pid_t child; /* 0: none, or it has ended and was waited for */
    int ends[2]; /* what it writes to stdout and stderr comes here; -1: closed */
    struct buf kept[2];
    int status; /* of waitpid, when it has ended; SIGKILL's where waitpid does not have it */
};

/* A program that owns nothing yet: program_stop() may follow. `most`: bytes that are kept of stdout, and of stderr. */
struct program program_new(size_t most);

/*
 * Starts words[0], in `directory` (NULL: where we are); what it writes to stdout goes to the new file `output`, or is kept
 * (NULL). False when it cannot be started; the fault says why.
 */
bool program_start(struct program *program, char *const words[], const char *directory, const char *output,
                   struct fault *fault);

/* Waits for so long, or until a signal arrives. Whether it has ended. */
bool program_wait(struct program *program, double seconds);

/* Kills it if it runs, and frees what is kept. */
void program_stop(struct program *program);

#endif
