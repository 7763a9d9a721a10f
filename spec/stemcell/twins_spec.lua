local fake = require "spec.support.fake"
local twins = require "stemcell.twins"

-- The names of rows that are templates still, or will be; the fake's time is 2026-01-01T00:16:40Z.
local function living(rows, records)
  local cpi <close> = fake.cpi { store = true, settings = { cloudstack = { timeout = { poll_template = 600 } } } }
  for i, record in ipairs(records or {}) do cpi.store.put("journal", tostring(i), fake.json.encode(record)) end
  local names = {}
  for i, row in ipairs(twins.living(cpi, rows)) do names[i] = row.name end
  return names
end

describe("templates of the same image", function()
  it("count while they may become something", function()
    assert.same({ "ready", "young", "undated", "alive" }, living({
      { name = "ready", isready = true, created = "2020-01-01T00:00:00+0000", status = "Upload error" },
      { name = "young", isready = false, created = "2026-01-01T00:10:00+0000", status = "Processing" },
      { name = "undated", isready = false }, { name = "alive", isready = false },
      { name = "old", isready = false, created = "2026-01-01T00:00:00+0000" },
      { name = "failed", isready = false, status = "Upload abandoned" },
      { name = "dead", isready = false }, { name = "dead too", isready = false },
    }, { { name = "dead", owner = "77.7" }, { name = "alive", owner = "1.1" }, { name = "dead too", owner = "78.7" }, {} }))
  end)

  it("are rivals where they are for the same stemcell and director", function()
    local function row(id, stemcell, director)
      return { id = id, tags = { { key = "bosh_stemcell", value = stemcell }, { key = "director_uuid", value = director } } }
    end
    local wanted = { director_uuid = "d" }
    twins.mark(wanted, "c0ffee", "ubuntu", "1")
    assert.equal("c0ffee", wanted.bosh_image_sha256)
    local strangers = { row("mine", "ubuntu/1", "d"), row("a", "ubuntu/2", "d"), row("b", "ubuntu/1", "e") }
    assert.is_false(twins.has_rival(strangers, "mine", wanted, {}))
    assert.is_true(twins.has_rival({ row("mine", "ubuntu/1", "d"), row("a", "ubuntu/1", "d") }, "mine", wanted, {}))
    assert.is_false(twins.has_rival({ row("mine", "ubuntu/1", "d"), row("a", "ubuntu/1", "d") }, "mine", wanted, { a = true }))
  end)
end)
