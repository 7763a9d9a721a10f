-- The tree of specs against the tree of the product: lua/ROOM/NAME.lua has spec/ROOM/NAME_spec.lua, and a spec in a room of
-- lua/ has its product file. What crosses rooms stands in spec/across, and says first what it crosses.

-- Product files that have no spec of their own, as Lua patterns, and why.
local WITHOUT = {
  ["^sim/"] = "the model is specified by what a server was seen to do, by subject: spec/sim",
  ["^sim$"] = "the model's front: every file of spec/sim goes through it",
  ["^made/kinds_of_belongings$"] = "rows of made/kinds: spec/made/kinds_spec.lua and spec/made/belongings_spec.lua",
  ["^made/load_balancer_end$"] = "the end of a VM's place: spec/vm/load_balancers_spec.lua and spec/made/orphans_spec.lua",
  ["^vm/attempt$"] = "one VM of a deployment: spec/vm/deployment_spec.lua",
  ["^vm/starting$"] = "the start of a deployment's VM: spec/vm/deployment_spec.lua",
  ["^vm/tagging$"] = "what a deployment does while the VM starts: spec/vm/deployment_spec.lua",
  ["^vm/zone_choice$"] = "a deployment's next zone: spec/across/fallback_spec.lua",
  ["^meta/"] = "annotations for editors, which nothing loads",
}

-- Rooms of spec/ that have no room of lua/ behind them.
local OF_THEIR_OWN = { across = true, sim = true }

-- The names below a directory without that ending, in order.
local function names(directory, ending)
  local list, pipe = {}, assert(io.popen(("cd %s && find . -name '*%s' | LC_ALL=C sort"):format(directory, ending)))
  for path in pipe:lines() do list[#list + 1] = path:sub(3, -#ending - 1) end
  pipe:close()
  return list
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

local function is_without(name)
  for pattern in pairs(WITHOUT) do
    if name:find(pattern) then return true end
  end
  return false
end

local products, specs = names("lua", ".lua"), names("spec", "_spec.lua")

-- What our policy answers may stand in the spec of its decision: tests/support/decision.lua's ours("NAME", ...).
local function is_with_its_decision(name)
  local decision = name:match "^policies/(.*)$"
  local file = decision and io.open(("spec/decisions/%s_spec.lua"):format(decision))
  local _ <close> = file
  return file ~= nil and file:read("a"):find(('ours("%s"'):format(decision), 1, true) ~= nil
end

describe("the tree of specs", function()
  it("has one for every file of the product", function()
    local there, missing = set_of(specs), {}
    for _, name in ipairs(products) do
      local has_one = there[name] or is_without(name) or is_with_its_decision(name)
      if not has_one then missing[#missing + 1] = ("spec/%s_spec.lua"):format(name) end
    end
    assert.same({}, missing)
  end)

  it("has none without its file in a room of the product", function()
    local there, left = set_of(products), {}
    for _, name in ipairs(specs) do
      if not there[name] and not OF_THEIR_OWN[name:match "^([^/]*)/" or ""] then left[#left + 1] = ("spec/%s_spec.lua"):format(name) end
    end
    assert.same({}, left)
  end)

  it("has no exception that nothing needs", function()
    local there = set_of(specs)
    for pattern, why in pairs(WITHOUT) do
      local used = false
      for _, name in ipairs(products) do used = used or name:find(pattern) ~= nil and not there[name] end
      assert.is_true(used, pattern .. ": " .. why)
    end
  end)

  it("says of what crosses rooms, in the first line, what that is", function()
    for _, name in ipairs(names("spec/across", "_spec.lua")) do
      local first = io.open(("spec/across/%s_spec.lua"):format(name)):read "l"
      assert.truthy(first:find "^%-%- %a" and #first > 40, name .. ": " .. first)
    end
  end)

  it("has its support with that of the other tests", function()
    local found = {}
    for _, name in ipairs(names("spec", ".lua")) do
      if not name:find "_spec$" and not name:find "^sim/" then found[#found + 1] = name end
    end
    assert.same({}, found)
  end)
end)
