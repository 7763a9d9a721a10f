/*
 * The configuration file; and the secret key, taken out of texts before Lua sees them. No script, no policy and no
 * traceback can show what was never in the Lua state.
 */
#include "config.h"

#include "api/api.h"
#include "api/json_decode.h"
#include "api/json_kind.h"
#include "base/file.h"
#include "base/jsontake.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "base/secret.h"

#include <ctype.h>
#include <string.h>

#define LARGEST_FILE (16 << 20)
#define SECRET "secret_access_key"
#define SITE "cloudstack"

static const char *config_path;
static struct buf file_text; /* once it is read, without its secret: what is asked for again may be a pipe */
static bool from_request; /* the secret that is kept came with the request */

void config_set_path(const char *path)
{
    config_path = path && *path ? path : NULL;
    buf_wipe(&file_text);
    from_request = false;
}

/* The secret below `prefix`: flat, or under the name of the site, which is the stronger. */
static bool take_secret(char *text, size_t length, const char *prefix, struct buf *secret, bool *found,
                        struct fault *fault)
{
    struct buf nested = buf_new(0);
    const char *flat_path[] = {prefix, SECRET}, *nested_path[] = {prefix, SITE, SECRET};
    size_t skip = prefix ? 0 : 1;
    bool has_flat, has_nested;

    bool ok = jsontake(text, length, flat_path + skip, 2 - skip, secret, &has_flat, fault);
    ok = jsontake(text, length, nested_path + skip, 3 - skip, &nested, &has_nested, fault) && ok;
    if (ok && has_nested) {
        buf_wipe(secret);
        ok = buf_append(secret, buf_string(&nested), nested.length) || fault_set(fault, "not enough memory");
    }
    *found = has_flat || has_nested;
    buf_wipe(&nested);
    return ok;
}

/* A key has no blanks and no line breaks: one at the end, of a file that was read whole, would spoil every signature. */
static bool keep_secret(const struct buf *secret, struct fault *fault)
{
    for (size_t i = 0; i < secret->length; i++)
        if ((unsigned char)secret->bytes[i] <= ' ' || secret->bytes[i] == 127)
            return fault_set(fault, SITE "." SECRET " must be a key without blanks and line breaks, also at its end");
    return secret_keep(secret->bytes, secret->length) || fault_set(fault, "not enough memory");
}

enum source { OF_FILE, OF_CPI, OF_REQUEST };

/* Takes the secret out of the text, and keeps it: a request's wins over a cpi's, and both over the file's. */
static bool take_and_keep(char *text, size_t length, enum source source, struct fault *fault)
{
    struct buf secret = buf_new(0);
    bool found;

    bool ok = take_secret(text, length, source == OF_REQUEST ? "context" : NULL, &secret, &found, fault);
    if (ok && found && secret.length > 0 && (source == OF_REQUEST || !from_request)) {
        from_request = source != OF_FILE;
        ok = keep_secret(&secret, fault);
    }
    buf_wipe(&secret);
    return ok;
}

bool config_take_request_secret(char *text, size_t length, struct fault *fault)
{
    return take_and_keep(text, length, OF_REQUEST, fault);
}

bool config_take_cpi_secret(char *text, size_t length, struct fault *fault)
{
    return take_and_keep(text, length, OF_CPI, fault);
}

static void remove_field(lua_State *L, const char *name)
{
    if (!lua_istable(L, -1))
        return;
    lua_pushnil(L);
    lua_setfield(L, -2, name);
}

void config_strip(lua_State *L)
{
    if (!lua_istable(L, -1))
        return;
    remove_field(L, SECRET);
    lua_getfield(L, -1, SITE);
    remove_field(L, SECRET);
    lua_pop(L, 1);
}

/* Whether it begins as YAML does and JSON does not: with a name, a comment or "---". */
static bool looks_like_yaml(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '#' || *text == '-' || isalpha((unsigned char)*text);
}

/* Reads, checks and cleans the file's text; the secret stays in C. */
static bool read_text(struct buf *text, struct fault *fault)
{
    struct fault why;

    if (!file_read_argument(config_path, text, &why))
        return fault_set(fault, "configuration %s", why.text);
    if (!jsontext_check(buf_string(text), text->length, &why))
        return fault_set(fault, "configuration %s: %s%s", config_path, why.text,
                         looks_like_yaml(buf_string(text)) ? "; is it YAML? The configuration is JSON" : "");
    if (!take_and_keep(text->bytes, text->length, OF_FILE, &why))
        return fault_set(fault, "configuration %s: %s", config_path, why.text);
    return true;
}

static bool read_once(struct fault *fault)
{
    if (file_text.length > 0)
        return true;
    file_text = buf_new(LARGEST_FILE);
    if (!read_text(&file_text, fault))
        buf_wipe(&file_text);
    return file_text.length > 0;
}

/* read() -> the configuration as a table, {} without a file; raises an error for a file that is not valid */
static int read_config(lua_State *L)
{
    struct fault fault;

    lua_settop(L, 0);
    if (!config_path) {
        lua_newtable(L);
        return 1;
    }
    if (!read_once(&fault))
        goto failed;
    if (!json_decode(L, buf_string(&file_text), file_text.length)) {
        fault_set(&fault, "configuration %s: %s", config_path, lua_tostring(L, -1));
        goto failed;
    }
    if (!lua_istable(L, -1) || json_is_array(L, -1)) {
        fault_set(&fault, "configuration %s: it must be an object", config_path);
        goto failed;
    }
    config_strip(L);
    return 1;

failed:
    lua_pushstring(L, fault.text);
    return lua_error(L);
}

/* has_secret() -> whether a secret key is known, whether it came with the request, and whether it is masked wherever it
 * stands; the file has to be read before */
static int has_secret(lua_State *L)
{
    size_t length;

    const char *secret = secret_get(&length);
    lua_pushboolean(L, secret != NULL);
    lua_pushboolean(L, from_request);
    lua_pushboolean(L, secret && log_secret_is_strong(secret, length));
    return 3;
}

int config_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"has_secret", has_secret}, {"read", read_config}, {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_pushstring(L, config_path);
    lua_setfield(L, -2, "path");
    lua_pushboolean(L, config_path != NULL);
    lua_setfield(L, -2, "is_named");
    return 1;
}
