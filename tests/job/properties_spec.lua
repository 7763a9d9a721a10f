-- Every property of the job: declared as lua/setup/settings.lua has it, rendered, refused where it is wrong.

local job = require "job"
local native = require "host_native"
local settings = require "setup.settings"

local SECRET = "cloudstack.secret_access_key"
local null = native.json.null

-- Properties that are the job's alone, and the test that each has below.
local of_the_job = { ["cloudstack.policies"] = true, ["registry.enabled"] = true, ["templates.enabled"] = true }

-- A value that each kind refuses.
local wrong = { text = 5, url = "cloud.example.com", boolean = "false", seconds = 0, amount = -1, count = 1.5, port = 70000, list = "x",
  object = "x", level = "loud", log_format = "xml",
  ranges = "x" }

local spec = job.spec()

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- The least that renders, with one property more.
local function least(name, value)
  local properties = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "k", secret_access_key = "s" } }
  return name and job.put(properties, name, value) or properties
end

local function load(configuration)
  local warnings = {}
  local loaded = settings.load {
    file = configuration, context = {}, has_secret = true, null = null,
    warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end,
  }
  return loaded, warnings
end

-- One rendering for each property and purpose, in one go.
local rendered = {}
do
  local orders, keys = {}, {}
  local function order(key, properties)
    orders[#orders + 1], keys[#keys + 1] = { properties = properties }, key
  end
  order("least", least())
  for name, rule in pairs(settings.schema) do
    order(name, least(name, spec.properties[name] and spec.properties[name].example))
    order(name .. " wrong", least(name, wrong[rule[1]]))
  end
  for name in pairs(settings.legacy) do order(name, least(name, spec.properties[name] and spec.properties[name].example)) end
  for i, answer in ipairs(job.render(orders)) do rendered[keys[i]] = answer end
end

local function configuration_of(key)
  local answer = rendered[key]
  assert.is_nil(answer.errors["config/cpi.json"])
  return assert(native.json.decode(answer.files["config/cpi.json"]))
end

describe("the job's spec", function()
  it("has every property of the CPI, and no other than those of the job", function()
    local wanted = { [SECRET] = true }
    for _, names in ipairs { settings.schema, settings.legacy, of_the_job } do
      for name in pairs(names) do wanted[name] = true end
    end
    assert.same(sorted_keys(wanted), sorted_keys(spec.properties))
  end)

  it("describes each and gives an example", function()
    for name, property in pairs(spec.properties) do
      assert.is_string(property.description, name)
      assert.is_true(#property.description > 8, name)
      assert.is_not_nil(property.example, name .. " has no example")
    end
  end)

  it("has a template for every decision that a site may take over", function()
    local templates = {}
    for _, target in pairs(spec.templates) do templates[target] = true end
    for _, name in ipairs(job.decisions()) do assert.is_true(templates["policies/" .. name .. ".lua"], name) end
  end)

  it("names only templates that there are, and leaves none out", function()
    local there = {}
    for path in job.run(("cd %s/templates && find . -type f"):format(job.directory)):gmatch "%./([^\n]+)" do there[path] = true end
    assert.same(sorted_keys(there), sorted_keys(spec.templates))
  end)
end)

describe("a property's default", function()
  for _, name in ipairs(sorted_keys(settings.schema)) do
    it("is the CPI's: " .. name, function()
      local default = spec.properties[name].default
      if default == null then default = nil end
      assert.same(settings.schema[name][2], default)
    end)
  end
end)

describe("the least that is given", function()
  it("renders to what the CPI would have taken by itself", function()
    local loaded, warnings = load(configuration_of "least")
    local by_itself = load(least())
    assert.same({}, warnings)
    assert.same(by_itself, loaded)
  end)

  it("renders every template", function()
    assert.same({}, rendered.least.errors)
  end)
end)

describe("a property", function()
  for _, name in ipairs(sorted_keys(settings.schema)) do
    local kind = settings.schema[name][1]
    it("means the same to the CPI: " .. name, function()
      local configuration = configuration_of(name)
      assert.same(spec.properties[name].example, job.at(configuration, name))
      local loaded, warnings = load(configuration)
      assert.same({}, warnings)
      assert.same(spec.properties[name].example, job.at(loaded, name))
    end)

    it("is refused when it is not what it must be: " .. name, function()
      local message = rendered[name .. " wrong"].errors["config/cpi.json"]
      assert.truthy(message and message:find(name .. " must be ", 1, true), message or "it was taken")
      local ok = pcall(load, least(name, wrong[kind]))
      assert.is_false(ok)
    end)
  end

  it("of the account is in the file: " .. SECRET, function()
    assert.equal("s", configuration_of("least").cloudstack.secret_access_key)
  end)

  for _, name in ipairs(sorted_keys(settings.legacy)) do
    it("of an earlier release reaches the CPI, which warns: " .. name, function()
      local configuration = configuration_of(name)
      assert.same(spec.properties[name].example, job.at(configuration, name))
      local _, warnings = load(configuration)
      assert.equal(1, #warnings)
      assert.truthy(warnings[1]:find(name, 1, true), warnings[1])
    end)
  end
end)

describe("the properties of the job alone", function()
  it("are in docs/install.md with their defaults", function()
    local file = assert(io.open "docs/install.md")
    local text = file:read "a"
    file:close()
    for name in pairs(of_the_job) do
      local default = spec.properties[name].default
      local told = text:match("\n| `" .. name:gsub("%.", "%%.") .. "` | `(%S+)` |")
      assert.equal(type(default) == "table" and "{}" or tostring(default), told)
    end
  end)
end)

describe("every property", function()
  it("has a test", function()
    local covered = { [SECRET] = true }
    for _, names in ipairs { settings.schema, settings.legacy, of_the_job } do
      for name in pairs(names) do covered[name] = true end
    end
    for name in pairs(spec.properties) do assert.is_true(covered[name], name .. " has no test") end
  end)
end)
