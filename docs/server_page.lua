-- What the daemons take, for the manual page of cpi-server and for shells that complete its command line: from the help that the
-- program itself gives.
--   lua5.4 docs/server_page.lua man|bash|zsh|fish PROGRAM

local form, program = arg[1], arg[2] or "build/cpi-server"

local function output_of(line)
  local pipe = assert(io.popen(line))
  local text = pipe:read "a"
  assert(pipe:close(), line .. " failed")
  return text
end

-- { name, usage, paragraphs, options = { { "--listen HOST:PORT", text } } } of each command, by its own help.
local function commands()
  local list = {}
  for name, what in output_of(program .. " --help"):gmatch "\n  (%l+) +([^\n]+)" do
    local text = output_of(("%s %s --help"):format(program, name))
    local one = { name = name, what = what, options = {} }
    one.usage, text = text:match "^usage: ([^\n]+)\n\n(.*)$"
    one.about = text:match "^(.-)\n\n":gsub("\n", " ")
    for option, words in text:gmatch "\n  (%-%-[^\n]-)  +([^\n]+)" do one.options[#one.options + 1] = { option, words } end
    -- what an option does may take several lines
    local at = 0
    for line in (text .. "\n"):gmatch "([^\n]*)\n" do
      if line:find "^  %-%-" then at = at + 1 end
      local more = line:match "^    +(%S.*)$"
      if more and one.options[at] then one.options[at][2] = one.options[at][2] .. " " .. more end
    end
    list[#list + 1] = one
  end
  return list
end

local function roff(value) return (value:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1")) end

local writers = {}

function writers.man(list)
  print(('.TH CPI\\-SERVER 1 "" "%s"'):format(output_of(program .. " --version"):match "[^\n]+"))
  print ".SH NAME\ncpi\\-server \\- the daemons of the BOSH CPI for Apache CloudStack\n.SH SYNOPSIS"
  for i, one in ipairs(list) do print((i > 1 and ".br\n" or "") .. ".B " .. roff(one.usage)) end
  print ".br\n.B cpi\\-server \\-\\-help | \\-\\-version\n.SH COMMANDS"
  for _, one in ipairs(list) do
    print((".TP\n.B %s\n%s\n.RS"):format(roff(one.name), roff(one.about)))
    for _, option in ipairs(one.options) do print((".TP\n.B %s\n%s"):format(roff(option[1]), roff(option[2]))) end
    print ".RE"
  end
  print(".SH EXAMPLES\n.TP\n.B cpi\\-server sim \\-\\-listen 127.0.0.1:8099\na simulated CloudStack; the first line of standard output has "
    .. "its endpoint and accounts")
  print ".TP\n.B cpi\\-server registry \\-\\-config cpi.json\nthe registry, on every IPv4 address and registry.port\n.SH SEE ALSO\ncpi(1)"
end

-- The names of a command's options, and of those of all that take a file or a directory.
local function names_of(one)
  local names = {}
  for i, option in ipairs(one.options) do names[i] = option[1]:match "^%S+" end
  return table.concat(names, " ")
end

local function files_of(list)
  local names, seen = {}, {}
  for _, one in ipairs(list) do
    for _, option in ipairs(one.options) do
      local name, value = option[1]:match "^(%S+) (%S+)"
      if (value == "FILE" or value == "DIR" or value == "PROGRAM") and not seen[name] then names[#names + 1], seen[name] = name, true end
    end
  end
  return names
end

local function all_names(list)
  local names = {}
  for i, one in ipairs(list) do names[i] = one.name end
  return table.concat(names, " ") .. " --help --version"
end

local function cases(list)
  local out = {}
  for i, one in ipairs(list) do out[i] = ("    %s) offered=\"%s\" ;;\n"):format(one.name, names_of(one)) end
  return table.concat(out)
end

function writers.bash(list)
  io.write(([=[
_cpi_server() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} offered=
  case $before in
    %s) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case ${COMP_WORDS[1]} in
%s  esac
  [[ $COMP_CWORD == 1 ]] && offered="%s"
  COMPREPLY=($(compgen -W "$offered" -- "$word"))
}
complete -o default -F _cpi_server cpi-server
]=]):format(table.concat(files_of(list), "|"), cases(list), all_names(list)))
end

function writers.zsh(list)
  io.write(([=[
#compdef cpi-server
_cpi_server() {
  local offered=
  case ${words[CURRENT-1]} in
    %s) _files; return ;;
  esac
  case ${words[2]} in
%s  esac
  (( CURRENT == 2 )) && offered="%s"
  compadd -- ${=offered}
}
if [[ ${funcstack[1]} == _cpi-server ]]; then _cpi_server "$@"; else compdef _cpi_server cpi-server; fi
]=]):format(table.concat(files_of(list), "|"), cases(list), all_names(list)))
end

function writers.fish(list)
  print(("complete -c cpi-server -f\ncomplete -c cpi-server -n __fish_use_subcommand -a '%s'"):format(all_names(list)))
  for _, one in ipairs(list) do
    for _, option in ipairs(one.options) do
      local name, value = option[1]:match "^%-%-(%S+) ?(%S*)"
      print(("complete -c cpi-server -n '__fish_seen_subcommand_from %s' -l %s%s"):format(one.name, name, value ~= "" and " -r -F" or ""))
    end
  end
end

local write = writers[form or ""]
if not write then
  io.stderr:write "usage: lua5.4 docs/server_page.lua man|bash|zsh|fish PROGRAM\n"
  os.exit(2)
end
write(commands())
