#!/bin/sh
# Style, and the floors of the design as plain greps: tests/lint/rules.sh [--floors] [TREE]
# --floors leaves out luacheck, which takes long. RULE in the environment is the beginning of a name: only the rules that
# have it are tried. Prints what breaks a rule, and "N passed, N failed" over the rules.

floors=
[ "$1" = --floors ] && { floors=yes; shift; }
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-.}" || exit 2
passed=0
failed=0

# wanted NAME: is the rule of that name, the next one, to be tried?
wanted() {
  name=$1
  case $name in "${RULE:-}"*) true ;; *) false ;; esac
}

# rule VIOLATIONS: the rule that was wanted; no violation is good.
rule() {
  if [ -z "$1" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'broken: %s\n%s\n' "$name" "$1"
  fi
}

words() { tr '\n' '|' | sed 's/|*$//'; }

c_files() { grep "$@" --include='*.[ch]' -r src; }
lua_files() { grep "$@" --include='*.lua' -r lua; }

wanted "src/base knows no Lua" && rule "$(grep -nE '#include *[<"](lua|lauxlib|lualib)' src/base/*.[ch])"

wanted "src/base includes only src/base" && rule "$(grep -nE '#include "(\.\./|api|host|config|rpc|server)' src/base/*.[ch])"

wanted "src/api includes src/base, api.h and the headers of JSON, and not each other's" && rule "$(
  for file in src/api/*.[ch]; do
    own=$(basename "$file" | sed 's/\.[ch]$/.h/')
    grep -HnE '#include "' "$file" | grep -vE "#include \"(\\.\\./base/[a-z0-9_]+\\.h|api\\.h|json_[a-z]+\\.h|$own)\""
  done)"

wanted "only main.c sees rpc.h, and nothing sees the server" && rule "$(
  c_files -nE '#include ".*(server/|rpc\.h)' | grep -vE '^src/(rpc\.c|main\.c|server/)')"

# CloudStack's commands, by the names that our Lua has for them.
verbs='list|create|delete|deploy|start|stop|reboot|destroy|expunge|recover|update|attach|detach|resize|register|add|remove'
verbs="$verbs|associate|disassociate|query|get|copy|extract|migrate|assign|upload|restore|revert|enable|disable|reset|scale"
commands=$(lua_files -ohE "\"($verbs)[A-Z][A-Za-z]+\"" | tr -d '"' | sort -u | words)
wanted "no CloudStack command in src" && rule "$([ -n "$commands" ] && c_files -nwE "$commands")"

# BOSH's methods. One of them is also what the log and others call by a common word: that one counts in quotes.
methods=$(find lua/verbs -name '*.lua' 2>/dev/null | sed 's/.*\///; s/\.lua$//' | grep -vx info | words)
wanted "no BOSH method in src" && rule "$(
  [ -n "$methods" ] && c_files -nwE "$methods"
  c_files -n '"info"' | grep -vE '^src/(base|api)/log\.[ch]:')"

wanted "only src/api/json_decode.c knows cjson" && rule "$(grep -rlE 'cjson[._(]|luaopen_cjson|require.*cjson' src lua | grep -v '^src/api/json_decode\.c$')"

wanted "only src/base/transfer.c and http_upload.c know curl" && rule "$(
  c_files -nE 'curl/|curl_easy|curl->' | grep -vE '^src/base/(curl\.[ch]|transfer\.c|http_upload\.c):')"

wanted "only src/base/store.c and its companions know SQLite" && rule "$(
  c_files -n 'sqlite3' | grep -vE '^src/base/store(_files\.c|_words\.[ch]|\.c):')"

# What another user planted in a file's place is met there (tests/hostile/planted_files_spec.lua).
opens='f?open|openat|freopen|opendir|creat|mkdir|mkdirat|mkdtemp|mkstemp|mkfifo|mknod|link|linkat|symlink|symlinkat|rename'
opens="$opens|renameat|unlink|unlinkat|rmdir|l?chown|fchownat|chmod|fchmodat|truncate|popen|system"
wanted "files are opened, made and removed in few places" && rule "$(
  c_files -nE "\\b($opens)\\([^)]" | grep -vE '^[^:]*:[0-9]+: *(/?\*|static )' \
    | grep -vE '^src/(base/(private_file|public_file|file|store_files|workplace|descriptors)\.c|server/(guest|kept_file)\.c):')"

wanted "what is opened is closed on exec" && rule "$(
  c_files -nE '\bopen(at)?\([^)]' | grep -vE '^[^:]*:[0-9]+: *(/?\*|static )' \
    | grep -vE 'CLOEXEC|^src/(base/descriptors|server/guest)\.c:')"

# A file is its .c and its .h. Of what is included here, tsort finds an order, or the members of each circle.
wanted "files of one folder of src include each other in no circle" && rule "$(
  for folder in src src/*/; do
    grep -HE '^#include "[a-z0-9_]+\.h"' "${folder%/}"/*.[ch] | sed -E 's/^(.*)\.[ch]:#include "(.*)\.h"$/\1 \2/; s/^.*\///' \
      | awk '$1 != $2' | tsort 2>&1 >/dev/null | grep -v loop | sed "s|^tsort: |${folder%/}/|"
  done)"

wanted "structs have no typedef" && rule "$(c_files -nE 'typedef +(struct|enum|union)')"

wanted "policies require nothing" && rule "$(grep -nE '\brequire\b' lua/policies/*.lua 2>/dev/null)"

wanted "a room requires what it may" && rule "$(lua5.4 "$here/rooms.lua" .)"

wanted "a verb requires no verb" && rule "$(grep -nE 'require *\(?["'"'"']verbs\b' lua/verbs/*.lua)"

wanted "no file of the product is longer than 400 lines" && rule "$(
  find src lua -name '*.[ch]' -o -name '*.lua' | xargs wc -l | awk '$1 > 400 && $2 != "total"')"

# Each of these is worked out in one file, and read there by the others.
wanted "copies and sorted keys are base/tables.lua's" && rule "$(
  lua_files -nE 'local function (sorted_keys|copy|copied)\b' | grep -vE '^lua/(base/tables\.lua|sim/|sim\.lua)')"

wanted "the rows of a zone are cloudstack/zones.lua's" && rule "$(
  lua_files -nE 'zoneid == zone\.id' | grep -vE '^lua/(cloudstack/zones\.lua|sim/)')"

wanted "the digest of an account is cloudstack/tenancy.lua's" && rule "$(
  lua_files -nE 'endpoint *\.\. *" " *\.\.' | grep -vE '^lua/(cloudstack/tenancy\.lua|sim/)')"

wanted "env.bosh.group is read in request/environment.lua" && rule "$(
  lua_files -nE '\bbosh\.group\b' | grep -vE '^[^:]*:[0-9]+:.*(--|`).*bosh\.group' | grep -vE '^lua/(request/environment\.lua|meta/)')"

wanted "only cpi.lua and commands see the host table" && rule "$(
  lua_files -nE '\bhost\.[a-z_]+[.( ]' | grep -vE '^[^:]*:[0-9]+: *--' \
    | grep -vE '^lua/(cpi\.lua|setup/|daemons/|operator/|commands/|workshop/|sim\.lua|sim/)')"

# It starts programs and makes files: no verb, policy or daemon is to come near it.
wanted "only cpi stemcell sees the workshop" && rule "$(
  lua_files -nE '\bhost\.workshop\b|\brequire[ (]*["'"'"']workshop\.' | grep -vE '^[^:]*:[0-9]+: *--' \
    | grep -vE '^lua/(workshop/|commands/stemcell\.lua:)'
  grep -rn 'api_open_workshop' src | grep -vE '^src/(command\.c|api/(workshop\.c|api\.h)):')"

# What CloudStack's refusals mean is in one file. The daemons speak HTTP of their own.
product_lua() { lua_files "$@" | grep -vE '^[^:]*:[0-9]+: *--' | grep -vE '^lua/(sim|meta)(/|\.lua)'; }
wanted "codes of CloudStack's errors are in cloudstack/refusals.lua" && rule "$(
  product_lua -nE '(^|[^A-Za-z0-9_.])(401|43[12]|53[0-7])([^0-9]|$)' | grep -vE '^lua/(cloudstack/refusals|daemons/[a-z_]+)\.lua:' \
    | sed 's/ -- .*//' | grep -E '[^A-Za-z0-9_.:](401|43[12]|53[0-7])([^0-9:]|$)')"

wanted "texts of CloudStack's errors are in cloudstack/refusals.lua" && rule "$(
  product_lua -nE 'failure\.text:(find|match|lower|gmatch)|already on"|[~=]= *"(Destroyed|Expunging)"|[{ ]Expunging = true' \
    | grep -vE '^lua/(cloudstack/(refusals|vms|volumes)|policies/[a-z_]+|decisions/[a-z_]+)\.lua:')"

wanted "a failure and an error are wrapped, never changed" && rule "$(
  product_lua -nE '(^|[^a-z_.])(failure|raised|why|problem|result)\.[a-z_]+ *= *[^= ]|task\.failure\.[a-z_]+ *= *[^= ]|\.(message|ok_to_retry) = ' \
    | grep -vE '^lua/errors\.lua:')"

wanted "names of files say what is in them" && rule "$(
  find src lua spec tests -regextype posix-extended -regex '.*/(utils?|helpers?|common|manager|misc)\.(c|h|lua)')"

wanted "plain English where it is plain already" && rule "$(lua5.4 "$here/words.lua" .)"

wanted "no tabs, no trailing blanks" && rule "$(
  grep -rnE '[[:space:]]+$|	' src lua spec tests --include='*.c' --include='*.h' --include='*.lua' | head -n 20)"

wanted "every C file says its job first" && rule "$(
  for file in src/*.c src/*/*.c; do
    head -n 2 "$file" | grep -qE '^( \*|/\*) ?[A-Za-z]' || echo "$file"
  done)"

[ -z "$floors" ] && wanted "luacheck is content" && rule "$(
  luacheck --no-color --formatter plain lua spec tests config demo docs 2>&1 | grep -E '^[^ ]+:[0-9]+:|[Ee]rror')"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
