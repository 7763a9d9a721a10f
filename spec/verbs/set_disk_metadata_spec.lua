local fake = require "tests.support.fake"
local set_disk_metadata = require "verbs.set_disk_metadata"

describe("set_disk_metadata", function()
  it("sets the tags of the volume, by its id", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", { name = "cpi-disk-1" }, { volume = { { id = "d", name = "cpi-disk-1", state = "Ready",
        tags = { { key = "attached_at", value = "old" } } } } } },
      { "deleteTags", { resourceids = "d", resourcetype = "Volume", ["tags[0].key"] = "attached_at" }, job = {} },
      { "createTags", { resourceids = "d", resourcetype = "Volume", ["tags[0].value"] = "new",
        ["tags[1].key"] = "bosh_metadata", ["tags[1].value"] = "attached_at" }, job = {} },
    }
    assert.is_nil(set_disk_metadata(cpi, "cpi-disk-1", { attached_at = "new" }))
  end)

  it("takes values that are no strings", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", {}, { volume = { { id = "d", name = "cpi-disk-1" } } } },
      { "createTags", { ["tags[1].value"] = "3" }, job = {} },
    }
    set_disk_metadata(cpi, "cpi-disk-1", { instance_index = 3 })
  end)

  it("says DiskNotFound", function()
    local cpi <close> = fake.cpi { { "listVolumes", {}, {} } }
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(set_disk_metadata, cpi, "cpi-disk-1", {}).type)
  end)
end)
