/* host.process: telling processes apart. */
#include "api.h"

#include "../base/process.h"

/* identity() -> "PID.STARTTIME" of this process */
static int identity(lua_State *L)
{
    char text[PROCESS_IDENTITY_SIZE];

    process_identity(text);
    lua_pushstring(L, text);
    return 1;
}

/* alive(identity) -> whether that process still runs */
static int alive(lua_State *L)
{
    lua_pushboolean(L, process_alive(luaL_checkstring(L, 1)));
    return 1;
}

int api_open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {{"alive", alive}, {"identity", identity}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
