/* What went wrong with the store, in words that say what to do. For store.c. */
#ifndef STORE_WORDS_H
#define STORE_WORDS_H

#include "fault.h"

#include <sqlite3.h>
#include <stdbool.h>

/* Whether another process is in the way, and waiting can help. */
bool store_is_busy(int code);

/*
 * Puts into words the trouble with the open database of that name, or with what opening it came to; false. `patience`: the seconds
 * that were waited for others.
 */
bool store_refuse(sqlite3 *database, const char *name, double patience, struct fault *fault);

#endif
