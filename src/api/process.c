/* host.process: which of the processes that share a store are still there. */
#include "api.h"

#include "../base/liveness.h"
#include "../base/readonly.h"

/* use(path): names the file of the locks */
static int use(lua_State *L)
{
    liveness_use(luaL_checkstring(L, 1));
    return 0;
}

/* identity() -> this process's, by which alive() of any other process knows it | nil, why */
static int identity(lua_State *L)
{
    char text[LIVENESS_IDENTITY_SIZE];
    struct fault fault;

    if (readonly_is_on()) {
        fault_set(&fault, "the file of the locks is left alone: only reads are allowed here");
        return api_refuse(L, &fault);
    }
    if (!liveness_claim(text, &fault))
        return api_refuse(L, &fault);
    lua_pushstring(L, text);
    return 1;
}

/* alive(identity) -> false where that process has ended for certain */
static int alive(lua_State *L)
{
    lua_pushboolean(L, liveness_is_alive(luaL_checkstring(L, 1)));
    return 1;
}

int api_open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {{"alive", alive}, {"identity", identity}, {"use", use}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
