local devices = require "cloudstack.devices"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

describe("a disk hint", function()
  it("on KVM is the serial that CloudStack makes of the volume's id", function()
    assert.same({ path = "/dev/disk/by-id/virtio-7d5d1a3e52f54c6a9f0b", volume_id = "2" }, devices.hint("KVM", ID, 2))
  end)

  it("on XenServer is the name that the Go CPI told", function()
    assert.same({ path = "/dev/xvdc", volume_id = "2" }, devices.hint("XenServer", ID, 2))
  end)

  it("elsewhere is a name that the agent translates", function()
    assert.same({ path = "/dev/sde", volume_id = "4" }, devices.hint("VMware", ID, 4))
    assert.equal("/dev/sdb", devices.hint("Simulator", ID, 1).path)
    assert.equal("/dev/sdb", devices.hint(nil, ID, 1).path)
  end)

  it("holds strings only: the agent panics on anything else", function()
    for _, hypervisor in ipairs { "KVM", "XenServer", "VMware" } do
      for _, value in pairs(devices.hint(hypervisor, ID, 1)) do assert.equal("string", type(value)) end
    end
  end)
end)
