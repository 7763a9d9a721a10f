local fake = require "spec.support.fake"

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
    entry.note { id = "v" }
    entry.close()
    cpi.journal.finish()
  end)

  it("that cannot be written is a warning, no failure", function()
    local cpi <close> = fake.cpi { store = true }
    function cpi.store.put() return nil, "disk full" end
    function cpi.store.delete() return nil, "disk full" end
    local entry = cpi.journal.open { kind = "vm", name = "cpivm-1" }
    entry.close()
    cpi.journal.finish()
    assert.equal("warn the journal could not be written: disk full", cpi.log.lines[1])
  end)
end)
