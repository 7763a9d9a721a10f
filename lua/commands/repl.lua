-- cpi repl: a Lua prompt with what verbs have: cpi, cloudstack (the client), and call(VERB, ...). Without --write the
-- host refuses to send what changes anything.

local command = require "operator.command"
local errors = require "errors"
local memory_store = require "base.memory_store"
local new_paper = require "operator.paper"
local throttle = require "setup.throttle"

local HELP = [[
cloudstack:rows { "listZones", {}, rows = "zone" }     all rows of a list
cloudstack:call("listCapabilities", {})                one answer
call("has_vm", "cpivm-...")                            a verb
cpi.settings, cpi.decide("names", { ... })             what verbs have
The end of input (Ctrl-D) leaves.]]

-- What can be named at the prompt: Lua's own, and these.
local function globals(host, paper)
  local request = { method = "repl", arguments = { n = 0 }, context = {}, api_version = 2 }
  local cpi = require("cpi").parts(host, request)
  local names = { cpi = cpi, json = host.json }
  function names.call(method, ...)
    return (require "cpi"(host, { method = method, arguments = table.pack(...), context = {}, api_version = 2 }))
  end
  function names.help() paper:text(HELP) end
  function names.print(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    paper:line("%s", table.concat(words, "\t"))
  end
  return setmetatable(names, { __index = function(_, name)
    if name == "cloudstack" then return cpi.cloudstack end
    return rawget(_G, name) or error(("undefined variable '%s'"):format(name), 2)
  end })
end

-- The host for a prompt that only reads: what the host refuses is the operator's doing and no bug, and no file is made.
local function reading(host)
  return setmetatable({ store = memory_store {}, throttle = throttle.none, cloudstack = setmetatable({ send = function(requests)
    local ok, replies = pcall(host.cloudstack.send, requests)
    return ok and replies or error(errors.cpi("%s; `cpi repl --write` allows more", tostring(replies):gsub("^.-:%d+: ", "")))
  end }, { __index = host.cloudstack }) }, { __index = host })
end

-- An expression, or else statements; nil and "more" where the text is not finished.
local function compiled(host, text, names)
  local f, of_expression = host.compile("return " .. text, "=prompt", names)
  if f then return f end
  local of_statement
  f, of_statement = host.compile(text, "=prompt", names)
  if f then return f end
  return nil, (of_expression:find "<eof>$" or of_statement:find "<eof>$") and "more" or of_statement
end

local function show(paper, results)
  for i = 1, results.n do
    local value = results[i]
    if type(value) == "table" and getmetatable(value) == nil then
      paper:line "="
      paper:fields(value, 2)
    else
      paper:line("= %s", tostring(value))
    end
  end
end

local function run(host, paper, f)
  local results = table.pack(pcall(f))
  if results[1] then
    show(paper, table.pack(table.unpack(results, 2, results.n)))
  else
    host.console.error(host.console.clean(host.log.mask(errors.words(results[2]))) .. "\n")
  end
end

return command.new("repl", function(host, words, options, refuse)
  if #words > 0 then refuse(("unknown argument '%s'"):format(words[1])) end
  command.settings(host)
  if not options.write then
    host.read_only()
    host = reading(host)
  end
  local paper, pending = new_paper(host), ""
  local names = globals(host, paper)
  if host.console.tty then
    paper:line("%s; help() says what there is", options.write and "Lua" or "Lua, reads only (--write allows more)")
  end
  while true do
    local line = host.console.read(pending == "" and "> " or ">> ")
    if not line then break end
    pending = pending == "" and line or pending .. "\n" .. line
    local f, why = compiled(host, pending, names)
    if f then
      run(host, paper, f)
    elseif why ~= "more" then
      host.console.error(host.console.clean(host.log.mask(why)) .. "\n")
    end
    if why ~= "more" then pending = "" end
  end
  if host.console.tty then host.console.write "\n" end
  return 0
end)
