/* One request on one descriptor, one response line on another. */
#ifndef RPC_H
#define RPC_H

#include <lua.h>

/* From now on the caller gets a line on `out` even when a library ends the process; rpc_serve writes the true one. */
void rpc_expect(int out);

/*
 * Reads a request to the end of `in`, has it answered by the scripts (L may be NULL: they could not be started),
 * and writes the response line to `out`. Returns the exit code: 0 whenever the line was written.
 */
int rpc_serve(lua_State *L, int in, int out);

#endif
