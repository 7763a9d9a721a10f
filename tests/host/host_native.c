/* The host's modules for plain lua5.4: require "host_native" in specs and test programs. */
#include "../../src/api/api.h"
#include "../../src/base/memory.h"

int luaopen_host_native(lua_State *L);

static const luaL_Reg fields[] = {
    {"json", api_open_json}, {"bytes", api_open_bytes},     {"policy", api_open_policy}, {"clock", api_open_clock},
    {"files", api_open_files}, {"log", api_open_log},   {"process", api_open_process}, {"store", api_open_store},
    {"throttle", api_open_throttle}, {"console", api_open_console}, {"images", api_open_images},
    {"workshop", api_open_workshop}, {NULL, NULL},
};

/* Our allocator takes over from lua5.4's, which is realloc and free too, so that the sandbox has its ceiling. */
static void count_memory(lua_State *L)
{
    static struct memory memory;

    memory.used = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
    lua_setallocf(L, memory_allocate, &memory);
}

int luaopen_host_native(lua_State *L)
{
    count_memory(L);
    lua_newtable(L);
    for (const luaL_Reg *field = fields; field->name; field++) {
        lua_pushcfunction(L, field->func);
        lua_call(L, 0, 1);
        lua_setfield(L, -2, field->name);
    }
    return 1;
}
