local fake = require "spec.support.fake"
local vm_disks = require "disks.with_vm"

local zone = { id = "z1", name = "zone1" }
local ten = { id = "d10", name = "ten", disksize = 10 }
local custom = { id = "dc", name = "shared.custom", iscustomized = true }

local function ephemeral(properties)
  local cpi <close> = fake.cpi {}
  return vm_disks.ephemeral(cpi, { properties = properties }, { zone = zone, disk_offerings = { ten, custom }, can = {} })
end

describe("the ephemeral disk", function()
  it("is absent where nobody asks for one", function()
    assert.is_nil(ephemeral {})
    assert.is_nil(ephemeral { disk = 0 })
    local requests = {}
    vm_disks.add_requests(requests, { properties = {}, disk_cids = {} })
    assert.same({}, requests)
  end)

  it("has the size in GB, rounded up", function()
    assert.same({ offering = custom, size = 2 }, ephemeral { disk = 1500 })
  end)

  it("may be whatever its fixed offering gives", function()
    assert.same({ offering = ten }, ephemeral { ephemeral_disk_offering = "ten" })
  end)

  it("is never smaller than asked", function()
    assert.has_error(function() ephemeral { disk = 10241, ephemeral_disk_offering = "ten" } end)
  end)
end)

describe("the persistent disks", function()
  local function check(rows)
    vm_disks.check_persistent({ disk_cids = { "cpi-disk-1" } }, { zone = zone, ["disk 1"] = rows })
  end

  it("are looked up by name in the first wave", function()
    local requests = {}
    vm_disks.add_requests(requests, { properties = { disk = 1 }, disk_cids = { "cpi-disk-1", "cpi-disk-2" } })
    assert.equal("cpi-disk-2", requests["disk 2"][2].name)
    assert.equal("listDiskOfferings", requests.disk_offerings[1])
  end)

  it("must exist", function()
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(check, {}).type)
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(check, { { id = "d", name = "cpi-disk-1", state = "Destroy" } }).type)
  end)

  it("must be in the zone of the VM", function()
    check { { id = "d", name = "cpi-disk-1", state = "Ready", zoneid = "z1" } }
    assert.equal("disk 'cpi-disk-1' is in zone 'zone2', the VM would be in zone 'zone1'",
      fake.failure(check, { { id = "d", name = "cpi-disk-1", zoneid = "z2", zonename = "zone2" } }).message)
  end)
end)

describe("the disks made with a VM", function()
  it("are neither the root disk nor others", function()
    local made = vm_disks.made_with {
      { id = "r", type = "ROOT", name = "ROOT-1", deviceid = 0 }, { id = "e", type = "DATADISK", name = "DATA-1", deviceid = 1 },
      { id = "p", type = "DATADISK", name = "cpi-disk-1", deviceid = 2 },
    }
    assert.same({ 1, "e" }, { #made, made[1].id })
  end)
end)
