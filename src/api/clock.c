/* host.clock: what time it is, and waiting. */
#include "api.h"

#include "../base/clock.h"
#include "../base/interruption.h"

/* now() -> seconds of a clock that never goes back */
static int now(lua_State *L)
{
    lua_pushnumber(L, clock_now());
    return 1;
}

/* utc() -> seconds since 1970 */
static int utc(lua_State *L)
{
    lua_pushinteger(L, clock_utc());
    return 1;
}

/* iso(t?) -> "2026-01-01T00:00:00Z" */
static int iso(lua_State *L)
{
    char text[CLOCK_ISO_SIZE];
    lua_Integer when = luaL_opt(L, luaL_checkinteger, 1, clock_utc());

    clock_iso(when, "Z", text);
    luaL_argcheck(L, text[0], 1, "out of range");
    lua_pushstring(L, text);
    return 1;
}

/* sleep(seconds): ends early when the process is interrupted meanwhile, see interruption() of the host */
static int sleep_seconds(lua_State *L)
{
    interruption_sleep(luaL_checknumber(L, 1));
    return 0;
}

int api_open_clock(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"iso", iso}, {"now", now}, {"sleep", sleep_seconds}, {"utc", utc}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
