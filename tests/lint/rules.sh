#!/bin/sh
# Style, and the floors of the design as plain greps: tests/lint/rules.sh [--floors] [TREE]
# --floors leaves out luacheck, which takes long. Prints what breaks a rule, and "N passed, N failed" over the rules.

floors=
[ "$1" = --floors ] && { floors=yes; shift; }
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-.}" || exit 2
passed=0
failed=0

# rule NAME VIOLATIONS: none is good.
rule() {
  if [ -z "$2" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'broken: %s\n%s\n' "$1" "$2"
  fi
}

words() { tr '\n' '|' | sed 's/|*$//'; }

c_files() { grep "$@" --include='*.[ch]' -r src; }
lua_files() { grep "$@" --include='*.lua' -r lua; }

rule "src/base knows no Lua" "$(grep -nE '#include *[<"](lua|lauxlib|lualib)' src/base/*.[ch])"

rule "src/base includes only src/base" "$(grep -nE '#include "(\.\./|api|host|config|rpc|server)' src/base/*.[ch])"

rule "src/api includes src/base, api.h and the headers of JSON, and not each other's" "$(
  for file in src/api/*.[ch]; do
    own=$(basename "$file" | sed 's/\.[ch]$/.h/')
    grep -HnE '#include "' "$file" | grep -vE "#include \"(\\.\\./base/[a-z0-9_]+\\.h|api\\.h|json_[a-z]+\\.h|$own)\""
  done)"

rule "only main.c sees rpc.h, and nothing sees the server" "$(
  c_files -nE '#include ".*(server/|rpc\.h)' | grep -vE '^src/(rpc\.c|main\.c|server/)')"

# CloudStack's commands, by the names that our Lua has for them.
verbs='list|create|delete|deploy|start|stop|reboot|destroy|expunge|recover|update|attach|detach|resize|register|add|remove'
verbs="$verbs|associate|disassociate|query|get|copy|extract|migrate|assign|upload|restore|revert|enable|disable|reset|scale"
commands=$(lua_files -ohE "\"($verbs)[A-Z][A-Za-z]+\"" | tr -d '"' | sort -u | words)
rule "no CloudStack command in src" "$([ -n "$commands" ] && c_files -nwE "$commands")"

# BOSH's methods. One of them is also what the log and others call by a common word: that one counts in quotes.
methods=$(find lua/verbs -name '*.lua' 2>/dev/null | sed 's/.*\///; s/\.lua$//' | grep -vx info | words)
rule "no BOSH method in src" "$(
  [ -n "$methods" ] && c_files -nwE "$methods"
  c_files -n '"info"' | grep -vE '^src/(base|api)/log\.[ch]:')"

rule "only src/api/json_decode.c knows cjson" "$(grep -rlE 'cjson[._(]|luaopen_cjson|require.*cjson' src lua | grep -v '^src/api/json_decode\.c$')"

rule "only src/base/transfer.c and http_upload.c know curl" "$(
  c_files -nE 'curl/|curl_easy|curl->' | grep -vE '^src/base/(curl\.[ch]|transfer\.c|http_upload\.c):')"

rule "only src/base/store.c and its companions know SQLite" "$(
  c_files -n 'sqlite3' | grep -vE '^src/base/store(_files\.c|_words\.[ch]|\.c):')"

# What another user planted in a file's place is met there (tests/hostile/planted_files_spec.lua).
opens='f?open|openat|freopen|opendir|creat|mkdir|mkdirat|mkdtemp|mkstemp|mkfifo|mknod|link|linkat|symlink|symlinkat|rename'
opens="$opens|renameat|unlink|unlinkat|rmdir|l?chown|fchownat|chmod|fchmodat|truncate|popen|system"
rule "files are opened, made and removed in few places" "$(
  c_files -nE "\\b($opens)\\([^)]" | grep -vE '^[^:]*:[0-9]+: *(/?\*|static )' \
    | grep -vE '^src/(base/(private_file|file|store_files|descriptors)\.c|server/guest\.c):')"

rule "what is opened is closed on exec" "$(
  c_files -nE '\bopen(at)?\([^)]' | grep -vE '^[^:]*:[0-9]+: *(/?\*|static )' \
    | grep -vE 'CLOEXEC|^src/(base/descriptors|server/guest)\.c:')"

# A file is its .c and its .h. Of what is included here, tsort finds an order, or the members of each circle.
rule "files of one folder of src include each other in no circle" "$(
  for folder in src src/*/; do
    grep -HE '^#include "[a-z0-9_]+\.h"' "${folder%/}"/*.[ch] | sed -E 's/^(.*)\.[ch]:#include "(.*)\.h"$/\1 \2/; s/^.*\///' \
      | awk '$1 != $2' | tsort 2>&1 >/dev/null | grep -v loop | sed "s|^tsort: |${folder%/}/|"
  done)"

rule "structs have no typedef" "$(c_files -nE 'typedef +(struct|enum|union)')"

rule "policies require nothing" "$(grep -nE '\brequire\b' lua/policies/*.lua 2>/dev/null)"

rule "a room requires what it may" "$(lua5.4 "$here/rooms.lua" .)"

rule "a verb requires no verb" "$(grep -nE 'require *\(?["'"'"']verbs\b' lua/verbs/*.lua)"

rule "no file of the product is longer than 400 lines" "$(
  find src lua -name '*.[ch]' -o -name '*.lua' | xargs wc -l | awk '$1 > 400 && $2 != "total"')"

# Each of these is worked out in one file, and read there by the others.
rule "copies and sorted keys are base/tables.lua's" "$(
  lua_files -nE 'local function (sorted_keys|copy|copied)\b' | grep -vE '^lua/(base/tables\.lua|sim/|sim\.lua)')"

rule "the rows of a zone are cloudstack/zones.lua's" "$(
  lua_files -nE 'zoneid == zone\.id' | grep -vE '^lua/(cloudstack/zones\.lua|sim/)')"

rule "the digest of an account is cloudstack/tenancy.lua's" "$(
  lua_files -nE 'endpoint *\.\. *" " *\.\.' | grep -vE '^lua/(cloudstack/tenancy\.lua|sim/)')"

rule "env.bosh.group is read in request/environment.lua" "$(
  lua_files -nE '\bbosh\.group\b' | grep -vE '^[^:]*:[0-9]+:.*(--|`).*bosh\.group' | grep -vE '^lua/(request/environment\.lua|meta/)')"

rule "only cpi.lua and commands see the host table" "$(
  lua_files -nE '\bhost\.[a-z_]+[.( ]' | grep -vE '^[^:]*:[0-9]+: *--' \
    | grep -vE '^lua/(cpi\.lua|setup/|daemons/|operator/|commands/|sim\.lua|sim/)')"

# What CloudStack's refusals mean is in one file. The daemons speak HTTP of their own.
product_lua() { lua_files "$@" | grep -vE '^[^:]*:[0-9]+: *--' | grep -vE '^lua/(sim|meta)(/|\.lua)'; }
rule "codes of CloudStack's errors are in cloudstack/refusals.lua" "$(
  product_lua -nE '(^|[^A-Za-z0-9_.])(401|43[12]|53[0-7])([^0-9]|$)' | grep -vE '^lua/(cloudstack/refusals|daemons/[a-z_]+)\.lua:' \
    | sed 's/ -- .*//' | grep -E '[^A-Za-z0-9_.:](401|43[12]|53[0-7])([^0-9:]|$)')"

rule "texts of CloudStack's errors are in cloudstack/refusals.lua" "$(
  product_lua -nE 'failure\.text:(find|match|lower|gmatch)|already on"|[~=]= *"(Destroyed|Expunging)"|[{ ]Expunging = true' \
    | grep -vE '^lua/(cloudstack/(refusals|vms|volumes)|policies/[a-z_]+|decisions/[a-z_]+)\.lua:')"

rule "a failure and an error are wrapped, never changed" "$(
  product_lua -nE '(^|[^a-z_.])(failure|raised|why|problem|result)\.[a-z_]+ *= *[^= ]|task\.failure\.[a-z_]+ *= *[^= ]|\.(message|ok_to_retry) = ' \
    | grep -vE '^lua/errors\.lua:')"

rule "names of files say what is in them" "$(
  find src lua spec tests -regextype posix-extended -regex '.*/(utils?|helpers?|common|manager|misc)\.(c|h|lua)')"

rule "plain English where it is plain already" "$(lua5.4 "$here/words.lua" .)"

rule "no tabs, no trailing blanks" "$(
  grep -rnE '[[:space:]]+$|	' src lua spec tests --include='*.c' --include='*.h' --include='*.lua' | head -n 20)"

rule "every C file says its job first" "$(
  for file in src/*.c src/*/*.c; do
    head -n 2 "$file" | grep -qE '^( \*|/\*) ?[A-Za-z]' || echo "$file"
  done)"

[ -n "$floors" ] || rule "luacheck is content" "$(
  luacheck --no-color --formatter plain lua spec tests config demo 2>&1 | grep -E '^[^ ]+:[0-9]+:|[Ee]rror')"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
