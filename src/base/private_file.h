/*
 * Files that a program of ours keeps for itself and its siblings: the store, the throttle, locks. They often stand in a
 * directory of another user (vcap), in whose name the CPI runs, while an operator runs a command as root: nothing that
 * this user put there may lead root to another file, and nothing that root makes there may be closed to this user.
 */
#ifndef PRIVATE_FILE_H
#define PRIVATE_FILE_H

#include "fault.h"

#include <stdbool.h>
#include <sys/stat.h>

#define PRIVATE_NAME 256 /* bytes of a file's name with its NUL */

/*
 * Opens a file to read and write, or makes it where `make` says so: mode 0600, and, when root makes it, owned by the
 * owner of its directory. -1 with the path and a remedy in the fault, and errno, for what is
 *   - not a regular file, or has several names (hard links): its last component is never followed as a symlink, and the
 *     symlinks before it only when they belong to root or to this user;
 *   - owned by another than this user, root, and the owner of the directory;
 *   - not there (ENOENT), when it is not to be made.
 * Of a file that others could read or write, these rights are taken away. The descriptor is closed on exec.
 */
int private_open(const char *path, bool make, struct fault *fault);

/*
 * The same in two steps, for a caller that opens several files in one directory: the directory of the path, its symlinks
 * followed as above, and the name in it. The descriptor is good for the *at() calls alone.
 */
int private_directory(const char *path, char name[PRIVATE_NAME], struct fault *fault);

/* `path` is for the messages. */
int private_open_at(int directory, const char *name, bool make, const char *path, struct fault *fault);

/* Makes a file that is not there yet, likewise; errno is EEXIST where something is. */
int private_make_at(int directory, const char *name, const char *path, struct fault *fault);

/* Puts the file `draft` of the directory in the place of `name`; where it cannot, `draft` goes. */
bool private_replace_at(int directory, const char *draft, const char *name, const char *path, struct fault *fault);

/*
 * Whether the user that keeps its files in this directory can use the file `name` there: its owner is that user. Where
 * there is no such file, it can. Nothing is opened. The remedy names all files that begin with the path `family`.
 */
bool private_is_usable(int directory, const char *name, const char *path, const char *family, struct fault *fault);

#endif
