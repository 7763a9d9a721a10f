/* Key to text, in named tables of a SQLite file that many processes use at once. One store per process. */
#ifndef STORE_H
#define STORE_H

#include "buf.h"
#include "fault.h"

/* Whether the store has a table of this name. */
bool store_has_table(const char *table);

/*
 * How long a call waits while other processes have the file locked: 10 seconds unless said. After one that waited in vain
 * the next ones hardly wait, until a write goes well.
 */
void store_patience(double seconds);

/* Whether what failed last did so because another process has the file locked: the same call may go well later. */
bool store_was_locked(void);

/* Opens (and makes) the file, in place of one that was open. Its directory must exist. */
bool store_open(const char *path, struct fault *fault);

/* Appends the value. *found is false, which is not a failure, when there is no such key. */
bool store_get(const char *table, const char *key, size_t key_length, struct buf *value, bool *found,
               struct fault *fault);

bool store_put(const char *table, const char *key, size_t key_length, const char *value, size_t length,
               struct fault *fault);

/*
 * Puts the value where `old` still is; *replaced is false, which is not a failure, when something else or nothing is there:
 * a process that reads, changes and writes loses nothing that another one wrote meanwhile.
 */
bool store_replace(const char *table, const char *key, size_t key_length, const char *old, size_t old_length,
                   const char *value, size_t length, bool *replaced, struct fault *fault);

bool store_delete(const char *table, const char *key, size_t key_length, struct fault *fault);

/*
 * Calls `row` for each row by order of the keys, until it returns false. It must neither use the store nor leave
 * by a jump.
 */
bool store_each(const char *table, bool (*row)(void *context, const char *key, size_t key_length, const char *value,
                                               size_t length),
                void *context, struct fault *fault);

/* Looks at a store as it is, without a trace: sound or not. *missing: there is no file of that name yet. */
bool store_check(const char *path, bool *missing, struct fault *fault);

void store_close(void);

#endif
