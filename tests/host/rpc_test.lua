-- One request, one envelope: whatever comes in and whatever the scripts do, build/cpi writes exactly one valid line.

local check = require "check"
local harness = require "harness"

local json = harness.host.json
local directory = harness.directory()
harness.shell(("mkdir -p %s/bin %s/lua && cp %s/cpi %s/bin/"):format(directory, directory, harness.build, directory))

local function scripts(body) harness.write(directory .. "/lua/cpi.lua", body) end

-- Runs the CPI with the text on stdin; "$CPI" in the line is the program. -> out, err, code
local function run(text, line)
  harness.write(directory .. "/in", text)
  local code = harness.shell(("CPI=%s/bin/cpi; cd %s; { %s; } <in >out 2>err"):format(directory, directory, line or '"$CPI"'))
  return harness.read(directory .. "/out"), harness.read(directory .. "/err"), code
end

-- The envelope that comes out, which has to be one.
local function envelope(text, line)
  local out, err, code = run(text, line)
  check.equal(0, code, "exit code; " .. err:sub(1, 500))
  check.that(out:sub(-1) == "\n" and select(2, out:gsub("\n", "")) == 1, "one line: " .. out:sub(1, 200))
  local answer, why = json.decode(out)
  if not check.that(answer, tostring(why)) then return {}, err, out end
  local keys = {}
  for key in pairs(answer) do keys[#keys + 1] = key end
  table.sort(keys)
  check.equal("error log result", table.concat(keys, " "))
  check.equal("", answer.log)
  return answer, err, out
end

local function failure(text, words, line)
  local answer, err = envelope(text, line)
  local problem = type(answer.error) == "table" and answer.error or {}
  check.equal(json.null, answer.result, "no result")
  check.equal("Bosh::Clouds::CpiError", problem.type)
  check.equal(false, problem.ok_to_retry)
  check.holds(words, problem.message, text:sub(1, 60))
  return err, problem
end

local GOOD = '{"method":"x","arguments":[],"context":{"director_uuid":"d"}}'

-- ---------------------------------------------------------------------------------------------------------
-- what the scripts get

scripts [[return function(host, request)
  local list = {}
  for i = 1, request.arguments.n do list[i] = request.arguments[i] == nil and "hole" or request.arguments[i] end
  local fields = {}
  for key in pairs(request) do fields[#fields + 1] = key end
  table.sort(fields)
  return { n = request.arguments.n, list = host.json.array(list), context = request.context, method = request.method,
    api_version = request.api_version or "none", fields = table.concat(fields, " ") }
end]]

local answer = envelope '{"method":"m","arguments":[null,{"a":[]},null],"context":{"x":{"y":null}},"api_version":2,"more":1}'
check.equal(3, answer.result.n)
check.same(json.array { "hole", { a = json.array {} }, "hole" }, answer.result.list)
check.same({ x = { y = json.null } }, answer.result.context)
check.equal("m", answer.result.method)
check.equal(2, answer.result.api_version)
check.equal("api_version arguments context method", answer.result.fields)
check.equal(3, envelope('{"method":"m","arguments":[],"api_version":3.0}').result.api_version, "an integer however written")
check.equal("none", envelope('{"method":"m","arguments":[],"api_version":null}').result.api_version)
check.same({}, envelope('{"method":"m","arguments":[]}').result.context, "no context")
answer = envelope '{"method":"m","arguments":[],"context":{"secret_access_key":"abc","cloudstack":{"secret_access_key":"d","x":1}}}'
check.same({ cloudstack = { x = 1 } }, answer.result.context)
scripts "return function() end"
check.equal('{"error":null,"log":"","result":null}\n', select(3, envelope(GOOD)), "nil is null")

-- ---------------------------------------------------------------------------------------------------------
-- malformed requests

local malformed = {
  [""] = "deserialized, details: expected a value at byte 1, the end of the text",
  [" "] = "deserialized", hello = "deserialized",
  ['{"method":"x"'] = "deserialized", [GOOD .. "x"] = "after the value", [GOOD .. GOOD] = "after the value",
  ["\239\187\191" .. GOOD] = "at byte 1", ["[]"] = "Request must be an Object, got: Array", ['"x"'] = "got: String",
  ["5"] = "got: Number", ["null"] = "got: Null", ["true"] = "got: Boolean",
  ['{"arguments":[]}'] = "'method' must be a String, got: nothing",
  ['{"method":5,"arguments":[]}'] = "'method' must be a String, got: Number",
  ['{"method":null,"arguments":[]}'] = "got: Null", ['{"method":["x"],"arguments":[]}'] = "got: Array",
  ['{"method":"x"}'] = "'arguments' must be an Array, got: nothing", ['{"method":"x","arguments":{}}'] = "got: Object",
  ['{"method":"x","arguments":null}'] = "'arguments' must be an Array, got: Null", ['{"method":"x","arguments":"y"}'] = "got: String",
  ['{"method":"x","arguments":[],"context":[]}'] = "'context' must be an Object, got: Array",
  ['{"method":"x","arguments":[],"context":null}'] = "'context' must be an Object, got: Null",
  ['{"method":"x","arguments":[],"context":"c"}'] = "'context' must be an Object, got: String",
  ['{"method":"x","arguments":[],"api_version":"2"}'] = "'api_version' must be an Integer, got: String",
  ['{"method":"x","arguments":[],"api_version":2.5}'] = "'api_version' must be an Integer, got: Number",
  ['{"method":"x","arguments":[],"api_version":{}}'] = "'api_version' must be an Integer, got: Object",
  ['{"method":"x","arguments":["\255"]}'] = "invalid UTF-8 at byte 29", ['{"method":"x","arguments":[01]}'] = "malformed number",
  ['{"method":"x","arguments":["a\0b"]}'] = "raw control character", [("\0"):rep(100)] = "at byte 1",
  [("["):rep(1000000)] = "nested too deeply", [('{"a":'):rep(100000)] = "nested too deeply",
  ['{"method":"x","arguments":[],"context":{"secret_access_key":5}}'] = "'context': 'secret_access_key' must be a string",
}
for text, words in pairs(malformed) do
  local err = failure(text, words)
  check.that(not err:find "traceback", "a caller's mistake has no traceback")
end
failure('{"method":"x","arguments":["' .. ("x"):rep(64 * 1024 * 1024) .. '"]}', "larger than 4194304 bytes")
check.equal("4194000", (function()
  scripts "return function(_, request) return tostring(#request.arguments[1]) end"
  return envelope('{"method":"x","arguments":["' .. ("x"):rep(4194000) .. '"]}').result
end)(), "4 MB are served")

-- ---------------------------------------------------------------------------------------------------------
-- scripts that fail

local function fails_with(body, words)
  scripts("return function(host, request) " .. body .. " end")
  return failure(GOOD, words)
end

check.holds("traceback", fails_with("local x return x.y", "cpi.lua:1: attempt to index a nil value (local 'x')"))
check.holds("traceback", fails_with("error('my words')", "cpi.lua:1: my words"))
fails_with("error({})", "(the error is a table)")
fails_with("error(nil)", "(the error is a nil)")
fails_with("error(function() end)", "(the error is a function)")
fails_with("error(true)", "(the error is a boolean)")
fails_with("error(5)", "5")
fails_with("error(setmetatable({}, { __tostring = function() return 'as text' end }))", "as text")
fails_with("error(setmetatable({}, { __tostring = function() error 'again' end }))", "again")
fails_with("error(setmetatable({}, { __tostring = function() return {} end }))", "must return a string")
fails_with("error({ type = 5, message = 'x' })", "(the error is a table)")
fails_with("return function() end", "cannot encode a function")
fails_with("return { a = 0 / 0 }", "not finite at result.a")
fails_with("return '\\255'", "not UTF-8")
fails_with("local t = {} t.t = t return t", "nested too deeply")
fails_with("local function f() return 1 + f() end return f()", "stack overflow")
fails_with("error('bad \\255 bytes')", "bad ? bytes")
fails_with("return coroutine.yield()", "outside a coroutine")
fails_with("error(('x'):rep(1e6))", "xxx...")
fails_with("host.log.secret('hunter2') error('the hunter2 is')", "the <redacted> is")
check.that(not fails_with("host.log.secret('hunter2') error('hunter2')", "<redacted>"):find "hunter2", "nor in the traceback")
fails_with("error('https://me:pw@host/?signature=abc&x')", "https://<redacted>@host/?signature=<redacted>&x")
fails_with("error('x', 0)", "x")

local function typed(body)
  scripts("return function(host, request) " .. body .. " end")
  local answered, err = envelope(GOOD)
  check.that(not err:find "traceback", "what is raised on purpose has no traceback")
  return answered.error
end
check.same({ type = "Bosh::Clouds::VMNotFound", message = "VM x", ok_to_retry = false },
  typed "error({ type = 'Bosh::Clouds::VMNotFound', message = 'VM x' })")
check.same({ type = "Bosh::Clouds::VMCreationFailed", message = "no room", ok_to_retry = true },
  typed "error({ type = 'Bosh::Clouds::VMCreationFailed', message = 'no room', ok_to_retry = true })")
check.same({ type = "T", message = "(the error is a nil)", ok_to_retry = false }, typed "error({ type = 'T' })")
check.same({ type = "T", message = "7", ok_to_retry = true }, typed "error({ type = 'T', message = 7, ok_to_retry = 'yes' })")

scripts "return function("
failure(GOOD, "cpi.lua:1")
scripts "return 5"
failure(GOOD, "attempt to call a number")
scripts "error('while loading')"
failure(GOOD, "while loading")
scripts "return function() return require 'absent' end"
failure(GOOD, "module 'absent' not found")

-- ---------------------------------------------------------------------------------------------------------
-- after the answer

scripts [[return function(host) return 1, function() host.log.info("afterwards") end end]]
local answered, err = envelope(GOOD)
check.equal(1, answered.result)
check.holds("afterwards", err)
scripts [[return function() return 1, function() error("too late") end end]]
answered, err = envelope(GOOD)
check.equal(1, answered.result, "a failure afterwards changes nothing")
check.holds("too late", err)
scripts [[return function() return 1, "no function" end]]
check.equal(1, envelope(GOOD).result)

-- ---------------------------------------------------------------------------------------------------------
-- stdout, memory, options

scripts [[return function(host) host.console.write("not the answer\n") return host.console.tty end]]
answered, err = envelope(GOOD)
check.equal(false, answered.result)
check.holds("not the answer", err, "what else is written goes to stderr")

scripts "return function() return 'fine' end"
local _, told, code = run(GOOD, '"$CPI" >&-')
check.equal(1, code, "a closed stdout")
check.holds("could not be written", told)
_, _, code = run(GOOD, '"$CPI" >/dev/full')
check.equal(1, code, "a full one")
check.equal("fine", envelope(GOOD, '"$CPI" 2>&-').result, "a closed stderr")
check.equal("fine", envelope(GOOD, 'CPI_CONFIG=/nonexistent "$CPI"').result, "no configuration is needed")

if not harness.instrumented then -- their shadow memory does not fit
  scripts [[return function() local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end]]
  failure(GOOD, "not enough memory", '(ulimit -v 60000; "$CPI")')
  scripts "return function(_, request) return request.arguments end"
  failure('{"method":"x","arguments":["' .. ("x"):rep(4194000) .. '"]}', "not enough memory", '(ulimit -v 14000; "$CPI")')
  failure('{"method":"x","arguments":[' .. ("[],"):rep(1000000) .. '1]}', "not enough memory", '(ulimit -v 60000; "$CPI")')
  -- Wherever the memory ends: an envelope, or no process at all.
  for kilobytes = 3000, 9000, 50 do
    local out, _, exit = run(GOOD, ('(ulimit -v %d; "$CPI")'):format(kilobytes))
    check.that(exit == 127 or exit >= 126 or (exit == 0 and json.decode(out)), ("%d KB: exit %d, %s"):format(kilobytes, exit, out))
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

harness.shell(("mkdir -p %s/lua/commands"):format(directory))
harness.write(directory .. "/lua/commands/try.lua", [[return function(host, words)
  host.console.write(#words .. ":" .. table.concat(words, ",") .. "\n")
  host.console.error("to stderr\n")
  if words[1] == "typed" then error({ type = "T", message = "in my words apikey=abc" }) end
  if words[1] == "bug" then error("a bug") end
  return tonumber(words[1])
end]])
local function command(line)
  local out, errors, exit = run("", '"$CPI" ' .. line)
  return exit, out, errors
end
local exit, out, errors = command "try 7 'a b' --config"
check.equal(7, exit)
check.equal("3:7,a b,--config\n", out)
check.equal("to stderr\n", errors)
check.equal(0, (command "try"))
exit, _, errors = command "try typed"
check.equal(1, exit)
check.holds("cpi: in my words apikey=<redacted>\n", errors)
exit, _, errors = command "try bug"
check.equal(1, exit)
check.holds("traceback", errors)

-- The workshop: commands alone have it (state_test.lua holds that the host table has not), and check what they give it.
harness.write(directory .. "/lua/commands/work.lua", [[return function(host, words)
  local w, at = host.workshop, words[1]
  local function say(...) host.console.write(table.concat({ ... }, " ") .. "\n") end
  local function refused(f, ...)
    local ok, why = pcall(f, ...)
    say(ok and "taken" or why:match "%(.*%)")
  end
  local program <close> = w.start({ "sh", "-c", "cat text; echo e >&2; exit 3" }, { directory = at })
  local ended
  repeat ended = program:wait(1) until ended
  say(ended.code, ended.output .. ended.errors)
  local sleeper = w.start { "sleep", "1000" }
  say(tostring(sleeper:wait(0)), #sleeper:output())
  sleeper:stop()
  say("signal", sleeper:wait(0).signal)
  say(table.unpack({ w.start { "no-such-program" } }, 2))
  for _, bad in ipairs { {}, { 1 }, { "a", {} }, { "a\0b" }, setmetatable({}, { __len = function() return 1 end }) } do
    refused(w.start, bad)
  end
  refused(w.start, { "true" }, { output = 7 })
  refused(program.wait, w)
  refused(w.unpack, "a", "b")
  local work = w.make_directory(at .. "/result")
  local unpacking, size = w.unpack(at .. "/t.tgz", "text", work .. "/out")
  local done, bytes
  repeat done, bytes = unpacking:run(1) until done
  say("unpacked", bytes, "of", size, w.members(at .. "/t.tgz")[1].name)
  unpacking:stop()
  say(tostring(w.hand_over(work .. "/out", at .. "/result")), tostring(w.is_there(at .. "/result")), tostring(w.is_there(at .. "/none")))
  say(tostring(w.remove_directory(work)), tostring(w.room(at) > 0), tostring(w.find "sh" ~= nil), tostring(w.find "none"))
end]])
harness.shell(("cd %s && echo inside >text && tar czf t.tgz text"):format(directory))
exit, out, errors = command("work " .. directory)
check.equal(0, exit, errors)
check.equal([[
3 inside
e

nil 0
signal 9
no-such-program: there is no such program
(a program and its arguments are expected)
(the words are strings)
(the words are strings)
(a word has a NUL in it)
(a program and its arguments are expected)
(an option is a string)
(host.workshop.program expected, got table)
(string expected, got no value)
unpacked 7 of 7 text
true true false
true true true nil
]], out)

harness.write(directory .. "/lua/commands/help.lua", [[return function(host, words)
  if words[1] then error { type = "T", message = "no " .. words[1], exit_code = 2 } end
  host.console.write("help " .. #words)
end]])
for _, line in ipairs { "--wrong", "--config" } do check.equal(2, (command(line)), line) end
for _, word in ipairs { "absent", "../cpi", "try/x", "" } do
  exit, _, errors = command(("'%s' more --options"):format(word))
  check.equal(2, exit, word)
  check.equal("cpi: no " .. word .. "\n", errors, "help refuses what is no command")
end
exit, out = command "--help"
check.equal("0 help 0", exit .. " " .. out, "the text is a command")
exit, out = command "--version"
check.that(exit == 0 and out:find "^cloudstack_cpi %d+%.%d+%.%d+\n$", out)

harness.shell("rm -rf " .. directory)
