local affinity_claims = require "made.affinity_claims"
local fake = require "tests.support.fake"
local made_by = require "cloudstack.made_by"

-- (two processes at once: tests/faults/pairs.lua)

local GROUP = { id = "g", name = "db" }
local empty = { "listVirtualMachines", { affinitygroupid = "g", details = "min" }, {} }
local function delete(more)
  local step = { "deleteAffinityGroup", { id = "g" } }
  for key, value in pairs(more or { job = {} }) do step[key] = value end
  return step
end
local function list(...) return { "listAffinityGroups", { name = "db" }, { affinitygroup = { ... } } } end

local function claims(cpi)
  local keys = {}
  for key in pairs(cpi.store.tables.cache or {}) do keys[#keys + 1] = key:match "^(.- %l+) %x+%-" or key end
  return keys
end

-- Another process's claim, as its entry has it.
local function claim(cpi, prefix, owner)
  cpi.store.put("cache", prefix .. " db 1", cpi.json.encode { at = cpi.clock.utc(), owner = owner })
end

describe("a VM that is about to be in a group", function()
  it("is announced until it is there", function()
    local cpi <close> = fake.cpi { store = true }
    do
      local announced <close> = affinity_claims.announce(cpi, { { name = "db" } }) -- luacheck: ignore
      assert.same({ "affinity db" }, claims(cpi))
    end
    assert.same({}, claims(cpi))
  end)

  it("waits while a living process deletes the group, and looks for it anew then", function()
    local cpi <close> = fake.cpi { store = true }
    claim(cpi, "affinity end", "1.1")
    local one = { name = "db" }
    local sleep, slept = cpi.clock.sleep, 0
    cpi.clock.sleep = function(seconds)
      sleep(seconds)
      slept = slept + 1
      if slept == 3 then cpi.store.delete("cache", "affinity end db 1") end
    end
    local announced <close>, deleted = affinity_claims.announce(cpi, { one, { name = "web" } }) -- luacheck: ignore
    assert.same({ 3, { db = true } }, { slept, deleted })
  end)

  it("does not wait for a dead process, another group's end, or an entry that is none", function()
    local cpi <close> = fake.cpi { store = true }
    claim(cpi, "affinity end", "9.9")
    cpi.store.put("cache", "affinity end db2 1", cpi.json.encode { owner = "1.1" })
    cpi.store.put("cache", "affinity end db 2", "[]")
    local announced <close>, deleted = affinity_claims.announce(cpi, { { name = "db" } }) -- luacheck: ignore
    assert.same({ {}, {} }, { deleted, cpi.clock.slept })
  end)

  it("goes on when it has waited for long, and the log has it", function()
    local lines = {}
    local cpi <close> = fake.cpi { store = true, capture = lines, settings = { cloudstack = { timeout = { global = 1 } } } }
    claim(cpi, "affinity end", "1.1")
    local announced <close> = affinity_claims.announce(cpi, { { name = "db" } }) -- luacheck: ignore
    assert.same({ "warn affinity group 'db' is being deleted by another process, for long; going on" }, lines)
  end)

  it("is not announced without a store", function()
    local cpi <close> = fake.cpi {}
    local announced <close> = affinity_claims.announce(cpi, { { name = "db" } }) -- luacheck: ignore
  end)
end)

describe("the end of an empty group", function()
  local function remove(script, before)
    script.store = true
    local cpi <close> = fake.cpi(script)
    if before then before(cpi) end
    local ok, failure = pcall(affinity_claims.remove, cpi, GROUP)
    return ok, failure, cpi
  end

  it("is its deletion, announced while it lasts", function()
    local ok, failure, cpi = remove { empty, delete(), list() }
    assert.is_true(ok, tostring(failure))
    assert.same({}, claims(cpi))
  end)

  it("gives way to a VM that is about to be in it", function()
    local ok, failure = remove({ list(GROUP) }, function(cpi) claim(cpi, "affinity", "1.1") end)
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("a VM is about to use it, or CloudStack keeps it", failure.message)
    assert.is_true((remove({ empty, delete(), list() }, function(cpi) claim(cpi, "affinity", "9.9") end)))
  end)

  it("is content where another group of the name is there by now", function()
    assert.is_true((remove { empty, delete(), list { id = "another", name = "db" } }))
  end)

  it("fails in CloudStack's words where it stays", function()
    local ok, failure = remove { empty, delete { job_fails = "it is used" }, list(GROUP) }
    assert.is_false(ok)
    assert.truthy(failure.message:find("it is used", 1, true), failure.message)
  end)
end)

describe("the groups of a VM that goes", function()
  -- The VM's groups: ours, and one that somebody else made.
  local function vm(cpi)
    local theirs = { id = "h", name = "mine", description = "x" }
    return { affinitygroup = { { id = "g", name = "db", description = made_by.text(cpi) }, theirs } }
  end

  it("are in the journal until they are looked at; ours go, others stay", function()
    local cpi <close> = fake.cpi { store = true, empty, delete() }
    local collect = affinity_claims.of(cpi, vm(cpi))
    local _, text = next(cpi.store.tables.journal)
    assert.same({ "affinity group", "db" }, { cpi.json.decode(text).kind, cpi.json.decode(text).name })
    collect()
    assert.is_nil(next(cpi.store.tables.journal))
  end)

  it("that cannot be deleted stay in the journal, and are no failure", function()
    local lines = {}
    local cpi <close> = fake.cpi { store = true, capture = lines, empty, delete { job_fails = "it is used" }, list(GROUP) }
    affinity_claims.of(cpi, vm(cpi))()
    assert.truthy(lines[#lines]:find("^warn affinity group 'db' stays: .*it is used"), lines[#lines])
    assert.truthy(next(cpi.store.tables.journal))
  end)

  it("are none where there is no VM, or it is in none", function()
    local cpi <close> = fake.cpi { store = true }
    affinity_claims.of(cpi, nil)()
    affinity_claims.of(cpi, {})()
    assert.same({}, cpi.store.tables.journal or {})
  end)
end)
