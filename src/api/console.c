/* host.console: what an operator reads. */
#include "api.h"

#include "../base/console.h"
#include "../base/line_editor.h"
#include "../base/printable.h"

#include <errno.h>
#include <string.h>

/* clean(text) -> the text on one line, with nothing in it that a terminal would act on */
static int clean(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct buf *line = api_push_buf(L);

    printable_append(line, text, length, PRINTABLE_TABS);
    if (line->failed)
        return luaL_error(L, "not enough memory");
    lua_pushlstring(L, buf_string(line), line->length);
    return 1;
}

/* write(text, in_colours) -> true | nil, why, whether only its reader is gone. Only a text that is in colours, and whose other parts went through clean, is
 * written with them. */
static int write_text(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct fault fault;

    if (!(lua_toboolean(L, 2) ? console_write_coloured : console_write)(text, length)) {
        bool is_unread = errno == EPIPE;
        fault_set(&fault, "stdout cannot be written");
        api_refuse(L, &fault);
        lua_pushboolean(L, is_unread);
        return 3;
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* error(text) */
static int error_text(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    console_error(text, length);
    return 0;
}

/*
 * read(prompt?) -> the next line of stdin, or nil at its end. On a terminal behind the prompt, to be edited where there is
 * libedit; without a prompt, the terminal edits it: libedit would draw the line anew over the question that stands before it.
 */
static int read_line(lua_State *L)
{
    const char *prompt = luaL_optstring(L, 1, NULL);
    struct buf *line = api_push_buf(L);
    bool has_prompt = prompt && console_is_tty(), is_edited = has_prompt && line_editor_is_there();

    if (has_prompt && !is_edited)
        console_write(prompt, strlen(prompt));
    if (is_edited ? line_editor_read(prompt, line) : console_read_line(line))
        lua_pushlstring(L, buf_string(line), line->length);
    else
        lua_pushnil(L);
    return 1;
}

int api_open_console(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"clean", clean}, {"error", error_text}, {"read", read_line}, {"write", write_text}, {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_pushboolean(L, console_is_tty());
    lua_setfield(L, -2, "tty");
    lua_pushboolean(L, console_is_interactive());
    lua_setfield(L, -2, "interactive");
    return 1;
}
