-- 10,000 requests that nobody should send: each gets exactly one valid line, exit code 0, and no sanitizer's
-- report. Mutations of good requests, from a seed, so that a failure can be had again.
--   lua5.4 tests/fuzz/requests.lua [COUNT [SEED]]
-- CPI_BUILD names the build to use (build by default).

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local create_env = require "create_env"
local json = require("host_native").json

local COUNT, SEED = tonumber(arg[1]) or 10000, tonumber(arg[2]) or 20260101
local BUILD = os.getenv "CPI_BUILD" or "build"
math.randomseed(SEED)

-- ---------------------------------------------------------------------------------------------------------
-- requests

local known = { image = "/nonexistent", stemcell = "cpitemplate-1", vm = "cpivm-1", disk = "cpi-disk-1", agent = "a" }
local seeds = {}
for _, call in pairs(create_env.calls) do seeds[#seeds + 1] = call(known) end
table.sort(seeds)

local oddities = { "", "null", "[]", "{}", "true", "-0", "1e999", "01", '"\\ud800"', '"\255\254"', "\0", "[[[[", "}}}",
  '{"method":', '"\\u0000"', "\239\187\191", "99999999999999999999", '{"a":1,"a":2}', "'x'", "// x", "NaN", " \t\n" }

local function pick(list) return list[math.random(#list)] end

-- Ways to spoil a request; each takes the text and answers another.
local spoil = {
  function(text) return text:sub(1, math.random(0, #text)) end,
  function(text)
    local at = math.random(#text)
    return text:sub(1, at - 1) .. string.char(math.random(0, 255)) .. text:sub(at + 1)
  end,
  function(text)
    local at = math.random(#text)
    return text:sub(1, at) .. pick(oddities) .. text:sub(at + 1)
  end,
  function(text)
    local at, n = math.random(#text), math.random(1, 20)
    return text:sub(1, at - 1) .. text:sub(at + n)
  end,
  function(text) return text .. pick(oddities) end,
  function() return pick(oddities) end,
  function(text) return (text:gsub('"arguments":%[.*%],"context"', '"arguments":' .. pick(oddities) .. ',"context"')) end,
  function(text) return (text:gsub('"method":"[^"]*"', '"method":' .. pick(oddities))) end,
  function(text) return (text:gsub('"method":"[^"]*"', '"method":"../' .. pick { "cpi", "errors", "x" } .. '"')) end,
  function(text) return (text:gsub('"context":{', '"context":' .. pick(oddities) .. ',"x":{')) end,
  function(text) return (text:gsub('"api_version":%d', '"api_version":' .. pick(oddities))) end,
  function(text) return ("["):rep(math.random(1, 2000)) .. text end,
  function(text) return (text:gsub('"[^"]*"', function(word) return math.random(10) == 1 and pick(oddities) or word end)) end,
}

local function mutant()
  local text = pick(seeds)
  for _ = 1, math.random(3) do
    if text ~= "" then text = pick(spoil)(text) end
  end
  return text
end

-- ---------------------------------------------------------------------------------------------------------
-- running

local write = require("tests.support.text_file").write

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

-- What is wrong with the answer, or nil.
local function judge(out, err, status)
  if status ~= "0" then return "exit code " .. tostring(status) end
  if select(2, out:gsub("\n", "")) ~= 1 or out:sub(-1) ~= "\n" then return "not exactly one line" end
  local answer, why = json.decode(out)
  if not answer then return "no JSON: " .. tostring(why) end
  local failure = answer.error
  if type(answer.log) ~= "string" or answer.result == nil or failure == nil then return "a key is missing" end
  if failure ~= json.null and (type(failure.type) ~= "string" or type(failure.message) ~= "string"
      or type(failure.ok_to_retry) ~= "boolean") then
    return "a malformed error"
  end
  if err:find "Sanitizer" or err:find "runtime error:" then return "a sanitizer's report: " .. err:sub(1, 500) end
end

local directory = io.popen("mktemp -d"):read "l"
-- No CloudStack is there: what gets past the checks finds a closed port, at once.
write(directory .. "/policies.lua", "")
os.execute(("mkdir %s/policies %s/case"):format(directory, directory))
write(directory .. "/policies/retry.lua", "return { api = 1, decide = function() end }")
write(directory .. "/cpi.json", json.encode {
  cloudstack = { endpoint = "http://127.0.0.1:1/client/api", api_key = "k", secret_access_key = "s", default_zone = "z" },
  agent = { mbus = "https://m:p@127.0.0.1:1" }, policies = { directory = directory .. "/policies" },
})
for n = 1, COUNT do write(("%s/case/%05d"):format(directory, n), mutant()) end
write(directory .. "/run", ('%s/cpi --config %s/cpi.json <"$1" >"$1.out" 2>"$1.err"; echo $? >"$1.exit"\n'):format(BUILD, directory))
os.execute(("find %s/case -type f | xargs -P 2 -n 1 sh %s/run"):format(directory, directory))

local failed = 0
for n = 1, COUNT do
  local path = ("%s/case/%05d"):format(directory, n)
  local why = judge(read(path .. ".out") or "", read(path .. ".err") or "", (read(path .. ".exit") or ""):match "%d+")
  if why then
    failed = failed + 1
    if failed <= 10 then print(("request %d of seed %d: %s\n  %q"):format(n, SEED, why, read(path):sub(1, 300))) end
  end
end
os.execute("rm -rf " .. directory)
print(("%d passed, %d failed"):format(COUNT - failed, failed))
os.exit(failed == 0 and 0 or 1)
