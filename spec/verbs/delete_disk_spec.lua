local delete_disk = require "verbs.delete_disk"
local fake = require "spec.support.fake"

local function disk(more)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready" }
  for key, value in pairs(more or {}) do row[key] = value end
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function delete(script)
  local cpi <close> = fake.cpi(script)
  return delete_disk(cpi, "cpi-disk-1")
end

describe("delete_disk", function()
  it("deletes the volume by its id, and answers null", function()
    assert.is_nil(delete { disk(), { "deleteVolume", { id = "d" } } })
  end)

  it("is done when the disk is gone", function()
    assert.is_nil(delete { { "listVolumes", {}, {} } })
    assert.is_nil(delete { disk(), { "deleteVolume", {}, refuse = "Unable to find volume with ID: 7" } })
  end)

  it("is refused while a VM has the disk", function()
    local failure = fake.failure(delete, { disk { virtualmachineid = "v", vmname = "cpivm-1" } })
    assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-1' and is not deleted", failure.message)
  end)

  it("finishes what a failed delete left half done", function()
    delete { disk { state = "Destroy" }, { "deleteVolume", { id = "d" } } }
  end)

  it("is no success when CloudStack cannot say", function()
    local failure = fake.failure(delete, { { "listVolumes", {}, refuse = "no", code = 530 } })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
  end)
end)
