/* host.throttle: how much of a server many processes may use at once. */
#include "api.h"

#include "../base/throttle.h"

static lua_Number limit(lua_State *L, const char *name)
{
    lua_getfield(L, 2, name);
    lua_Number number = luaL_optnumber(L, -1, 0);
    luaL_argcheck(L, number >= 0 && number < 1e9, 2, name);
    lua_pop(L, 1);
    return number;
}

/* open(path, { concurrent=, per_second=, patience= }) -> true | nil, why; 0 or absent: no limit; patience in seconds */
static int open_throttle(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct fault fault;

    luaL_checktype(L, 2, LUA_TTABLE);
    struct throttle_limits limits = {
        .concurrent = (int)limit(L, "concurrent"),
        .per_second = limit(L, "per_second"),
        .patience = limit(L, "patience"),
    };
    return api_done(L, throttle_open(path, &limits, &fault), &fault);
}

/* enter(wanted) -> how many may go out now (1 to wanted), seconds waited. leave() is to follow. */
static int enter(lua_State *L)
{
    lua_Integer wanted = luaL_checkinteger(L, 1);
    double waited;

    luaL_argcheck(L, wanted >= 1 && wanted <= 100000, 1, "out of range");
    lua_pushinteger(L, throttle_enter((int)wanted, &waited));
    lua_pushnumber(L, waited);
    return 2;
}

/* leave() */
static int leave(lua_State *L)
{
    (void)L;
    throttle_leave();
    return 0;
}

/* pause(seconds): no process begins a request for so long */
static int pause_all(lua_State *L)
{
    throttle_pause(luaL_checknumber(L, 1));
    return 0;
}

int api_open_throttle(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"enter", enter}, {"leave", leave}, {"open", open_throttle}, {"pause", pause_all}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
