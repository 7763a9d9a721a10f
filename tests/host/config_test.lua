-- host.config: the file, and a secret that never enters the Lua state.

local check = require "check"
local harness = require "harness"

local config, json = harness.host.config, harness.host.json
local directory = harness.directory()
local file = directory .. "/cpi.json"

local function configure(text)
  harness.write(file, text)
  harness.config(file)
  return config.read()
end

-- Every string that can be reached in the state, from the registry down: tables, metatables, upvalues, user values.
-- The parts of the needle come from outside, so that the test itself does not plant it.
local function in_state(first, second)
  local needle_length = #first + #second
  local function is_needle(text)
    local at = text:find(first, 1, true)
    while at do
      if text:sub(at + #first, at + needle_length - 1) == second then return true end
      at = text:find(first, at + 1, true)
    end
    return false
  end
  local debug = harness.debug
  local seen, queue = {}, { debug.getregistry() }
  local function add(value)
    if type(value) == "string" then
      if is_needle(value) then error("found in the state: " .. value, 0) end
    elseif value ~= nil and type(value) ~= "number" and type(value) ~= "boolean" and not seen[value] then
      seen[value] = true
      queue[#queue + 1] = value
    end
  end
  local count = 0
  while #queue > 0 do
    local value = table.remove(queue)
    count = count + 1
    add(debug.getmetatable(value))
    if type(value) == "table" then
      for key, inner in next, value do
        add(key)
        add(inner)
      end
    elseif type(value) == "function" then
      for i = 1, 255 do
        local name, inner = debug.getupvalue(value, i)
        if not name then break end
        add(inner)
      end
    elseif type(value) == "userdata" then
      add((debug.getuservalue(value, 1)))
    end
  end
  check.that(count > 100, "the walk sees the state: " .. count)
  return false
end

-- ---------------------------------------------------------------------------------------------------------
-- the file

check.same({}, config.read(), "no file")
check.equal(nil, config.path)
check.equal(false, config.has_secret())

local read = configure [[{"cloudstack":{"endpoint":"http://x/","timeout":10},"ntp":[],"policies":{"directory":""}}]]
check.equal("http://x/", read.cloudstack.endpoint)
check.equal(10, read.cloudstack.timeout)
check.that(json.is_array(read.ntp), "arrays stay arrays")
check.equal(false, config.has_secret())

harness.config(directory .. "/absent.json")
check.holds("absent.json: No such file or directory", check.raises("configuration", config.read), "says which")
harness.config(directory)
check.raises("it is a directory, not a regular file", config.read)
for text, words in pairs {
  [""] = "expected a value at byte 1", ["{"] = "expected a key at byte 2", ["[]"] = "must be an object", ["5"] = "must be an object",
  ['{\n  "a": 1,\n}'] = "expected a key at byte 13 (line 3, column 1)",
  ["cloudstack:\n  endpoint: x\n"] = "is it YAML? The configuration is JSON", ["---\n{}"] = "is it YAML?",
  ["{} x"] = "at byte 4", ['{"a":01}'] = "malformed number at byte 6", ['{"a":"\255"}'] = "invalid UTF-8 at byte 7",
  ['{"cloudstack":{"secret_access_key":5}}'] = "'secret_access_key' must be a string",
  ['{"cloudstack":{"secret_access_key":{"a":"b"}}}'] = "'secret_access_key' must be a string",
  ['{"cloudstack":{"secret_access_key":"abcdefgh\\n"}}'] = "must be a key without blanks and line breaks, also at its end",
  ['{"secret_access_key":" abcdefgh"}'] = "must be a key without blanks",
} do
  check.holds(file, check.raises(words, configure, text), "names the file")
end

-- It is read once, for it may be a pipe; each table is one of its own.
configure('{"log":{"level":"info"}}').log.level = "changed"
harness.write(file, "{}")
check.same({ log = { level = "info" } }, config.read())

-- ---------------------------------------------------------------------------------------------------------
-- the file's secret

local FIRST, SECOND = "first-half-", "second-half"
local function secret_file(format)
  harness.shell(("printf '%s' %s%s >%s"):format(format, FIRST, SECOND, file))
  harness.config(file)
  return config.read()
end

local forms = {
  [[{"cloudstack":{"api_key":"k","secret_access_key":"%%s","z":1}}]],
  [[{"cloudstack":{"secret\\u005faccess_key":"%%s"}}]],
  [[{"cloud\\u0073tack":{"secret_access_key":"%%s"}}]],
  [[{"cloudstack":{"secret_access_key":"other-value","secret_access_key":"%%s"}}]],
  [[{"cloudstack":{"secret_access_key":"other-value"},"cloudstack":{"secret_access_key" : "%%s" } } ]],
  [[{"secret_access_key":"%%s"}]],
}
for _, form in ipairs(forms) do
  harness.config("")
  local settings = secret_file((form:gsub("%%%%", "%%")))
  check.equal(true, config.has_secret(), form)
  check.equal(nil, settings.cloudstack and settings.cloudstack.secret_access_key, form)
  check.equal(nil, settings.secret_access_key, form)
  collectgarbage()
  local ok, why = pcall(in_state, FIRST, SECOND)
  check.that(ok, form .. ": " .. tostring(why))
  check.equal("a <redacted> b", harness.host.log.mask("a " .. FIRST .. SECOND .. " b"), "and it is masked")
end
check.raises("found in the state", function() -- the walk itself finds what is there
  local planted = { FIRST .. SECOND }
  harness.planted = planted
  in_state(FIRST, SECOND)
end)
harness.planted = nil

-- Of duplicates the last wins, as for every key; and all of them are gone.
configure [[{"cloudstack":{"secret_access_key":"abcdefgh"},"cloudstack":{"a":1}}]]
check.equal(1, config.read().cloudstack.a)

-- An empty one is none.
harness.config(file)

-- ---------------------------------------------------------------------------------------------------------
-- a cpi of a cpi-config

local clouds = directory .. "/clouds.yml"
local function clouds_file(text, name)
  harness.write(clouds, text)
  harness.cpi_config(clouds, name)
  return config.context()
end

check.same({}, config.context(), "no cpi-config")
local TWO = "cpis:\n- name: east\n  properties:\n    endpoint: http://east/\n    cache_age: 5\n- name: west\n  properties:\n"
  .. "    cloudstack: {endpoint: 'http://west/'}\n"
check.same({ endpoint = "http://east/", cache_age = 5 }, clouds_file(TWO, "east"))
check.same({ cloudstack = { endpoint = "http://west/" } }, clouds_file(TWO, "west"))
check.same({ endpoint = "x" }, clouds_file '{"cpis":[{"name":"only","properties":{"endpoint":"x"}}]}')
harness.write(clouds, "{}")
check.same({ endpoint = "x" }, config.context(), "it is read once")
for text, words in pairs {
  [TWO] = "which cpi? --cpi NAME; there are: east, west", ["a: 1\n"] = "it has no list 'cpis'", ["cpis: []\n"] = "it has no list 'cpis'",
  ["cpis:\n- name: x\n"] = "its cpi has no properties", ["cpis: [\n"] = "line 2: ", ["cpis:\n- name: &a x\n"] = "line 2: anchors",
  ["cpis:\n- properties:\n    secret_access_key: 5\n"] = "must be a string",
  ["cpis:\n- properties:\n    secret_access_key: 'a b'\n"] = "must be a key without blanks",
  ["cpis:\n- properties:\n    endpoint: ((cloudstack_endpoint))\n"] = "it has variables",
  ["cpis:\n- properties:\n    api_key: \"\255\"\n"] = "invalid UTF-8",
} do
  check.holds("clouds.yml", check.raises(words, clouds_file, text), "names the file")
end
check.raises("it has no cpi 'wst'; there are: east, west", clouds_file, TWO, "wst")
harness.cpi_config(directory .. "/absent.yml")
check.raises("absent.yml: No such file or directory", config.context)
harness.config("")
harness.cpi_config("")
for _, form in ipairs { "cpis:\n- name: a\n  properties:\n    secret_access_key: %s\n",
  "cpis:\n- {name: a, properties: {cloudstack: {secret_access_key: \"%s\"}}}\n" } do
  harness.config("")
  harness.shell(("printf '%s' %s%s >%s"):format(form:gsub("\n", "\\n"), FIRST, SECOND, clouds))
  harness.cpi_config(clouds)
  local context = config.context()
  local _, from_request = config.has_secret()
  check.equal(true, from_request, form)
  check.equal(nil, (context.cloudstack or context).secret_access_key, form)
  collectgarbage()
  local ok, why = pcall(in_state, FIRST, SECOND)
  check.that(ok, form .. ": " .. tostring(why))
  check.equal("a <redacted> b", harness.host.log.mask("a " .. FIRST .. SECOND .. " b"), "and it is masked")
end
harness.cpi_config("")
harness.config(file)

-- ---------------------------------------------------------------------------------------------------------
-- the request's secret

local function takes(text, expected)
  local got, why = harness.take(text)
  check.equal(expected, got, tostring(why))
end

check.equal(false, select(2, config.has_secret()), "so far it was the file's")
check.holds("without blanks and line breaks", select(2, harness.take '{"context":{"secret_access_key":"abcdefgh\\r\\n"}}'))
takes('{"context":{"secret_access_key":"abcd","x":1}}', '{"context":{"secret_access_key":""    ,"x":1}}')
check.equal("<redacted>", harness.host.log.mask "abcd")
check.equal(true, select(2, config.has_secret()), "now it is the request's")
takes('{"context":{"cloudstack":{"secret_access_key":"efgh"}}}', '{"context":{"cloudstack":{"secret_access_key":""    }}}')
takes('{"context":{"secret_access_key":"flat","cloudstack":{"secret_access_key":"nested"}}}',
  '{"context":{"secret_access_key":""    ,"cloudstack":{"secret_access_key":""      }}}')
takes('{"arguments":[{"secret_access_key":"x"}]}', '{"arguments":[{"secret_access_key":"x"}]}')
takes('{"context":[]}', '{"context":[]}')
takes('{"context":null}', '{"context":null}')
takes("[]", "[]")
local _, why = harness.take '{"context":{"secret_access_key":7}}'
check.equal("'secret_access_key' must be a string", why)

harness.shell("rm -rf " .. directory)
