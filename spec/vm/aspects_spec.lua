-- Every aspect of create_vm has the shape that vm/aspects.lua says, and edits nothing that it is given: the scenarios of
-- create_vm are played with order, found and plan frozen on their way into each aspect.

local aspects = require "vm.aspects"
local scenarios = require "tests.faults.scenarios"

-- The modules of lua/vm and lua/disks that are aspects: tables with a name of their own.
local NAMES = {}
for file in assert(io.popen("ls lua/vm/*.lua lua/disks/*.lua")):lines() do
  local name = file:match "^lua/(.+)%.lua$":gsub("/", ".")
  local module = require(name)
  if type(module) == "table" and type(module.name) == "string" then NAMES[#NAMES + 1] = name end
end

local function set(list)
  local found = {}
  for _, name in ipairs(list) do found[name] = true end
  return found
end

-- What a module offers besides, to the verbs and to other files.
local others = {
  ["disks.placement"] = set { "of_vm", "attach" }, ["disks.with_vm"] = set { "made_with" },
  ["vm.affinity"] = set { "announce", "has_gone" }, ["vm.networks"] = set { "result" },
}

-- The list in create_vm, as the verb has it.
local function list_of_verb()
  local verb = require "verbs.create_vm"
  local function upvalue(f, wanted, depth)
    for i = 1, math.huge do
      local name, value = debug.getupvalue(f, i)
      if not name then return nil end
      if name == wanted then return value end
      local inner = type(value) == "function" and depth > 0 and upvalue(value, wanted, depth - 1)
      if inner then return inner end
    end
  end
  return upvalue(verb, "of_a_vm", 2)
end

-- Fields and hash of everything that a table leads to, as one text; what is in `seen` counts once.
local function picture(value, seen)
  if type(value) ~= "table" then return tostring(value) end
  if seen[value] then return "again" end
  seen[value] = true
  local parts = {}
  for key, inner in next, value do parts[#parts + 1] = ("%s=%s"):format(tostring(key), picture(inner, seen)) end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- The aspect with its functions watched: each argument named looks the same before and after, at any depth.
local function frozen(aspect, edits)
  local twin = {}
  for key, value in pairs(aspect) do twin[key] = value end
  for _, name in ipairs(aspects.FUNCTIONS) do
    local run = aspect[name]
    twin[name] = run and function(cpi, ...)
      local given, before = table.pack(...), {}
      for i = 1, 3 do before[i] = picture(given[i], {}) end
      local results = table.pack(pcall(run, cpi, ...))
      for i, what in ipairs { "order", "found", "plan" } do
        if picture(given[i], {}) ~= before[i] then edits[#edits + 1] = ("%s.%s edits %s"):format(aspect.name, name, what) end
      end
      if not results[1] then error(results[2], 0) end
      return table.unpack(results, 2, results.n)
    end
  end
  return twin
end

-- f with the verb's list of aspects frozen; answers what they edited.
local function with_frozen(list, f)
  local edits, kept = {}, { table.unpack(list) }
  for i, aspect in ipairs(kept) do list[i] = frozen(aspect, edits) end
  local ok, why = pcall(f)
  for i, aspect in ipairs(kept) do list[i] = aspect end
  if not ok then error(why, 0) end
  return edits
end

local function play(scenario)
  local stage, arguments = scenarios.open(scenario, { store = true, seed = 1 })
  local answer = stage:call("create_vm", arguments, scenario.request)
  assert.is_nil(answer.bug)
  assert.is_nil(answer.error and answer.error.message)
end

describe("the aspects of a VM", function()
  it("are the ones that create_vm lists", function()
    local listed = {}
    for _, aspect in ipairs(list_of_verb()) do listed[aspect] = true end
    for _, name in ipairs(NAMES) do
      assert.is_true(listed[require(name)], name)
      listed[require(name)] = nil
    end
    assert.same({}, listed)
  end)

  for _, name in ipairs(NAMES) do
    it("have no more than the shape has: " .. name, function()
      local aspect, functions, fields = require(name), set(aspects.FUNCTIONS), set(aspects.FIELDS)
      assert.equal("string", type(aspect.name))
      for key, value in pairs(aspect) do
        local known = (others[name] or {})[key] or (type(value) == "function" and functions or fields)[key]
        assert.is_truthy(known, ("%s.%s is not of the shape"):format(name, key))
      end
    end)
  end

  it("have names and properties of their own", function()
    local owner = {}
    for _, aspect in ipairs(list_of_verb()) do
      for _, key in ipairs { "aspect " .. aspect.name, table.unpack(require("base.tables").sorted_keys(aspect.properties or {})) } do
        assert.is_nil(owner[key], key)
        owner[key] = aspect
      end
    end
  end)

  for _, scenario in ipairs(scenarios.of.create_vm) do
    it("edit neither order nor found nor plan: " .. scenario.what, function()
      assert.same({}, with_frozen(list_of_verb(), function() play(scenario) end))
    end)
  end

  it("that edit what they are given are found out", function()
    local bad = { name = "bad" }
    function bad.read(_, order) order.properties.disk = 1 end
    function bad.plan(_, _, found) found.zone.name = "x" end
    local edits = {}
    local list = { frozen(bad, edits) }
    aspects.read(list, nil, { properties = {} })
    aspects.plan(list, nil, {}, { zone = { name = "zone1" } })
    assert.same({ "bad.read edits order", "bad.plan edits found" }, edits)
  end)

  it("are left out where they are optional and the manifest names none of their properties", function()
    local asked = {}
    local lean = { name = "lean", optional = true, properties = { thing = "text" }, ask = function() asked.lean = true return {} end }
    local order, part = aspects.read({ lean }, nil, { properties = {} })
    assert.same({}, aspects.ask(part, nil, order, {}))
    assert.same({}, asked)
    order, part = aspects.read({ lean }, nil, { properties = { thing = "x" } })
    aspects.ask(part, nil, order, {})
    assert.is_true(asked.lean)
  end)
end)
