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
    local function row(id, stemcell, director, image)
      return { id = id, tags = { { key = "bosh_stemcell", value = stemcell }, { key = "director_uuid", value = director },
        image and { key = "bosh_image_sha256", value = image } } }
    end
    local stemcell = { names = { tags = { director_uuid = "d" } }, ignored = { ghost = true },
      file = { checksum = function() return "c0ffee" end } }
    twins.mark(stemcell.names.tags, "ubuntu", "1")
    local mine = row("mine", "ubuntu/1", "d")
    for _, other in ipairs { mine, row("a", "ubuntu/2", "d"), row("b", "ubuntu/1", "e"), row("c", "ubuntu/1", "d", "0ddba11"),
      row("ghost", "ubuntu/1", "d") } do
      assert.is_false(twins.has_rival({ mine, other }, "mine", stemcell))
    end
    assert.is_true(twins.has_rival({ mine, row("a", "ubuntu/1", "d") }, "mine", stemcell))
    assert.is_true(twins.has_rival({ mine, row("a", "ubuntu/1", "d", "c0ffee") }, "mine", stemcell))
  end)
end)
