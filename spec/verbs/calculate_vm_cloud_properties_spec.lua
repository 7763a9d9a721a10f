local calculate = require "verbs.calculate_vm_cloud_properties"
local fake = require "tests.support.fake"

local services = {
  { id = "s1", name = "small", cpunumber = 1, memory = 1024 }, { id = "s2", name = "big", cpunumber = 4, memory = 8192 },
  { id = "sc", name = "any", iscustomized = true, hosttags = "gold" },
}
local disks = { { id = "d10", name = "ten", disksize = 10 }, { id = "dc", name = "shared.custom", iscustomized = true } }

local function ask(desired, options)
  options = options or {}
  options[1] = { "listCapabilities", {}, { capability = {} } }
  options[2] = { "listDiskOfferings", {}, { diskoffering = options.disks or disks } }
  options[3] = { "listServiceOfferings", {}, { serviceoffering = options.services or services } }
  options[4] = { "listZones", {}, { zone = options.zones or { { id = "z1", name = "zone1" } } } }
  local cpi <close> = fake.cpi(options)
  local result = calculate(cpi, desired)
  assert.same({ "listCapabilities listDiskOfferings listServiceOfferings listZones" }, cpi.waves)
  return result
end

describe("calculate_vm_cloud_properties", function()
  it("answers what create_vm takes: the smallest offering that fits, and the disk", function()
    assert.same({ compute_offering = "big", ephemeral_disk_offering = "shared.custom", disk = 1500 },
      ask { cpu = 2, ram = 1024, ephemeral_disk_size = 1500 })
  end)

  it("adds CPU and memory for a customised offering", function()
    assert.same({ compute_offering = "any", cpu = 16, ram = 65536, ephemeral_disk_offering = "shared.custom", disk = 1024 },
      ask { cpu = 16, ram = 65536, ephemeral_disk_size = 1024 })
  end)

  it("names an offering by what leads to one that is large enough in every zone", function()
    local zones = { { id = "z2", name = "zone2" }, { id = "z1", name = "zone1" } }
    local function compute_offering(second, more)
      local rows = { { id = "s1", name = "same", cpunumber = 2, memory = 2048, zoneid = "z1" }, second, more }
      return ask({ cpu = 2, ram = 2048, ephemeral_disk_size = 1 }, { services = rows, zones = zones })
    end
    local large = { id = "s2", name = "same", cpunumber = 4, memory = 4096, zoneid = "z2" }
    assert.equal("same", compute_offering(large).compute_offering)
    local open = compute_offering({ id = "s2", name = "same", iscustomized = true, zoneid = "z2" })
    assert.same({ "same", 2, 2048 }, { open.compute_offering, open.cpu, open.ram })
    local small = compute_offering { id = "s2", name = "same", cpunumber = 1, memory = 512, zoneid = "z2" }
    assert.same({ cpu = 2, ram = 2048 }, { compute_offering = small.compute_offering, cpu = small.cpu, ram = small.ram })
    local everywhere = { id = "s3", name = "same", cpunumber = 8, memory = 16384 }
    assert.equal("s3", compute_offering(everywhere).compute_offering, "its name means two in zone1")
  end)

  it("chooses among the tags that the site names, by whole tags", function()
    local gold = { settings = { cloudstack = { calculate = { compute_tags = { "gold" } } } } }
    assert.equal("any", ask({ cpu = 1, ram = 512, ephemeral_disk_size = 1024 }, gold).compute_offering)
    local none = { settings = { cloudstack = { calculate = { compute_tags = { "gol" } } } } }
    local failure = fake.failure(ask, { cpu = 1, ram = 512, ephemeral_disk_size = 1 }, none)
    assert.truthy(failure.message:find("no service offering", 1, true))
  end)

  it("never answers less than was asked", function()
    local fixed = { services[1], services[2] }
    local failure = fake.failure(ask, { cpu = 8, ram = 1024, ephemeral_disk_size = 1 }, { services = fixed })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("no service offering has 8 CPUs and 1024 MB", 1, true), failure.message)
    failure = fake.failure(ask, { cpu = 1, ram = 1024, ephemeral_disk_size = 20000 }, { disks = { disks[1] } })
    assert.truthy(failure.message:find("no disk offering gives 20 GB", 1, true), failure.message)
  end)

  local function refused(key, value)
    local desired = { cpu = 1, ram = 1024, ephemeral_disk_size = 1024 }
    desired[key] = value or nil
    local cpi <close> = fake.cpi {}
    return fake.failure(calculate, cpi, desired).message
  end

  for key in pairs { cpu = 1, ram = 1 } do
    it("wants " .. key, function()
      for _, value in ipairs { false, 0, 1.5, "2" } do
        assert.equal("desired_instance_size." .. key .. " must be a whole number above 0", refused(key, value))
      end
    end)
  end

  it("wants ephemeral_disk_size, which may be 0: no such disk", function()
    for _, value in ipairs { false, -1, 1.5, "2" } do
      assert.equal("desired_instance_size.ephemeral_disk_size must be a whole number, 0 for none", refused("ephemeral_disk_size", value))
    end
    assert.same({ compute_offering = "big" }, ask { cpu = 2, ram = 1024, ephemeral_disk_size = 0 })
  end)
end)
