local fake = require "tests.support.fake"
local resize_disk = require "verbs.resize_disk"

local GIB = 1024 * 1024 * 1024

local function disk(gigabytes, offering, more)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready", size = gigabytes * GIB, diskofferingid = offering or "dc",
    zoneid = "z1", zonename = "zone1" }
  for key, value in pairs(more or {}) do row[key] = value end
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function offerings(...)
  return { "listDiskOfferings", {}, { diskoffering = {
    { id = "dc", name = "custom", iscustomized = true, storagetype = "shared" },
    { id = "d20", name = "twenty", disksize = 20, storagetype = "shared" }, ...,
  } } }
end

local function server(version) return { "listCapabilities", {}, { capability = { cloudstackversion = version or "4.19.0.0" } } } end
local function grown(gigabytes) return { volume = { id = "d", size = gigabytes * GIB } } end

local function resize(script, megabytes, options)
  for key, value in pairs(options or {}) do script[key] = value end
  local function run()
    local cpi <close> = fake.cpi(script)
    local ok, result = pcall(resize_disk, cpi, "cpi-disk-1", megabytes)
    return ok, result, cpi
  end
  local ok, result, cpi = run()
  if not ok then error(result, 0) end
  return result, cpi
end

describe("resize_disk", function()
  it("grows the disk in one wave and one job, rounded up", function()
    local result, cpi = resize({ server(), offerings(), disk(10),
      { "resizeVolume", { id = "d", size = 12 }, without = { "diskofferingid", "shrinkok" }, job = grown(12) } }, 11 * 1024 + 1)
    assert.is_nil(result)
    assert.same({ "listCapabilities listDiskOfferings listVolumes", "resizeVolume" }, cpi.waves)
  end)

  it("does nothing for a disk that has the size", function()
    resize({ server(), offerings(), disk(10) }, 10 * 1024 - 5)
  end)

  it("never makes a disk smaller", function()
    local failure = fake.failure(resize, { server(), offerings(), disk(10) }, 9 * 1024)
    assert.equal("Bosh::Clouds::NotSupported", failure.type)
    assert.equal("disk 'cpi-disk-1' has 10 GB and is not made smaller, 9 GB are asked for", failure.message)
  end)

  it("takes the size that a fixed offering gives for the one that was asked", function()
    resize({ server(), offerings(), disk(20, "d20") }, 15 * 1024)
    assert.equal("Bosh::Clouds::NotSupported", fake.failure(resize, { server(), offerings(), disk(30, "d20") }, 15 * 1024).type)
  end)

  it("gives a disk of a fixed offering another size where CloudStack does", function()
    resize({ server(), offerings(), disk(20, "d20"), { "resizeVolume", { size = 25 }, job = grown(25) } }, 25 * 1024)
  end)

  it("gives it another offering before 4.17, as the policy says", function()
    resize({ server "4.15.2.0", offerings(), disk(20, "d20"),
      { "resizeVolume", { id = "d", diskofferingid = "dc", size = 25 }, job = grown(25) } }, 25 * 1024)
    local ssd = { id = "d50", name = "fifty", disksize = 50, tags = "ssd", storagetype = "shared" }
    local asked
    resize({ server "4.15.2.0", offerings(ssd), disk(20, "d20"),
      { "resizeVolume", { diskofferingid = "dc", size = 25 }, job = grown(25) } }, 25 * 1024,
      { policies = { disk_offering = function(facts, default)
        asked = facts
        return default(facts)
      end } })
    assert.equal("d20", asked.current)
    assert.equal(2, #asked.offerings) -- not the one with other tags
  end)

  it("passes over a configured offering that does not do", function()
    resize({ server "4.15.2.0", offerings(), disk(20, "d20"), { "resizeVolume", { diskofferingid = "dc" }, job = grown(25) } },
      25 * 1024, { settings = { cloudstack = { default_offer = { disk = "twenty" } } } })
  end)

  it("is NotImplemented where no offering takes its place", function()
    local ssd = { id = "d5", name = "five", disksize = 5, tags = "ssd", storagetype = "shared" }
    local failure = fake.failure(resize, { server "4.15.2.0", offerings(ssd), disk(5, "d5") }, 25 * 1024)
    assert.equal("Bosh::Clouds::NotImplemented", failure.type)
    assert.equal("disk 'cpi-disk-1' has the disk offering 'five', whose size does not change, and nothing takes its place: "
      .. "policy disk_offering (default): no disk offering gives 25 GB", failure.message)
  end)

  it("does not hide a broken policy behind NotImplemented", function()
    assert.equal("Bosh::Clouds::CpiError", fake.failure(resize, { server "4.15.2.0", offerings(), disk(20, "d20") }, 25 * 1024,
      { policies = { disk_offering = function() error "broken" end } }).type)
  end)

  for text, kind in pairs {
    ["Hypervisor LXC does not support volume resize"] = "NotImplemented",
    ["Resize of volume d is not allowed, since disk size is strictly fixed as per the disk offering"] = "NotImplemented",
    ["Storage pool P does not have enough space to resize volume x"] = "NoDiskSpace",
    ["Volume size: 99999 GB is out of allowed range. Min: 1. Max: 1024"] = "CloudError",
    ["The VM must be stopped or the disk detached in order to resize with the XenServer Hypervisor."] = "CloudError",
  } do
    it(("is %s where CloudStack says: %s"):format(kind, text), function()
      local failure = fake.failure(resize, { server(), offerings(), disk(10),
        { "resizeVolume", {}, job_fails = text, code = 432 }, { "listVolumes", { id = "d" }, disk(10)[3] } }, 20 * 1024)
      assert.equal("Bosh::Clouds::" .. kind, failure.type)
      assert.equal(("resizing disk cpi-disk-1 to 20 GB: resizeVolume: %s (432)"):format(text), failure.message)
    end)
  end

  it("is NotImplemented for a role without the command", function()
    local failure = fake.failure(resize, { server(), offerings(), disk(10), { "resizeVolume", {}, code = 432,
      refuse = "The API [resizeVolume] does not exist or is not available for the account bosh." } }, 20 * 1024)
    assert.equal("Bosh::Clouds::NotImplemented", failure.type)
  end)

  it("finds out what became of a resize whose answer is lost", function()
    resize({ server(), offerings(), disk(10), { "resizeVolume", {}, fault = "closed", sent = true, unknown = true },
      { "listVolumes", { id = "d" }, disk(20)[3] } }, 20 * 1024)
    resize({ server(), offerings(), disk(10), { "resizeVolume", {}, fault = "closed", sent = true, unknown = true },
      { "listVolumes", { id = "d" }, disk(10)[3] }, { "resizeVolume", {}, job = grown(20) } }, 20 * 1024)
  end)

  it("takes a job that died for what it did", function()
    resize({ server(), offerings(), disk(10), { "resizeVolume", {}, dies = true }, { "listVolumes", { id = "d" }, disk(20)[3] } },
      20 * 1024)
  end)

  it("says what is wrong with its arguments, and that a disk is gone", function()
    local cpi <close> = fake.cpi {}
    assert.equal("argument new_size must be a whole number of megabytes above 0, got 0",
      fake.failure(resize_disk, cpi, "cpi-disk-1", 0).message)
    assert.equal("Bosh::Clouds::CpiError", fake.failure(resize_disk, cpi, nil, 5).type)
  end)

  it("is DiskNotFound for a disk that is gone", function()
    assert.equal("Bosh::Clouds::DiskNotFound", fake.failure(resize, { server(), offerings(), { "listVolumes", {}, {} } }, 5).type)
  end)
end)
