-- cpi completion: what each shell offers for a line, asked of the shell itself where the machine has it.

local operator = require "tests.support.operator"
local usage = require "operator.usage"

local function script_of(shell)
  local code, script = operator.run("completion", { shell })
  assert.equal(0, code)
  return script
end

local output_of = require("tests.support.shell").output_of

local function is_here(shell) return output_of("command -v " .. shell) ~= "" end

-- Lines, whose last word is the one to be completed, and what is offered; "FILES" is what the shell knows of files.
local cases = {
  ["cpi pol"] = "policy", ["cpi journal s"] = "show", ["cpi policy fa"] = "facts", ["cpi policy facts exp"] = "expunge",
  ["cpi --config x.json policy try ret"] = "retry", ["cpi --config x.json jou"] = "journal",
  ["cpi policy list --out"] = "--output", ["cpi policy list --output "] = "json", ["cpi doctor --output "] = "json",
  ["cpi call has_"] = "has_disk has_vm", ["cpi explain --re"] = "--request", ["cpi repl --w"] = "--write",
  ["cpi policy try x --facts Makef"] = "Makefile", ["cpi call --request Makef"] = "Makefile",
  ["cpi permissions r"] = "role", ["cpi permissions role attach"] = "attach_disk",
  ["cpi keypair create x --private-key Makef"] = "Makefile", ["cpi call create_vm"] = "create_vm",
  ["cpi permissions role has_vm attach"] = "attach_disk", ["cpi help jo"] = "journal", ["cpi keypair d"] = "delete",
  ["cpi completion "] = "bash fish zsh",
}
local lines = {}
for line in pairs(cases) do lines[#lines + 1] = line end
table.sort(lines)

-- Each asks a shell about all lines -> a list of what it offered.
local ask = {}

function ask.bash(script)
  local text = { script }
  for _, line in ipairs(lines) do
    local words = {}
    for word in (line .. " "):gmatch "(%S*) " do words[#words + 1] = ("'%s'"):format(word) end
    text[#text + 1] = ("COMP_WORDS=(%s) COMP_CWORD=%d COMPREPLY=()\n_cpi\necho \"${COMPREPLY[@]}\"\n"):format(
      table.concat(words, " "), #words - 1)
  end
  local path = operator.write(os.tmpname(), table.concat(text))
  local answer = output_of("bash " .. path)
  os.remove(path)
  return answer
end

-- Inside zle, as a person's TAB: special parameters are what they are there. A second zsh has the terminal; compadd
-- tells what matches. It is typed once the line editor is there: each line, ^T, ^U.
function ask.zsh(script)
  local place = operator.directory { _cpi = script, out = "" }
  operator.write(place .. "/inner", ([[
fpath=(%s $fpath); autoload -U compinit; compinit -D -u
compadd() {
  local given=(${argv[$((${argv[(i)--]} + 1)),-1]})
  offered_now+=(${(M)given:#$PREFIX*})
}
_files() { offered_now+=($PREFIX*(N)) }
probe() { offered_now=(); _cpi; print -r -- $offered_now >>%s/out }
zle -C probe complete-word probe; bindkey -e; bindkey '^T' probe
zle-line-init() { print REA''DY }
zle -N zle-line-init
]]):format(place, place))
  local typed = {}
  for _, line in ipairs(lines) do typed[#typed + 1] = line .. "\20\21" end
  operator.write(place .. "/typed", table.concat(typed) .. "exit\n")
  operator.write(place .. "/outer", ([[
zmodload zsh/zpty && zpty z 'TERM=dumb zsh -f -i' || exit 1
zpty -w z 'source %s/inner'
zpty -r z line '*READY*'
zpty -w -n z "$(<%s/typed)"$'\n'
while zpty -r z line; do :; done
]]):format(place, place))
  output_of(("zsh -f %s/outer 2>&1"):format(place))
  local file = assert(io.open(place .. "/out"))
  local answer = file:read "a"
  file:close()
  return answer
end

function ask.fish(script)
  local text = { script }
  for _, line in ipairs(lines) do
    text[#text + 1] = ("echo (complete -C '%s' | string replace -r '\\t.*' '')\n"):format(line)
  end
  local home = operator.directory { script = table.concat(text) }
  return output_of(("HOME=%s XDG_CONFIG_HOME=%s XDG_DATA_HOME=%s fish %s/script 2>&1"):format(home, home, home, home))
end

describe("completion", function()
  for _, shell in ipairs { "bash", "zsh", "fish" } do
    it("knows every command for " .. shell, function()
      local script = script_of(shell)
      for _, command in ipairs(usage.commands) do
        assert.truthy(script:find(command.name, 1, true), command.name)
        for _, word in ipairs(command.words) do assert.truthy(script:find(word, 1, true), word) end
      end
    end)

    local check = is_here(shell) and it or pending
    check("offers what fits, asked of a real " .. shell, function()
      local offered, wanted = {}, {}
      local answers = ask[shell](script_of(shell)):gmatch "([^\n]*)\n"
      for _, line in ipairs(lines) do
        local words = {}
        for word in (answers() or "NOTHING"):gmatch "%S+" do words[#words + 1] = word end
        table.sort(words)
        offered[line], wanted[line] = table.concat(words, " "), cases[line]
      end
      assert.same(wanted, offered)
    end)
  end

  it("refuses a shell that it does not know", function()
    assert.equal(2, (operator.run("completion", { "tcsh" })))
    assert.equal(2, (operator.run("completion", {})))
  end)
end)
