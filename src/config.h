/* The configuration file; and the secret key, taken out of texts before Lua sees them. */
#ifndef CONFIG_H
#define CONFIG_H

#include "base/fault.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* The file that host.config.read() will read; NULL or "" when there is none. The text is not copied. */
void config_set_path(const char *path);

/*
 * Takes the secret key out of a request's text: context.secret_access_key and, stronger,
 * context.cloudstack.secret_access_key. It wins over the file's. False when the value there is not a string.
 */
bool config_take_request_secret(char *text, size_t length, struct fault *fault);

/*
 * The same of the properties of a cpi in a cpi-config: secret_access_key and, stronger, cloudstack.secret_access_key. A
 * request's own wins.
 */
bool config_take_cpi_secret(char *text, size_t length, struct fault *fault);

/* Removes what is left of the secret's key from the table on the top, and from its field `cloudstack`. */
void config_strip(lua_State *L);

/* Pushes host.config: path, is_named, read(), has_secret(). */
int config_open(lua_State *L);

#endif
