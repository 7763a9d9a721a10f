local fake = require "tests.support.fake"
local vm_disks = require "disks.with_vm"

local zone = { id = "z1", name = "zone1" }
local ten = { id = "d10", name = "ten", disksize = 10 }
local custom = { id = "dc", name = "shared.custom", iscustomized = true }

local function ephemeral(properties)
  local cpi <close> = fake.cpi {}
  return vm_disks.plan(cpi, { properties = properties }, { zone = zone, disk_offerings = { ten, custom }, can = {} }).ephemeral
end

describe("the ephemeral disk", function()
  it("is absent where nobody asks for one", function()
    assert.is_nil(ephemeral {})
    assert.is_nil(ephemeral { disk = 0 })
    assert.same({}, vm_disks.ask(nil, { properties = {}, disk_cids = {} }))
    assert.equal("listDiskOfferings", vm_disks.ask(nil, { properties = { disk = 1 } }).disk_offerings[1])
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

describe("the disks made with a VM", function()
  it("are neither the root disk nor others", function()
    local made = vm_disks.made_with {
      { id = "r", type = "ROOT", name = "ROOT-1", deviceid = 0 }, { id = "e", type = "DATADISK", name = "DATA-1", deviceid = 1 },
      { id = "p", type = "DATADISK", name = "cpi-disk-1", deviceid = 2 },
    }
    assert.same({ 1, "e" }, { #made, made[1].id })
  end)
end)
