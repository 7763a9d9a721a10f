/* The secret key of the account: kept here, never given to Lua. */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Keeps a copy, in place of the one before, and has it masked in all logs. Length 0: no secret. */
bool secret_keep(const char *bytes, size_t length);

/* The secret, or NULL. */
const char *secret_get(size_t *length);

/* Overwrites and frees it. */
void secret_forget(void);

#endif
