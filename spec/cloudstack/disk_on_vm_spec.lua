local disk_on_vm = require "cloudstack.disk_on_vm"
local fake = require "tests.support.fake"

describe("a VM and a disk", function()
  it("are looked up at once", function()
    local running = { virtualmachine = { { id = "vm-1", name = "cpivm-1", state = "Running" } } }
    local cpi <close> = fake.cpi {
      { "listVirtualMachines", { name = "cpivm-1" }, running },
      { "listVolumes", { name = "cpi-disk-1" }, {} },
    }
    local vm, volume = disk_on_vm.look_up(cpi, "cpivm-1", "cpi-disk-1")
    assert.equal("vm-1", vm.id)
    assert.is_nil(volume)
    assert.same({ "listVirtualMachines listVolumes" }, cpi.waves)
  end)
end)
