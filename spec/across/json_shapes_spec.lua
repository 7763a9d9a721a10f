-- docs/json.md against what each command writes with --output json.

local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"
local text_file = require "text_file"
local usage = require "operator.usage"

local json = native.json

-- { ["gc"] = shape, ["policy list"] = shape }
local function shapes()
  local all = {}
  for name, text in text_file.read "docs/json.md":gmatch "\n### `cpi ([%l ]+)`\n.-\n```json\n(.-)\n```" do
    all[name] = assert(json.decode(text), name)
  end
  return all
end

local TYPES = { text = "string", number = "number", ["true or false"] = "boolean" }

-- Complains where the value is not of the shape.
local function hold(shape, value, where)
  if shape == "any" then return end
  if type(shape) == "string" then
    assert(TYPES[shape], where .. ": the page's own '" .. shape .. "' is not a type")
    return assert.equal(TYPES[shape], type(value), where)
  end
  assert.equal("table", type(value), where)
  if json.is_array(shape) then
    assert.is_true(json.is_array(value), where .. " is a list")
    for i, one in ipairs(value) do hold(shape[1], one, ("%s[%d]"):format(where, i)) end
    return
  end
  for key, inner in pairs(value) do
    local of = shape[key] or shape[key .. "?"] or shape["*"]
    assert.truthy(of, ("%s.%s is not on the page"):format(where, key))
    hold(of, inner, where .. "." .. key)
  end
  for key in pairs(shape) do
    if key ~= "*" and not key:find "%?$" then assert.not_nil(value[key], ("%s.%s is missing"):format(where, key)) end
  end
end

-- What is run for each, on a cloud with something in it; several runs where there are several outcomes.
local runs = {
  call = function(at) return { { "has_disk", at.disk, "--output", "json" }, { "create_disk", "0", "{}", "--output", "json" } } end,
  cid = function(at) return { { at.vm, "cpivm-1", "10.0.0.2", "--history", "--output", "json" } } end,
  ["config show"] = function() return { { "show", "--output", "json" }, { "show", "--all", "--output", "json" } } end,
  doctor = function() return { { "--output", "json" } } end,
  verify = function() return { { "--output", "json" } } end,
  explain = function(at) return { { "delete_vm", at.vm, "--output", "json" }, { "has_vm", "--output", "json" } } end,
  gc = function()
    return { { "--director", "director-1", "--output", "json" }, { "--director", "other", "--output", "json" },
      { "--director", "director-1", "--older-than", "1d", "--output", "json" } }
  end,
  ["journal show"] = function() return { { "show", "--output", "json" } } end,
  ["keypair list"] = function() return { { "list", "--output", "json" } } end,
  list = function() return { { "--output", "json" } } end,
  metrics = function() return { { "--output", "json" } } end,
  ["policy list"] = function() return { { "list", "--output", "json" } } end,
  ["policy check"] = function(at) return { { "check", at.directory, "--output", "json" } } end,
  ["policy test"] = function(at) return { { "test", at.directory, "--output", "json" } } end,
  ["policy facts"] = function() return { { "facts", "names", "--output", "json" } } end,
  ["policy try"] = function(at) return { { "try", "names", "--facts", at.facts, "--output", "json" } } end,
  validate = function() return { { "--yes", "--network", "bosh-net", "--output", "json" } } end,
}

-- Their shapes are those of what they read or make: spec/commands/stemcell_spec.lua.
local ELSEWHERE = { stemcell = true }

local function setting()
  local trial = new_trial { host = native, store = true }
  local at = { vm = trial.cid { networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
    public = { type = "vip", cloud_properties = { acquire = true, name = "bosh-net" } } } } }
  at.disk = trial.call("create_disk", 1024, {}, at.vm)
  trial.call("attach_disk", at.vm, at.disk)
  trial.call("set_vm_metadata", at.vm, { director = "d", deployment = "x", job = "web", index = "0" })
  trial.call("snapshot_disk", at.disk, {})
  trial.cid()
  trial.sim.advance(7200)
  trial.store.journal = { k = json.encode { kind = "disk", name = "cpi-disk-9", at = "t", verb = "create_disk", owner = "9.9", since = 0,
    director = "director-1", request = "cpi-1" } }
  at.directory = operator.directory { ["names.lua"] = "return { api = 1, decide = function(facts, default) return default(facts) end }\n",
    ["names_test.lua"] = "test('one', function() equal(1, 2) end)\n" }
  local _, facts = operator.run("policy", { "facts", "names", "--example" })
  at.facts = operator.write(at.directory .. "/facts.json", facts)
  return trial, at
end

describe("docs/json.md", function()
  local all = shapes()

  it("has every command that writes JSON, and no other", function()
    local wanted = {}
    for _, one in ipairs(usage.commands) do
      if (one.values or {}).output and not ELSEWHERE[one.name] then wanted[one.name] = true end
    end
    local found = {}
    for name in pairs(all) do found[name:match "^%l+"] = true end
    assert.same(wanted, found)
    for name in pairs(all) do assert.truthy(runs[name], name) end
  end)

  for name, lines in pairs(runs) do
    it("says what cpi " .. name .. " writes", function()
      local trial, at = setting()
      for _, words in ipairs(lines(at)) do
        local _, out, err = operator.on(trial, name:match "^%l+", words)
        local value = json.decode(out)
        assert.not_nil(value, out .. err)
        if name == "call" and value.error == json.null then value.error = { type = "", message = "", ok_to_retry = true } end
        hold(all[name], value, name)
      end
    end)
  end
end)
