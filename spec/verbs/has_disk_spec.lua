local fake = require "tests.support.fake"
local has_disk = require "verbs.has_disk"

local function ask(...)
  local cpi <close> = fake.cpi { { "listVolumes", { name = "cpi-disk-1" }, { volume = { ... } } } }
  return has_disk(cpi, "cpi-disk-1")
end

describe("has_disk", function()
  it("is true while the disk exists, attached or not, on storage or not yet", function()
    assert.is_true(ask { id = "d", name = "cpi-disk-1", state = "Allocated" })
    assert.is_true(ask { id = "d", name = "cpi-disk-1", state = "Ready", virtualmachineid = "v" })
  end)

  it("is false without it, or when it is being deleted", function()
    assert.is_false(ask())
    assert.is_false(ask { id = "d", name = "cpi-disk-1", state = "Destroy" })
    assert.is_false(ask { id = "d", name = "CPI-DISK-1", state = "Ready" })
  end)
end)
