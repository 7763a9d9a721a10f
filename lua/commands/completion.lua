-- cpi completion bash|zsh|fish: a script that completes this program's command line, for the shell to source.

local usage = require "usage"

local function names()
  local list = {}
  for i, command in ipairs(usage.commands) do list[i] = command.name end
  return table.concat(list, " ")
end

local function cases(format)
  local lines = {}
  for i, command in ipairs(usage.commands) do
    lines[i] = format:format(command.name, table.concat(command.words or {}, " "))
  end
  return table.concat(lines)
end

local scripts = {}

function scripts.bash()
  return ([[
_cpi() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words="%s --config --help --version"
  case $before in
    --config) COMPREPLY=($(compgen -f -- "$word")); return ;;
%s  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _cpi cpi
]]):format(names(), cases "    %s) words=\"%s\" ;;\n")
end

function scripts.zsh()
  return ([[
#compdef cpi
_cpi() {
  case $words[CURRENT-1] in
    --config) _files; return ;;
%s  esac
  compadd -- %s --config --help --version
}
compdef _cpi cpi
]]):format(cases "    %s) compadd -- %s; return ;;\n", names())
end

function scripts.fish()
  return ([[
complete -c cpi -f
complete -c cpi -l config -r -F
complete -c cpi -l help -s h
complete -c cpi -l version
complete -c cpi -n __fish_use_subcommand -a "%s"
%s]]):format(names(), cases "complete -c cpi -n '__fish_seen_subcommand_from %s' -a '%s'\n")
end

return function(host, arguments)
  local script = #arguments == 1 and scripts[arguments[1]]
  if not script then
    host.console.error("usage: cpi completion bash|zsh|fish\n")
    return 2
  end
  host.console.write(script())
  return 0
end
