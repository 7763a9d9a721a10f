/* Any bytes as the argument of a Lua function: what the script SCRIPT returns is called with the host and answers it. It
 * raises when something does not hold. */
#include "../../src/base/log.h"
#include "../../src/host.h"
#include "target.h"

#include <lauxlib.h>

/* The script's function, on the stack of a state that lives as long as the process. */
static lua_State *make_state(void)
{
    static const struct host_options options = {.lua_dir = "lua"};
    static char text[1 << 16];

    fuzz_quiet();
    lua_State *L = host_new(&options);
    FILE *file = fopen(SCRIPT, "r");
    must(L && file, "a state and a script");
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    must(luaL_loadbufferx(L, text, length, "@" SCRIPT, "t") == LUA_OK, lua_tostring(L, -1));
    must(host_call(L, 0, 1) == LUA_OK, "the script loads");
    host_push(L);
    must(host_call(L, 1, 1) == LUA_OK && lua_isfunction(L, 1), "the script starts");
    return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lua_State *L;

    if (!L)
        L = make_state();
    lua_pushvalue(L, 1);
    lua_pushlstring(L, (const char *)data, size);
    must(host_call(L, 1, 0) == LUA_OK, "what the script says");
    lua_settop(L, 1);
    return 0;
}
