local detach_disk = require "verbs.detach_disk"
local fake = require "spec.support.fake"

local vm = { "listVirtualMachines", { name = "cpivm-1" },
  { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running" } } } }
local no_vm = { "listVirtualMachines", {}, {} }

local function disk(on)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready", virtualmachineid = on, vmname = on and "cpivm-of-" .. on }
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function detach(script)
  local cpi <close> = fake.cpi(script)
  return detach_disk(cpi, "cpivm-1", "cpi-disk-1"), cpi
end

describe("detach_disk", function()
  it("takes the disk off the VM, and answers null", function()
    local result, cpi = detach { vm, disk "v", { "detachVolume", { id = "d" }, job = {} } }
    assert.is_nil(result)
    assert.same({ "listVirtualMachines listVolumes", "detachVolume" }, cpi.waves)
  end)

  it("is done for a disk that no VM has, or that is gone", function()
    assert.is_nil((detach { vm, disk(nil) }))
    assert.is_nil((detach { vm, { "listVolumes", {}, {} } }))
    assert.is_nil((detach { no_vm, { "listVolumes", {}, {} } }))
  end)

  it("never takes the disk off another VM", function()
    for _, here in ipairs { vm, no_vm } do
      local failure = fake.failure(detach, { here, disk "w" })
      assert.equal("Bosh::Clouds::DiskNotAttached", failure.type)
      assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-of-w', not to 'cpivm-1'", failure.message)
    end
  end)
end)
