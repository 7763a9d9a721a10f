local fake = require "tests.support.fake"
local update_disk = require "verbs.update_disk"

local GIB = 1024 * 1024 * 1024

local function disk(gigabytes, offering)
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { { id = "d", name = "cpi-disk-1", state = "Ready",
    size = gigabytes * GIB, diskofferingid = offering or "dc", zoneid = "z1", zonename = "zone1" } } } }
end
local function again(...) return { "listVolumes", { id = "d" }, disk(...)[3] } end

local offerings = { "listDiskOfferings", {}, { diskoffering = {
  { id = "dc", name = "custom", iscustomized = true }, { id = "ds", name = "ssd", iscustomized = true, tags = "ssd" },
  { id = "d50", name = "fifty", disksize = 50 },
} } }

local function server(version) return { "listCapabilities", {}, { capability = { cloudstackversion = version or "4.19.0.0" } } } end

local function update(script, gigabytes, properties, options)
  for key, value in pairs(options or {}) do script[key] = value end
  local function run()
    local cpi <close> = fake.cpi(script)
    local ok, result = pcall(update_disk, cpi, "cpi-disk-1", gigabytes * 1024, properties or {})
    return ok, result, cpi
  end
  local ok, result, cpi = run()
  if not ok then error(result, 0) end
  return result, cpi
end

local good = { volume = { id = "d" } }

describe("update_disk", function()
  it("changes the offering and the size in one wave and one job, and the CID stays", function()
    local result, cpi = update({ server(), offerings, disk(10), { "changeOfferingForVolume",
      { id = "d", diskofferingid = "ds", size = 12, automigrate = true }, without = { "shrinkok" }, job = good } }, 12,
      { disk_offering = "ssd" })
    assert.is_nil(result)
    assert.same({ "listCapabilities listDiskOfferings listVolumes", "changeOfferingForVolume" }, cpi.waves)
  end)

  it("sends no size with a fixed offering", function()
    update({ server(), offerings, disk(10), { "changeOfferingForVolume", { diskofferingid = "d50" }, without = { "size" },
      job = good } }, 30, { disk_offering = "fifty" })
  end)

  it("only resizes where the offering is the same, and does nothing where the size is, too", function()
    update({ server(), offerings, disk(10), { "resizeVolume", { size = 12 }, without = { "diskofferingid" }, job = good } }, 12,
      { disk_offering = "custom" })
    update({ server(), offerings, disk(12) }, 12, { disk_offering = "custom" })
    update({ server(), offerings, disk(50, "d50") }, 30, { disk_offering = "fifty" })
  end)

  it("takes a fixed offering where customised ones end", function()
    local limited = { "listCapabilities", {}, { capability = { cloudstackversion = "4.19.0.0", customdiskofferingmaxsize = 40 } } }
    update({ limited, offerings, disk(10), { "changeOfferingForVolume", { id = "d", diskofferingid = "d50" }, job = good } }, 45)
    local failure = fake.failure(update, { limited, offerings, disk(10) }, 45, { disk_offering = "custom" })
    assert.equal("disk offering 'custom': customised disks have 40 GB at most here, 45 GB are asked for", failure.message)
  end)

  it("asks the policy where the manifest names no offering", function()
    local asked
    update({ server(), offerings, disk(10), { "changeOfferingForVolume", { diskofferingid = "ds", size = 20 }, job = good } }, 20,
      {}, { policies = { disk_offering = function(facts)
        asked = facts
        return { offering = facts.offerings[2] }
      end } })
    assert.same({ "persistent", 20, "dc" }, { asked.kind, asked.size, asked.current })
  end)

  it("goes by resizeVolume before 4.17, and for a role without the newer command", function()
    local plain = { "resizeVolume", { diskofferingid = "d50" }, without = { "size" }, job = good }
    update({ server "4.15.2.0", offerings, disk(10), plain }, 30, { disk_offering = "fifty" })
    update({ server(), offerings, disk(10), { "changeOfferingForVolume", {}, code = 432,
      refuse = "The API [changeOfferingForVolume] does not exist or is not available for the account bosh." }, plain }, 30,
      { disk_offering = "fifty" })
  end)

  it("leaves what CloudStack cannot do in place to the director, and the disk as it is", function()
    local tags = { "resizeVolume", {}, job_fails = "The tags on the new and old disk offerings must match.", code = 432 }
    assert.equal("Bosh::Clouds::NotImplemented", fake.failure(update, { server "4.15.2.0", offerings, disk(10), tags, again(10) },
      12, { disk_offering = "ssd" }).type)
    local failure = fake.failure(update, { server(), offerings, disk(10), { "changeOfferingForVolume", {}, code = 431,
      job_fails = "it is an odd offering" }, again(10) }, 12, { disk_offering = "ssd" })
    assert.equal("Bosh::Clouds::NotImplemented", failure.type)
    assert.equal("giving disk cpi-disk-1 the offering 'ssd': changeOfferingForVolume: it is an odd offering (431)",
      failure.message)
  end)

  it("raises what another disk would meet as well", function()
    assert.equal("Bosh::Clouds::CloudError", fake.failure(update, { server(), offerings, disk(10), { "changeOfferingForVolume", {},
      code = 535, job_fails = "Maximum amount of resources of Type = 'primary_storage'" }, again(10) }, 12,
      { disk_offering = "ssd" }).type)
  end)

  it("finds a change whose answer is lost", function()
    update({ server(), offerings, disk(10), { "changeOfferingForVolume", {}, fault = "closed", sent = true, unknown = true },
      again(12, "ds") }, 12, { disk_offering = "ssd" })
    update({ server(), offerings, disk(12), { "changeOfferingForVolume", {}, fault = "closed", sent = true, unknown = true },
      again(12, "dc"), { "changeOfferingForVolume", {}, job = good } }, 12, { disk_offering = "ssd" })
  end)

  it("is NotSupported for a smaller disk and for another zone", function()
    assert.equal("Bosh::Clouds::NotSupported", fake.failure(update, { server(), offerings, disk(10) }, 9).type) -- kept: custom
    assert.equal("disk 'cpi-disk-1' is in zone 'zone1' and does not move to zone 'zone2'",
      fake.failure(update, { server(), offerings, disk(10) }, 10, { zone = "zone2" }).message)
    update({ server(), offerings, disk(10) }, 10, { zone = "z1" })
  end)

  it("refuses bad properties before anything is asked", function()
    assert.equal("cloud_properties of the disk: 'disk_ofering' is not known (did you mean 'disk_offering'?)",
      fake.failure(update, {}, 10, { disk_ofering = "x" }).message)
  end)
end)
