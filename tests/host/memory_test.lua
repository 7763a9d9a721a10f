-- Memory that runs out while a request begins: whichever allocation fails, for once or from there on, in our code or in
-- a library that ends the process then, one valid line comes out and the exit code is 0.

local check = require "check"
local harness = require "harness"

local json = harness.host.json
local directory = harness.directory()
local ALLOCATOR = "build/spec/failing_malloc.so"

-- Where allocations can be made to fail: with the C library's own allocator, and not a sanitizer's or valgrind's.
local can_fail = not harness.instrumented and harness.read(ALLOCATOR)

-- Starts the CPI with the request once for each allocation up to `last`. -> what each one wrote and its exit code, by number
local function starts(request, variables, last)
  harness.write(directory .. "/in", request)
  harness.write(directory .. "/all.sh", ([[i=1; while [ $i -le %d ]; do
    FAIL_AT=$i %s LD_PRELOAD=%s %s/cpi <%s/in 2>%s/err; echo "#$i $?"; i=$((i + 1)); done >%s/out]]):format(last, variables,
    ALLOCATOR, harness.build, directory, directory, directory))
  check.equal(0, harness.shell("sh " .. directory .. "/all.sh"))
  local list = {}
  for text, number, code in harness.read(directory .. "/out"):gmatch "(.-)#(%d+) (%d+)\n" do
    list[tonumber(number)] = { text = text, code = tonumber(code) }
  end
  return list
end

-- How many allocations there are when none fails.
local function count(request)
  harness.write(directory .. "/in", request)
  check.equal(0, harness.shell(("COUNT_TO=%s/count LD_PRELOAD=%s %s/cpi <%s/in >%s/out 2>%s/err"):format(directory, ALLOCATOR,
    harness.build, directory, directory, directory)))
  return tonumber(harness.read(directory .. "/count"))
end

local function is_envelope(text)
  local answer = text:sub(-1) == "\n" and json.decode(text)
  if type(answer) ~= "table" or answer.log ~= "" then return false end
  return (answer.result ~= json.null) ~= (answer.error ~= json.null)
end

local function whichever_fails(request, variables)
  local last = count(request)
  check.that(last > 100, "allocations are counted: " .. tostring(last))
  local list = starts(request, variables or "", last)
  check.equal(last, #list, "every start ended")
  local failures = 0
  for number, start in ipairs(list) do
    if start.code ~= 0 or not is_envelope(start.text) then
      check.that(false, ("allocation %d of %d: exit code %d, wrote %q"):format(number, last, start.code, start.text))
    end
    if start.text:find('"error":{', 1, true) then failures = failures + 1 end
  end
  check.that(failures > 20, ("%d of %d allocations mattered: Lua collects its garbage and tries again"):format(failures, last))
end

if can_fail then
  local info = '{"method":"info","arguments":[],"context":{"director_uuid":"d"}}'
  whichever_fails(info, "")
  whichever_fails(info, "FAIL_ON=1")
  whichever_fails('{"method":"info"', "") -- a refusal
end

-- An error where nothing catches it, which is only memory that has run out: words and an exit code, not SIGABRT.
local code, words = harness.unprotected()
check.equal(1, code)
check.holds("not caught", words)
