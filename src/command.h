/* A command: lua/commands/NAME.lua, with its arguments. */
#ifndef COMMAND_H
#define COMMAND_H

#include <lua.h>

/* Runs the command that the first of the words names, and reports on stderr what it raises. Returns the exit code. */
int command_run(lua_State *L, char **words, int count);

#endif
