-- The example of a configuration (config/cpi.json.example): valid, complete, and every value the default but for placeholders.

local native = require "host_native"
local settings = require "setup.settings"

local PLACEHOLDERS = { ["cloudstack.endpoint"] = true, ["cloudstack.api_key"] = true, ["agent.mbus"] = true }

local function example()
  local file = assert(io.open "config/cpi.json.example")
  local text = file:read "a"
  file:close()
  local document, why = native.json.decode(text)
  return assert(document, why)
end

-- The value at a path, and whether the path is there at all (a null is).
local function at(document, path)
  for key in path:gmatch "[^.]+" do
    if type(document) ~= "table" or document[key] == nil then return nil, false end
    document = document[key]
  end
  return document, true
end

local function load(file, warn)
  return settings.load {
    file = file, context = {}, has_secret = true, null = native.json.null, warn = warn or function() end,
  }
end

describe("config/cpi.json.example", function()
  it("loads without a problem or a warning", function()
    local warnings = {}
    local loaded = load(example(), function(format, ...) warnings[#warnings + 1] = format:format(...) end)
    assert.same({}, warnings)
    assert.equal("https://your-domain/client/api", loaded.cloudstack.endpoint)
  end)

  it("names every property that there is, and the secret", function()
    local document = example()
    for path in pairs(settings.schema) do
      local _, is_there = at(document, path)
      assert.is_true(is_there, path .. " is missing")
    end
    assert.is_string(document.cloudstack.secret_access_key)
  end)

  it("shows the defaults", function()
    local document = example()
    for path, rule in pairs(settings.schema) do
      if not PLACEHOLDERS[path] then
        local value = at(document, path)
        if value == native.json.null then value = nil end
        assert.same(rule[2], value, path)
      end
    end
  end)
end)
