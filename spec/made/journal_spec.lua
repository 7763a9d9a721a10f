local fake = require "tests.support.fake"

local function records(cpi)
  local list = {}
  for _, text in pairs(cpi.store.tables.journal or {}) do list[#list + 1] = fake.json.decode(text) end
  return list
end

describe("the journal", function()
  it("says who is about to make what, before anything is made", function()
    local cpi <close> = fake.cpi { store = true }
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    assert.same({ {
      kind = "vm", name = "cpivm-1", verb = "spec", owner = "1.1", at = "2026-01-01T00:00:00Z",
      director = "director-1", request = "cpi-123456", since = cpi.clock.utc(),
    } }, records(cpi))
  end)

  it("says when the answer is ready, of what is open", function()
    local cpi <close> = fake.cpi { store = true }
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    cpi.journal.open({ kind = "vm", name = "cpivm-2" }).close()
    cpi.journal.answered()
    assert.is_true(records(cpi)[1].answered)
    assert.equal(1, #records(cpi))
  end)

  it("takes note of what is known later", function()
    local cpi <close> = fake.cpi { store = true }
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    entry.note { job = "j" }
    entry.note { id = "v" }
    local record = records(cpi)[1]
    assert.same({ "j", "v", "cpivm-1" }, { record.job, record.id, record.name })
  end)

  it("forgets what was undone", function()
    local cpi <close> = fake.cpi { store = true }
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    cpi.journal.open { kind = "disk", name = "cpi-disk-1" }
    entry.close()
    entry.close()
    assert.equal("cpi-disk-1", records(cpi)[1].name)
    assert.equal(1, #records(cpi))
  end)

  it("forgets all once the answer is written", function()
    local cpi <close> = fake.cpi { store = true }
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    cpi.journal.open { kind = "disk", name = "cpi-disk-1" }
    cpi.journal.finish()
    assert.same({}, records(cpi))
  end)

  it("knows what was interrupted, also while a living process deals with it", function()
    local cpi <close> = fake.cpi { store = true }
    local text = fake.json.encode { kind = "stemcell", name = "cpitemplate-1", owner = "9.9" }
    cpi.store.put("journal", "k", text)
    assert.is_true(cpi.journal.is_interrupted "cpitemplate-1")
    assert.is_true(cpi.journal.claim("k", text, fake.json.decode(text)))
    assert.is_true(cpi.journal.is_interrupted "cpitemplate-1")
    cpi.journal.open { kind = "stemcell", name = "cpitemplate-2" }
    assert.is_false(cpi.journal.is_interrupted "cpitemplate-2")
    assert.is_false(cpi.journal.is_interrupted "cpitemplate-3")
  end)

  it("needs no store", function()
    local cpi <close> = fake.cpi {}
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    assert.is_false(entry.has_begun())
    entry.note { job = "j" }
    assert.is_true(entry.has_begun())
    assert.is_nil(cpi.journal.answered())
    entry.close()
    cpi.journal.finish()
  end)

  it("leaves to a later process what was answered, taken by nobody, and could not be removed", function()
    local cpi <close> = fake.cpi { store = true }
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    assert.is_nil(cpi.journal.answered())
    cpi.journal.give_up()
    assert.same({ "cpivm-1" }, { records(cpi)[1].name, records(cpi)[1].answered })
  end)

  -- The entry as another process makes it its own.
  local function claim(cpi)
    local key, text = next(cpi.store.tables.journal)
    local record = fake.json.decode(text)
    record.owner, record.claimed = "2.2", true
    cpi.store.tables.journal[key] = fake.json.encode(record)
  end

  it("lets no answer be given to what another process has taken over, and leaves it its entry", function()
    local cpi <close> = fake.cpi { store = true }
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    claim(cpi)
    entry.note { id = "v" }
    assert.truthy(cpi.journal.answered():find("another process took this one for dead", 1, true))
    assert.equal("2.2", records(cpi)[1].owner)
    assert.is_nil(records(cpi)[1].answered)
    entry.close()
    assert.equal("2.2", records(cpi)[1].owner)
  end)

  it("lets no answer be given to what another process has removed already", function()
    local cpi <close> = fake.cpi { store = true }
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    cpi.store.tables.journal = {}
    assert.truthy(cpi.journal.answered():find("another process took this one for dead", 1, true))
    assert.same({}, records(cpi))
  end)

  it("goes on after a write that was reported as failed and had been done", function()
    local cpi <close> = fake.cpi { store = true }
    local entry, replace = cpi.journal.open { kind = "vm", name = "cpivm-1" }, cpi.store.replace
    function cpi.store.replace(...)
      replace(...)
      return nil, "no answer of the disk"
    end
    entry.note { job = "j" }
    cpi.store.replace = replace
    entry.note { id = "v" }
    assert.is_nil(cpi.journal.answered())
    local record = records(cpi)[1]
    assert.same({ "j", "v", true }, { record.job, record.id, record.answered })
  end)

  it("writes nothing where others could not know that we are alive", function()
    local cpi <close> = fake.cpi { store = true }
    function cpi.liveness.owner() return nil, "/store.locks: Permission denied" end
    cpi.journal.open { kind = "vm", name = "cpivm-1" }
    assert.same({}, records(cpi))
    assert.is_nil(cpi.journal.answered())
    assert.same({ "warn the journal could not be written: /store.locks: Permission denied" }, cpi.log.lines)
    local text = fake.json.encode { kind = "vm", name = "cpivm-2", owner = "9.9" }
    cpi.store.put("journal", "k", text)
    assert.is_false(cpi.journal.claim("k", text, fake.json.decode(text)))
  end)

  it("takes an entry whose owner is not said for one at work", function()
    local process = { use = function() end, alive = function(owner) return owner == "1.1" end }
    local liveness = require("setup.liveness").of(process, { store = { path = "/store" } })
    assert.same({ true, true, true, false }, { liveness.alive(nil), liveness.alive {}, liveness.alive "1.1", liveness.alive "2.2" })
  end)

  it("that cannot be written is a warning, not a failure", function()
    local cpi <close> = fake.cpi { store = true }
    function cpi.store.put() return nil, "disk full" end
    function cpi.store.delete() return nil, "disk full" end
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    entry.close()
    cpi.journal.finish()
    assert.equal("warn the journal could not be written: disk full", cpi.log.lines[1])
  end)
end)
