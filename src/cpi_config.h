/* A file of several clouds, in the form of BOSH's cpi-config: the properties of one of its cpis are the context of commands. */
#ifndef CPI_CONFIG_H
#define CPI_CONFIG_H

#include <lua.h>

/* The file and the name of the cpi that host.config.context() will read; NULL or "" for none. The texts are not copied. */
void cpi_config_set(const char *path, const char *name);

/* Adds context() to host.config, which is on the top; where a file is named, is_named is true. */
void cpi_config_add(lua_State *L);

#endif
