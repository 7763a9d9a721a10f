-- cpi completion bash|zsh|fish: a script that completes this program's command line, for the shell to source.

local command = require "operator.command"
local usage = require "operator.usage"

-- Words that the code has: each verb, each decision, each command.
local sources = {}

function sources.verbs() return require("operator.permissions").verbs() end

function sources.decisions() return require "decisions" end

function sources.commands()
  local list = {}
  for i, one in ipairs(usage.commands) do list[i] = one.name end
  return list
end

local function joined(words, words_of)
  local list = table.move(words or {}, 1, #(words or {}), 1, {})
  for _, word in ipairs(words_of and sources[words_of]() or {}) do list[#list + 1] = word end
  return table.concat(list, " ")
end

local function names() return table.concat(sources.commands(), " ") end

-- Of all commands: options whose value is a file, and { option, its words } of the others.
local function valued_options()
  local files, others, seen = { "--config", "--cpi-config" }, { { "--cpi", "" } }, { ["--config"] = true }
  for _, one in ipairs(usage.commands) do
    for _, option in ipairs(one.options or {}) do
      local name, value = option[1]:match "^(%S+) (.+)$"
      if name and not seen[name] then
        seen[name] = true
        if value == "FILE" then
          files[#files + 1] = name
        else
          others[#others + 1] = { name, joined((one.values or {})[name:sub(3)]) }
        end
      end
    end
  end
  return files, others
end

local function options_of(one)
  local list = {}
  for i, option in ipairs(one.options or {}) do list[i] = option[1]:match "^%S+" end
  return table.concat(list, " ")
end

-- { command, its first argument or "", the words that may follow } of all commands.
local function places()
  local list = {}
  for _, one in ipairs(usage.commands) do
    list[#list + 1] = { one.name, "", joined(one.words, one.words_of) }
    for _, word in ipairs(one.words) do
      local of = (one.then_words_of or {})[word]
      if of then list[#list + 1] = { one.name, word, joined(nil, of) } end
    end
  end
  return list
end

-- A line per row, by a format.
local function lines(rows, format)
  local out = {}
  for i, row in ipairs(rows) do out[i] = format:format(table.unpack(row)) end
  return table.concat(out)
end

local function option_rows()
  local rows = {}
  for _, one in ipairs(usage.commands) do
    if one.options then rows[#rows + 1] = { one.name, options_of(one) } end
  end
  return rows
end

local scripts = {}

local BOTH = [=[
  local i command= first= offered=
  for ((i = %s; i < %s; i++)); do
    case ${%s[i]} in
      %s) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${%s[i]}; elif [[ -z $first ]]; then first=${%s[i]}; fi ;;
    esac
  done
  case "$command/$first" in
    /) offered="%s"; [[ $word == -* ]] && offered="--config --cpi-config --cpi --help --version" ;;
%s  esac
  [[ $word == -* ]] && case $command in
%s  esac
]=]

-- What bash and zsh do alike: where the words of the line are, and the first and the last index of those before.
local function body(words, first, last)
  local files, others = valued_options()
  for _, one in ipairs(others) do files[#files + 1] = one[1] end
  return BOTH:format(first, last, words, table.concat(files, "|"), words, words, names(),
    lines(places(), "    %s/%s) offered=\"%s\" ;;\n"), lines(option_rows(), "    %s) offered=\"%s\" ;;\n"))
end

function scripts.bash()
  local files, others = valued_options()
  return ([[
_cpi() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    %s) COMPREPLY=($(compgen -f -- "$word")); return ;;
%s  esac
%s  COMPREPLY=($(compgen -W "$offered" -- "$word"))
}
complete -o default -F _cpi cpi
]]):format(table.concat(files, "|"), lines(others, "    %s) COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return ;;\n"),
    body("COMP_WORDS", "1", "COMP_CWORD"))
end

-- In a directory of $fpath the file is the function's body when it is first called; sourced, it only defines it.
function scripts.zsh()
  local files, others = valued_options()
  return ([=[
#compdef cpi
_cpi() {
  local word=${words[CURRENT]}
  case ${words[CURRENT-1]} in
    %s) _files; return ;;
%s  esac
%s  if [[ -n $offered ]]; then compadd -- ${=offered}; else _files; fi
}
if [[ ${funcstack[1]} == _cpi ]]; then _cpi "$@"; else compdef _cpi cpi; fi
]=]):format(table.concat(files, "|"), lines(others, "    %s) compadd -- %s; return ;;\n"), body("words", "2", "CURRENT"))
end

local FISH = [=[
# The words before the cursor that are neither options nor their values: all, or the first two as COMMAND/WORD.
function __cpi_words
  set -l is_value no
  for word in (commandline -opc)[2..-1]
    if test $is_value = yes
      set is_value no
      continue
    end
    switch $word
      case %s
        set is_value yes
      case '-*'
      case '*'
        echo $word
    end
  end
end
function __cpi_after
  set -l words (__cpi_words)
  test (string join / -- "" $words[1..2]) = "/$argv[1]"; or test -z "$argv[1]$words"
end
function __cpi_of
  set -l words (__cpi_words)
  test "$words[1]" = "$argv[1]"
end
complete -c cpi -f
complete -c cpi -l config -r -F
complete -c cpi -l cpi-config -r -F
complete -c cpi -l cpi -x
complete -c cpi -n '__cpi_after ""' -s h -l help
complete -c cpi -n '__cpi_after ""' -l version
complete -c cpi -n '__cpi_after ""' -a '%s'
%s%s]=]

-- Rows of fish for the options of all commands.
local function fish_options()
  local out = {}
  for _, one in ipairs(usage.commands) do
    for _, option in ipairs(one.options or {}) do
      local name, value = option[1]:match "^%-%-(%S+) ?(.*)$"
      local takes = value == "FILE" and " -r -F" or value ~= "" and (" -x -a '%s'"):format(joined((one.values or {})[name])) or ""
      out[#out + 1] = ("complete -c cpi -n '__cpi_of %s' -l %s%s\n"):format(one.name, name, takes)
    end
  end
  return table.concat(out)
end

function scripts.fish()
  local files, others = valued_options()
  for _, one in ipairs(others) do files[#files + 1] = one[1] end
  local rows = {}
  for i, place in ipairs(places()) do rows[i] = { place[2] == "" and place[1] or place[1] .. "/" .. place[2], place[3] } end
  return FISH:format(table.concat(files, " "), names(), lines(rows, "complete -c cpi -n '__cpi_after %s' -a '%s'\n"), fish_options())
end

return command.new("completion", function(host, words, _, refuse)
  local script = #words == 1 and scripts[words[1]]
  if not script then refuse() end
  host.console.write(script())
  return 0
end)
