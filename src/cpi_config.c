/*
 * One cpi of a cpi-config: picked, its secret key taken out, and given to Lua as a request's context would be. The file is
 * YAML or JSON; no secret of the other cpis leaves this file either.
 */
#include "cpi_config.h"

#include "api/json_decode.h"
#include "base/file.h"
#include "base/jsontext.h"
#include "base/yaml.h"
#include "config.h"

#include <lauxlib.h>
#include <string.h>

#define LARGEST_FILE (16 << 20)

static const char *file_path, *cpi_name;
static struct buf properties_text; /* once the file is read: JSON without the secret. What is asked for again may be a pipe */

void cpi_config_set(const char *path, const char *name)
{
    file_path = path && *path ? path : NULL;
    cpi_name = name && *name ? name : NULL;
    buf_wipe(&properties_text);
}

/* The names of the cpis, for a message. */
static void list_names(const struct yaml *cpis, struct buf *names)
{
    for (const struct yaml *cpi = cpis->first; cpi; cpi = cpi->next) {
        const struct yaml *name = yaml_child(cpi, "name");
        buf_format(names, "%s%s", names->length ? ", " : "", name ? buf_string(&name->text) : "(without a name)");
    }
}

/* The cpi that is meant: the one named, or the only one. NULL and the fault where there is none. */
static const struct yaml *pick(const struct yaml *tree, struct fault *fault)
{
    const struct yaml *cpis = yaml_child(tree, "cpis"), *found = NULL;

    if (!cpis || cpis->kind != YAML_LIST || !cpis->first) {
        fault_set(fault, "it has no list 'cpis'");
        return NULL;
    }
    if (!cpi_name && cpis->first == cpis->last)
        return cpis->first;
    for (const struct yaml *cpi = cpis->first; cpi && cpi_name; cpi = cpi->next)
        if (yaml_is(yaml_child(cpi, "name"), cpi_name))
            found = cpi;
    if (!found) {
        struct buf names = buf_new(400);
        list_names(cpis, &names);
        if (cpi_name)
            fault_set(fault, "it has no cpi '%s'; there are: %s", cpi_name, buf_string(&names));
        else
            fault_set(fault, "which cpi? --cpi NAME; there are: %s", buf_string(&names));
        buf_free(&names);
    }
    return found;
}

/* The properties as JSON text without the secret. */
static bool write_properties(const struct yaml *tree, struct buf *json, struct fault *fault)
{
    const struct yaml *cpi = pick(tree, fault), *properties = yaml_child(cpi, "properties");

    if (!cpi)
        return false;
    if (!properties || properties->kind != YAML_MAP)
        return fault_set(fault, "its cpi has no properties");
    yaml_append_json(properties, json);
    if (json->failed)
        return fault_set(fault, "not enough memory");
    if (strstr(buf_string(json), "\"(("))
        return fault_set(fault, "it has variables, ((...)), which BOSH resolves: `bosh int FILE -l CREDENTIALS` writes one without");
    return jsontext_check(buf_string(json), json->length, fault) && config_take_cpi_secret(json->bytes, json->length, fault);
}

static bool read_properties(struct fault *fault)
{
    struct buf text = buf_new(LARGEST_FILE);
    struct fault why;

    bool ok = file_read_argument(file_path, &text, &why) || fault_set(fault, "cpi-config %s", why.text);
    struct yaml *tree = ok ? yaml_read(buf_string(&text), text.length, &why) : NULL;
    if (ok && (!tree || !write_properties(tree, &properties_text, &why)))
        ok = fault_set(fault, "cpi-config %s: %s", file_path, why.text);
    yaml_free(tree);
    buf_wipe(&text);
    return ok;
}

static bool read_once(struct fault *fault)
{
    if (properties_text.length > 0)
        return true;
    properties_text = buf_new(LARGEST_FILE);
    if (!read_properties(fault))
        buf_wipe(&properties_text);
    return properties_text.length > 0;
}

/* context() -> the properties, {} where no file is named; raises what is wrong with the file */
static int context(lua_State *L)
{
    struct fault fault;

    lua_settop(L, 0);
    if (!file_path) {
        lua_newtable(L);
        return 1;
    }
    if (!read_once(&fault))
        return luaL_error(L, "%s", fault.text);
    if (!json_decode(L, buf_string(&properties_text), properties_text.length))
        return luaL_error(L, "cpi-config %s: %s", file_path, lua_tostring(L, -1));
    config_strip(L);
    return 1;
}

void cpi_config_add(lua_State *L)
{
    lua_pushcfunction(L, context);
    lua_setfield(L, -2, "context");
    if (!file_path)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "is_named");
}
