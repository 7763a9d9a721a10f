#!/bin/sh
# The rules of tests/lint/rules.sh must bite: each is broken once in a copy of the tree, and has to be told by name.

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r src lua spec tests "$copy"
lint=$PWD/tests/lint/rules.sh
passed=0
failed=0

verdict() {
  if [ "$1" = good ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "not told: $2"
  fi
}

# plant RULE FILE TEXT: with the text at the end of the file, exactly the rule's name must be in the report.
plant() {
  mkdir -p "$(dirname "$copy/$2")" && touch "$copy/$2" && cp "$copy/$2" "$copy/kept"
  printf '%s\n' "$3" >>"$copy/$2"
  if RULE=$1 "$lint" --floors "$copy" | grep -qF "broken: $1"; then verdict good; else verdict bad "$1 ($2: $3)"; fi
  if [ -s "$copy/kept" ]; then mv "$copy/kept" "$copy/$2"; else rm "$copy/$2"; fi
}

before=$("$lint" --floors "$copy")
if [ $? -eq 0 ]; then verdict good; else verdict bad "the tree itself is not clean: $before"; fi

plant "src/base knows no Lua" src/base/buf.c '#include <lua.h>'
plant "src/base knows no Lua" src/base/buf.h '#include "lauxlib.h"'
plant "src/base includes only src/base" src/base/buf.c '#include "../host.h"'
plant "src/base includes only src/base" src/base/log.c '#include "../api/json_kind.h"'
plant "src/api includes" src/api/clock.c '#include "store.h"'
plant "src/api includes" src/api/http.c '#include "../config.h"'
plant "only main.c sees rpc.h" src/config.c '#include "rpc.h"'
plant "only main.c sees rpc.h" src/host.c '#include "server/route.h"'
# A command as some verb has it, so that the rule is tried on what it is made of.
plant "no CloudStack command in src" src/rpc.c "/* $(grep -rohE '"(list|deploy|create)[A-Z][A-Za-z]+"' lua/cloudstack | head -n 1) */"
plant "no BOSH method in src" src/main.c '/* has_vm */'
plant "no BOSH method in src" src/rpc.c 'static const char *x = "info";'
plant "only src/api/json_decode.c knows cjson" src/host.c 'int luaopen_cjson(lua_State *L);'
plant "only src/api/json_decode.c knows cjson" lua/cpi.lua 'local json = require "cjson"'
plant "only src/base/transfer.c and http_upload.c know curl" src/api/http.c '#include <curl/curl.h>'
plant "only src/base/store.c and its companions know SQLite" src/api/store.c '#include <sqlite3.h>'
plant "files are opened, made and removed in few places" src/api/files.c 'int x(const char *p) { return open(p, 0); }'
plant "files are opened, made and removed in few places" src/base/log.c 'int x(const char *p) { return mkdir(p, 0700); }'
plant "what is opened is closed on exec" src/base/file.c 'int x(const char *p) { return open(p, O_RDONLY); }'
plant "files of one folder of src include each other in no circle" src/base/buf.h '#include "log.h"'
plant "files of one folder of src include each other in no circle" src/base/utf8.c '#include "jsonmark.h"'
plant "files of one folder of src include each other in no circle" src/request.c '#include "rpc.h"'
plant "structs have no typedef" src/base/buf.h 'typedef struct buf buf_t;'
plant "policies require nothing" lua/policies/expunge.lua 'local errors = require "errors"'
plant "a verb requires no verb" lua/verbs/info.lua 'local x = require "verbs.has_vm"'
plant "copies and sorted keys" lua/operator/usage.lua 'local function copy(value) return value end'
plant "copies and sorted keys" lua/vm/vips.lua 'local function sorted_keys(t) return t end'
plant "the rows of a zone" lua/vm/vips.lua 'local function there(row, zone) return row.zoneid == zone.id end'
plant "the digest of an account" lua/setup/parts.lua 'local function x(site) return site.endpoint .. " " .. site.api_key end'
plant "env.bosh.group is read" lua/vm/vips.lua 'local function x(env) return env.bosh.group end'
plant "a room requires what it may" lua/cloudstack/client.lua "local x = require('verbs.has_vm')"
plant "a room requires what it may" lua/cloudstack/client.lua 'local x = require "registry.settings"'
plant "a room requires what it may" lua/vm/networks.lua 'local x = require "stemcell.twins"'
plant "a room requires what it may" lua/disks/with_vm.lua 'local x = require("operator.paper")'
plant "a room requires what it may" lua/base/ipv4.lua 'local x = require "cloudstack.zones"'
plant "a room requires what it may" lua/sim.lua 'local x = require "cloudstack.client"'
plant "a room requires what it may" lua/attic/things.lua '-- Things.'
plant "no file of the product is longer than 400 lines" lua/errors.lua "$(yes -- '-- line' | head -n 400)"
plant "only cpi stemcell sees the workshop" lua/setup/parts.lua 'local function x(host) return host.workshop.start { "true" } end'
plant "only cpi stemcell sees the workshop" lua/commands/cid.lua 'local x = require "workshop.bench"'
plant "only cpi stemcell sees the workshop" src/api/api.c 'int (*x)(lua_State *) = api_open_workshop;'
plant "only cpi.lua and commands see the host table" lua/verbs/info.lua 'local x = host.json.encode({})'
codes="codes of CloudStack's errors are in cloudstack/refusals.lua"
for code in 401 431 432 530 531 533 537; do plant "$codes" lua/vm/conflict.lua "local x = { $code }"; done
plant "$codes" lua/cloudstack/volumes.lua 'if failure.code ~= 530 then return end -- seen on 4.23'
plant "$codes" lua/made/orphans.lua 'local UNKNOWN =431'
texts="texts of CloudStack's errors are in cloudstack/refusals.lua"
plant "$texts" lua/cloudstack/tags.lua 'if failure.text:find("already on", 1, true) then return end'
plant "$texts" lua/stemcell/twins.lua 'local x = says(failure, "already on")'
plant "$texts" lua/made/removal.lua 'if row.state ~= "Destroyed" then return row end'
plant "$texts" lua/made/leftovers.lua 'local GONE = { Destroyed = true, Expunging = true }'
plant "a failure and an error are wrapped, never changed" lua/vm/conflict.lua '  failure.explanation = "because"'
plant "a failure and an error are wrapped, never changed" lua/vm/deployment.lua 'task.failure.clean_up = words'
plant "a failure and an error are wrapped, never changed" lua/base/rollback.lua 'oops.message = "no"'
plant "names of files say what is in them" src/base/utils.c '/* Things. */'
plant "names of files say what is in them" lua/helpers.lua '-- Things.'
plant "plain English where it is plain already" lua/policy.lua '-- A blank file is no policy.'
plant "plain English where it is plain already" lua/setup/settings.lua '-- These are no secrets.'
plant "plain English where it is plain already" lua/commands/gc.lua '-- It tells the operator.'
plant "plain English where it is plain already" lua/operator/usage.lua '-- What a decision is told.'
plant "plain English where it is plain already" lua/stemcell/twins.lua '-- Who copies says so first.'
plant "plain English where it is plain already" lua/base/ipv4.lua '-- A network; answers nil for a text.'
plant "plain English where it is plain already" lua/request/arguments.lua '-- A function that answers the text.'
plant "plain English where it is plain already" lua/daemons/registry.lua '-- It was waited for for 5 s.'
plant "plain English where it is plain already" docs/configure.md 'It must be a http URL.'
plant "plain English where it is plain already" README.md 'There is no cloud; this is no cloud either.'
plant "plain English where it is plain already" bosh-release/ops/cpi.yml '# It was no template.'
plant "plain English where it is plain already" CONTRIBUTING.md 'They were no files.'
plant "no tabs, no trailing blanks" lua/errors.lua 'local x = 1 '
plant "no tabs, no trailing blanks" src/rpc.c '	int x;'
plant "every C file says its job first" src/base/nameless.c 'int x;'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
