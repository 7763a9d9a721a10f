/*
 * How SQLite gets at the files of the store: the database and its companions (-wal, -shm, -journal) are opened and made
 * as private_file.h says, in the directory that was found when the store was opened; any other file is refused to it.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "fault.h"

#include <stdbool.h>

/*
 * From now on SQLite opens the files of this store, and no others. The database itself is opened once, or made where
 * `make` says so. errno is ENOENT when it does not exist. It holds until store_files_close().
 */
bool store_files_open(const char *path, bool make, struct fault *fault);

/* Whether the user that owns the directory can use all of its files that are there. */
bool store_files_are_usable(const char *path, struct fault *fault);

/* Why SQLite was last refused a file: "" when it was not. */
const char *store_files_refusal(void);

void store_files_close(void);

#endif
