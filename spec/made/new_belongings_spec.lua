-- What a verb gives to its new VM and takes away again. (with whole verbs: spec/vm/vips_spec.lua, load_balancers_spec.lua)

local errors = require "errors"
local failures = require "cloudstack.failures"
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

  -- A create that was refused by an internal error may have been done: nothing was made only where CloudStack says so of its job.
  it("stays in the journal where CloudStack does not say what became of a create that it refused", function()
    local function left_in_journal(script)
      local _, cpi = failing(script, function(belongs)
        local entry = belongs.open("address", "198.51.100.7")
        entry.note { job = "j" }
        assert.is_true(belongs.ask("address", "acquired", "198.51.100.7", { request = { "associateIpAddress", { customjobid = "j" } },
          failure = failures.new("associateIpAddress", { kind = "refused", text = "Internal error", code = 530, sent = true }) }, entry))
      end)
      return next(cpi.store.tables.journal) ~= nil
    end
    local refused = { tags() }
    for i = 1, 4 do table.insert(refused, i, { "queryAsyncJobResult", { jobid = "j" }, refuse = "Internal error", code = 530 }) end
    assert.is_true(left_in_journal(refused))
    local failed = { jobstatus = 2, jobresultcode = 431, jobresult = { errorcode = 431, errortext = "no such network" } }
    assert.is_false(left_in_journal { { "queryAsyncJobResult", { jobid = "j" }, failed }, tags() })
  end)

  it("is none where nothing was begun, and its entry is closed", function()
    local _, cpi = failing({ tags() }, function(belongs) belongs.open("address", "198.51.100.7") end)
    assert.same({}, cpi.store.tables.journal)
  end)
end)
