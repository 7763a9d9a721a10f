-- What calculate_vm_cloud_properties answers, create_vm takes: held in clouds that make it hard.

local native = require "host_native"
local trial = require "trial"

local function new(world, calculate)
  return trial.new { host = native, world = world, settings = { cloudstack = { calculate = calculate } } }
end

local function wanted(cpu, ram, disk) return { cpu = cpu, ram = ram, ephemeral_disk_size = disk or 1024 } end

local fixed_away = {}
for _, name in ipairs { "shared.small", "shared.medium", "shared.large" } do
  fixed_away[#fixed_away + 1] = { name = name, absent = true }
end

local function only_custom(limits)
  local services = { { name = "shared.custom.compute", limits = limits } }
  for _, row in ipairs(fixed_away) do services[#services + 1] = row end
  return { service_offerings = services }
end

describe("what calculate_vm_cloud_properties promises", function()
  local function kept(t, size)
    local properties = t.call("calculate_vm_cloud_properties", size)
    local cid = t.cid { cloud_properties = properties }
    return properties, t.vm(cid)
  end

  it("is kept with fixed offerings", function()
    local properties, vm = kept(new(), wanted(2, 2000, 30000))
    assert.equal("shared.medium", properties.compute_offering)
    assert.equal(2, vm.cpunumber)
  end)

  it("is kept with a customised one, not below its least", function()
    local t = new(only_custom { mincpunumber = "2", maxcpunumber = "4", minmemory = "1024", maxmemory = "4096" })
    local properties, vm = kept(t, wanted(1, 3000))
    assert.equal("shared.custom.compute", properties.compute_offering)
    assert.equal(2, vm.cpunumber)
    assert.equal(3000, vm.memory)
  end)

  it("is none beyond what a customised one takes", function()
    local t = new(only_custom { maxcpunumber = "4", maxmemory = "4096" })
    local failure = t.failure("calculate_vm_cloud_properties", wanted(5, 1000))
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("no service offering has 5 CPUs and 1000 MB", 1, true))
    local _, why = pcall(t.cid, { cloud_properties = { compute_offering = "shared.custom.compute", cpu = 5, ram = 1000 } })
    assert.equal("service offering 'shared.custom.compute' takes 4 CPUs at most, 5 are wanted", why.message)
    assert.equal(0, t.sim.state().left.vms)
  end)

  it("is kept within the sizes of customised disks", function()
    local t = new { settings = { ["custom.diskoffering.size.min"] = 10, ["custom.diskoffering.size.max"] = 40 } }
    kept(t, wanted(1, 512, 1024))
    local properties = kept(t, wanted(1, 512, 45 * 1024))
    assert.equal("shared.medium", properties.ephemeral_disk_offering, "a fixed one, where customised ones end")
    assert.truthy(t.failure("calculate_vm_cloud_properties", wanted(1, 512, 60 * 1024)).message:find "no disk offering gives 60 GB")
  end)

  it("is kept where two zones have offerings of one name", function()
    local world = { zones = { { name = "zone2" } }, service_offerings = { { name = "tiny", cpu = 1, mhz = 500, memory = 512,
      zone = "zone2" } } }
    local properties = kept(new(world), wanted(1, 512))
    assert.equal("shared.small", properties.compute_offering)
  end)

  it("names an offering by its id where its name is not its alone", function()
    local offerings = require "cloudstack.offerings"
    local rows = { { id = "1", name = "a" }, { id = "2", name = "a" }, { id = "3", name = "b" } }
    assert.equal("1", offerings.handle(rows[1], rows))
    assert.equal("b", offerings.handle(rows[3], rows))
  end)

  it("honours tags exactly, and refuses when none is left", function()
    local world = { service_offerings = { { name = "ssd.small", cpu = 1, mhz = 1000, memory = 1024, storagetags = "ssd" },
      { name = "ssdlike", cpu = 1, mhz = 1000, memory = 600, storagetags = "ssd2" } },
      disk_offerings = { { name = "ssd.disk", size = 20, tags = "ssd" } } }
    local t = new(world, { compute_tags = { "ssd" }, disk_tags = { "ssd" } })
    local properties = t.call("calculate_vm_cloud_properties", wanted(1, 512))
    assert.equal("ssd.small", properties.compute_offering)
    assert.equal("ssd.disk", properties.ephemeral_disk_offering)
    local without = new(world, { not_compute_tags = { "ssd", "ssd2" }, not_disk_tags = { "ssd" } })
    assert.equal("shared.small", without.call("calculate_vm_cloud_properties", wanted(1, 512)).compute_offering)
    assert.truthy(new(world, { compute_tags = { "gold" } }).failure("calculate_vm_cloud_properties", wanted(1, 512)).message
      :find("no service offering has", 1, true))
  end)
end)
