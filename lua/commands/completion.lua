-- cpi completion bash|zsh|fish: a script that completes this program's command line, for the shell to source.

local command = require "operator.command"
local usage = require "usage"

-- Words that the code has: each verb, each decision, each command.
local sources = {}

function sources.verbs() return require("permissions").verbs() end

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
  local files, others, seen = { "--config" }, {}, { ["--config"] = true }
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
  local i command= first= words=
  for ((i = %s; i < %s; i++)); do
    case ${%s[i]} in
      %s) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${%s[i]}; elif [[ -z $first ]]; then first=${%s[i]}; fi ;;
    esac
  done
  case "$command/$first" in
    /) words="%s"; [[ $word == -* ]] && words="--config --help --version" ;;
%s  esac
  [[ $word == -* ]] && case $command in
%s  esac
]=]

-- What bash and zsh do alike: where the words of the line are, and the first and the last index of those before.
local function body(words, first, last)
  local files, others = valued_options()
  for _, one in ipairs(others) do files[#files + 1] = one[1] end
  return BOTH:format(first, last, words, table.concat(files, "|"), words, words, names(),
    lines(places(), "    %s/%s) words=\"%s\" ;;\n"), lines(option_rows(), "    %s) words=\"%s\" ;;\n"))
end

function scripts.bash()
  local files, others = valued_options()
  return ([[
_cpi() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    %s) COMPREPLY=($(compgen -f -- "$word")); return ;;
%s  esac
%s  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _cpi cpi
]]):format(table.concat(files, "|"), lines(others, "    %s) COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return ;;\n"),
    body("COMP_WORDS", "1", "COMP_CWORD"))
end

function scripts.zsh()
  local files, others = valued_options()
  return ([=[
#compdef cpi
_cpi() {
  case $words[CURRENT-1] in
    %s) _files; return ;;
%s  esac
  local line=($words) at=$CURRENT word=${words[CURRENT]}
  local words
%s  if [[ -n $words ]]; then compadd -- ${=words}; else _files; fi
}
compdef _cpi cpi
]=]):format(table.concat(files, "|"), lines(others, "    %s) compadd -- %s; return ;;\n"), body("line", "2", "at"))
end

function scripts.fish()
  local files, others = valued_options()
  local out = { "complete -c cpi -f\ncomplete -c cpi -l help -s h\ncomplete -c cpi -l version\n",
    ("complete -c cpi -n __fish_use_subcommand -a '%s'\n"):format(names()) }
  for _, option in ipairs(files) do out[#out + 1] = ("complete -c cpi -l %s -r -F\n"):format(option:sub(3)) end
  for _, option in ipairs(others) do
    out[#out + 1] = ("complete -c cpi -l %s -x -a '%s'\n"):format(option[1]:sub(3), option[2])
  end
  for _, place in ipairs(places()) do
    local seen = place[2] == "" and place[1] or ("%s; and __fish_seen_subcommand_from %s"):format(place[1], place[2])
    out[#out + 1] = ("complete -c cpi -n '__fish_seen_subcommand_from %s' -a '%s'\n"):format(seen, place[3])
  end
  for _, one in ipairs(usage.commands) do
    for _, option in ipairs(one.options or {}) do
      local name = option[1]:match "^%-%-(%S+)$"
      if name then
        out[#out + 1] = ("complete -c cpi -n '__fish_seen_subcommand_from %s' -l %s\n"):format(one.name, name)
      end
    end
  end
  return table.concat(out)
end

return command.new("completion", function(host, words, _, refuse)
  local script = #words == 1 and scripts[words[1]]
  if not script then refuse() end
  host.console.write(script())
  return 0
end)
