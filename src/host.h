/* The Lua state that our scripts live in: its libraries, its one path, and the `host` table. */
#ifndef HOST_H
#define HOST_H

#include <lua.h>

struct host_options {
    const char *lua_dir; /* NULL: looked for beside the executable, see host_find_lua_dir */
};

/* A state with the host table; NULL when it cannot be made; the reason is on stderr then. */
lua_State *host_new(const struct host_options *options);

/* Closes the state and whatever the host opened for it: connections, the store, secrets. */
void host_close(lua_State *L);

/* Pushes the host table. */
void host_push(lua_State *L);

/*
 * Calls the function below its nargs arguments; both are popped. On LUA_OK the results are pushed, otherwise
 * the error value is, and a bug (an error that is not a table with a type) has left its traceback on stderr.
 */
int host_call(lua_State *L, int nargs, int nresults);

/* The directory of cpi.lua: ../lua, ../../lua or ../share/cloudstack_cpi/lua from the executable's. */
const char *host_find_lua_dir(void);

#endif
