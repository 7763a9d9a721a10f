-- What a verb gives to its new VM and takes away again. (with whole verbs: spec/vm/vips_spec.lua, load_balancers_spec.lua)

local errors = require "errors"
local fake = require "tests.support.fake"
local new_belongings = require "made.new_belongings"
local rollback = require "base.rollback"

-- A verb that fails once `act` has noted things. -> what it raised, the cpi
local function failing(script, act)
  script.store = true
  local cpi <close> = fake.cpi(script)
  local _, why = pcall(function()
    local undo <close> = rollback(cpi)
    act(new_belongings(cpi, "cpivm-1", { id = "v" }, undo))
    error(errors.cloud("no"), 0)
  end)
  return why, cpi
end

local function tags(...)
  local list = {}
  for i, id in ipairs { ... } do
    list[i] = { key = "cpivm-1", value = "acquired", resourcetype = "PublicIpAddress", resourceid = id }
  end
  return { "listTags", {}, { tag = list } }
end

local function look(...)
  local rows = {}
  for i, id in ipairs { ... } do rows[i] = { id = id } end
  return { "listPublicIpAddresses", {}, { publicipaddress = rows } }
end

local function gone(id) return { "disassociateIpAddress", { id = id }, job = {} } end

describe("what a failed verb has given to its VM", function()
  it("is taken away: what it noted, what has the VM's tag, and each once", function()
    local why, cpi = failing({ tags("a", "b"), look "a", look "b", gone "a", gone "b" }, function(belongs)
      local entry = belongs.open("address", "198.51.100.7")
      assert.equal(belongs.add("address", "a", "acquired", entry), belongs.add("address", "a", "vip"))
      entry.note { job = "j", id = "a" }
    end)
    assert.equal("no", why.message)
    assert.same({}, cpi.store.tables.journal)
  end)

  it("is none where nothing was begun, and its entry is closed", function()
    local _, cpi = failing({ tags() }, function(belongs) belongs.open("address", "198.51.100.7") end)
    assert.same({}, cpi.store.tables.journal)
  end)
end)
