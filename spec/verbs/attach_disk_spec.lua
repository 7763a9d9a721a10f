local attach_disk = require "verbs.attach_disk"
local fake = require "tests.support.fake"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

local function vm(hypervisor)
  return { "listVirtualMachines", { name = "cpivm-1" },
    { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running", hypervisor = hypervisor,
      zoneid = "z1", zonename = "zone1" } } } }
end

local function disk(more)
  local row = { id = ID, name = "cpi-disk-1", state = "Ready", zoneid = "z1" }
  for key, value in pairs(more or {}) do row[key] = value end
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function attach(script)
  local cpi <close> = fake.cpi(script)
  return attach_disk(cpi, "cpivm-1", "cpi-disk-1"), cpi
end

describe("attach_disk", function()
  for hypervisor, path in pairs {
    KVM = "/dev/disk/by-id/virtio-7d5d1a3e52f54c6a9f0b", XenServer = "/dev/xvdc", VMware = "/dev/sdc",
  } do
    it("answers where the guest of " .. hypervisor .. " finds the disk, in strings", function()
      local hint, cpi = attach { vm(hypervisor), disk(),
        { "attachVolume", { id = ID, virtualmachineid = "v" }, job = { volume = { deviceid = 2 } } },
        { "createTags", { resourceids = ID, resourcetype = "Volume", ["tags[0].key"] = "bosh_taken" }, job = {} } }
      assert.same({ path = path, volume_id = "2" }, hint)
      assert.same({ "listVirtualMachines listVolumes", "attachVolume createTags" }, cpi.waves)
    end)
  end

  it("answers the hint of a disk that the VM has already", function()
    local hint, cpi = attach { vm "XenServer", disk { virtualmachineid = "v", deviceid = 4,
      tags = { { key = "bosh_taken", value = "true" } } } }
    assert.same({ path = "/dev/xvde", volume_id = "4" }, hint)
    assert.same({ "listVirtualMachines listVolumes" }, cpi.waves)
  end)

  it("warns where such a disk cannot be marked", function()
    local lines = {}
    local hint = attach { capture = lines, vm "XenServer", disk { virtualmachineid = "v", deviceid = 4 },
      { "createTags", { ["tags[0].key"] = "bosh_taken" }, refuse = "no such right", code = 432 } }
    assert.equal("/dev/xvde", hint.path)
    local text = table.concat(lines, "\n")
    assert.truthy(text:find("warn createTags: no such right", 1, true), text)
  end)

  it("marks such a disk as taken where a process that died did not come to that", function()
    local hint, cpi = attach { vm "XenServer", disk { virtualmachineid = "v", deviceid = 4 },
      { "createTags", { ["tags[0].key"] = "bosh_taken" }, job = {} } }
    assert.equal("/dev/xvde", hint.path)
    assert.same({ "listVirtualMachines listVolumes", "createTags" }, cpi.waves)
  end)

  it("is refused for a disk that another VM has", function()
    local failure = fake.failure(attach, { vm "KVM", disk { virtualmachineid = "w", vmname = "cpivm-2", deviceid = 1 } })
    assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-2', not to 'cpivm-1'", failure.message)
  end)

  it("says what is missing", function()
    assert.equal("Bosh::Clouds::VMNotFound", fake.failure(attach, { { "listVirtualMachines", {}, {} }, disk() }).type)
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(attach, { vm "KVM", { "listVolumes", {}, {} } }).type)
  end)
end)
