-- What calculate_vm_cloud_properties answers, create_vm takes: held in clouds that make it hard.

local native = require "host_native"
local trial = require "operator.trial"

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

  it("is none beyond what CloudStack can count", function()
    local failure = new(only_custom {}).failure("calculate_vm_cloud_properties", wanted(10 ^ 18 // 1 | 0, 512))
    assert.truthy(failure.message:find("no service offering has 1000000000000000000 CPUs and 512 MB", 1, true))
    failure = new().failure("calculate_vm_cloud_properties", wanted(1, 512, math.maxinteger))
    assert.truthy(failure.message:find("no disk offering gives 9007199254740992 GB", 1, true), failure.message)
  end)

  it("is none of local storage where the zone has none", function()
    local world = { zones = { { name = "zone1", localstorage = false } },
      service_offerings = { { name = "local.tiny", cpu = 1, mhz = 500, memory = 512, storage = "local" } },
      disk_offerings = { { name = "local.small", size = 5, storage = "local" }, { name = "shared.custom", absent = true } } }
    local properties = kept(new(world), wanted(1, 512, 2048))
    assert.equal("shared.small", properties.compute_offering)
    assert.equal("shared.small", properties.ephemeral_disk_offering)
  end)
end)

describe("what calculate_vm_cloud_properties promises for several zones", function()
  local function net(zone) return { default = { type = "dynamic", cloud_properties = { name = "net-" .. zone } } } end

  -- Two zones; offerings of each name, `big` twice as large in the second; and what is asked for by the context's zone.
  local function cloud(more, calculate, default_zone)
    local world = {
      zones = { { name = "zone2" } },
      clusters = { { name = "c2", zone = "zone2", hosts = { { name = "h2", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } },
        pools = { { name = "p2", size = 1024 } } } },
      networks = { { name = "net-zone1", zone = "zone1", type = "Isolated", cidr = "10.7.0.0/24", gateway = "10.7.0.1" },
        { name = "net-zone2", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1" } },
      service_offerings = { table.unpack(fixed_away) },
      disk_offerings = { { name = "shared.custom", absent = true }, { name = "shared.small", absent = true },
        { name = "shared.medium", absent = true }, { name = "local.custom", absent = true } },
    }
    for _, network in ipairs(world.networks) do network.account = "bosh" end
    table.insert(world.service_offerings, { name = "shared.custom.compute", absent = true })
    for key, rows in pairs(more) do
      for _, row in ipairs(rows) do table.insert(world[key], row) end
    end
    return trial.new { host = native, world = world, settings = { cloudstack = { calculate = calculate } },
      context = { default_zone = default_zone } }
  end

  local function size(name, cpu, memory, zone, more)
    local row = { name = name, cpu = cpu, mhz = 1000, memory = memory, zone = zone }
    for key, value in pairs(more or {}) do row[key] = value end
    return row
  end

  local disks = { { name = "disk.any", size = 20 } }

  -- The properties, after a VM of them was made in each of the zones.
  local function kept(t, wish, zones)
    local properties = t.call("calculate_vm_cloud_properties", wish)
    for _, zone in ipairs(zones) do
      local there = { zone = zone }
      for key, value in pairs(properties) do there[key] = value end
      local vm = t.vm(t.cid { cloud_properties = there, networks = net(zone) })
      assert.equal(zone, vm.zonename)
      assert.is_true(vm.cpunumber >= wish.cpu and vm.memory >= wish.ram)
    end
    return properties
  end

  local both = { "zone1", "zone2" }

  it("names an offering that every zone has", function()
    local t = cloud { service_offerings = { size("tiny", 1, 512, "zone1"), size("any", 2, 2048) }, disk_offerings = disks }
    local properties = kept(t, wanted(2, 2048), both)
    assert.same({ compute_offering = "any", disk = 1024, ephemeral_disk_offering = "disk.any" }, properties)
  end)

  it("leaves the choice to create_vm where no offering will do in every zone", function()
    local t = cloud { service_offerings = { size("one", 2, 2048, "zone1"), size("two", 2, 2048, "zone2") },
      disk_offerings = { { name = "d1", size = 20, zone = "zone1" }, { name = "d2", size = 20, zone = "zone2" } } }
    assert.same({ cpu = 1, ram = 1024, disk = 1024 }, kept(t, wanted(1, 1024), both))
  end)

  it("is for the zone that the context names, and says where tags leave none", function()
    local gold = { hosttags = "gold" }
    local t = cloud({ service_offerings = { size("one", 2, 2048, "zone1"), size("two", 2, 2048, "zone2") },
      disk_offerings = disks }, {}, "zone2")
    assert.equal(2, kept(t, wanted(2, 2048), both).cpu)
    t = cloud({ service_offerings = { size("one", 2, 2048, "zone1"), size("two", 2, 2048, "zone2", gold) },
      disk_offerings = disks }, { compute_tags = { "gold" } }, "zone2")
    assert.equal("two", t.call("calculate_vm_cloud_properties", wanted(1, 512)).compute_offering)
    assert.truthy(table.concat(t.log, "\n"):find("warn service offering 'two' is the one for cloudstack.calculate.*, and none "
      .. "that suits in zone zone1: VMs will be refused there", 1, true))
  end)
end)
