local fake = require "tests.support.fake"
local volumes = require "cloudstack.volumes"

local vm = { id = "vm-1", name = "cpivm-1" }
local disk = { id = "d1", name = "cpi-disk-1" }
local attached = { volume = { { id = "d1", name = "cpi-disk-1", virtualmachineid = "vm-1", deviceid = 4 } } }
local elsewhere = { volume = { { id = "d1", name = "cpi-disk-1", virtualmachineid = "vm-2", deviceid = 1 } } }
local free = { volume = { { id = "d1", name = "cpi-disk-1", state = "Ready" } } }

describe("a disk's CID", function()
  it("has the form of the earlier CPIs", function()
    assert.equal("cpi-disk-u", volumes.new_cid "u")
  end)

  it("is looked for by name, or by id", function()
    assert.same({ name = "cpi-disk-1" }, volumes.request("cpi-disk-1")[2])
    local id = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
    assert.same({ id = id }, volumes.request(id)[2])
  end)

  it("has a size in whole GB, rounded up", function()
    assert.equal(2, volumes.gigabytes { size = 1024 ^ 3 // 1 | 1 })
    assert.equal(1, volumes.gigabytes { size = 1024 ^ 3 // 1 | 0 })
  end)

  it("means no volume that is being destroyed", function()
    for _, state in ipairs { "Destroy", "Destroyed", "Expunging", "Expunged" } do
      assert.is_nil(volumes.pick({ { id = "d", name = "x", state = state } }, "x"))
    end
    assert.equal("d", volumes.pick({ { id = "d", name = "x", state = "Allocated" }, { id = "e", name = "x", state = "Destroy" } },
      "x").id)
  end)
end)

describe("an ephemeral disk", function()
  local function is(volume)
    volume.name, volume.type = volume.name or "DATA-7", volume.type or "DATADISK"
    return volumes.is_ephemeral(volume)
  end

  it("is known by its tag, or the earlier CPIs' name, or as CloudStack made it", function()
    assert.is_true(is { tags = { { key = "a", value = "b" }, { key = "bosh_ephemeral_of", value = "cpivm-1" } } })
    assert.is_true(is { name = "cpi-ephemeral-disk-1" })
    assert.is_true(is { deviceid = 1 })
  end)

  it("is no root disk, no persistent disk and nobody else's", function()
    assert.is_false(is { type = "ROOT", name = "ROOT-7", deviceid = 0 })
    assert.is_false(is { name = "cpi-disk-1", deviceid = 1 })
    assert.is_false(is { deviceid = 2 })
    assert.is_false(is { deviceid = 1, tags = { { key = "owner", value = "somebody" } } })
    assert.is_false(is { name = "DATA-x", deviceid = 1 })
  end)

  it("is an orphan once no VM has it, as the Go CPI leaves them", function()
    local function orphan(volume)
      volume.type = "DATADISK"
      return volumes.is_orphan(volume)
    end
    assert.is_true(orphan { name = "cpi-ephemeral-disk-1", state = "Ready" })
    assert.is_true(orphan { name = "DATA-7", state = "Ready", tags = { { key = "bosh_ephemeral_of", value = "cpivm-1" } } })
    assert.is_false(orphan { name = "cpi-ephemeral-disk-1", state = "Ready", virtualmachineid = "v" })
    assert.is_false(orphan { name = "cpi-ephemeral-disk-1", state = "Expunged" })
    assert.is_false(orphan { name = "DATA-7", state = "Ready" })
    assert.is_false(orphan { name = "cpi-disk-1", state = "Ready" })
  end)

  it("is never asked for without its VM", function()
    assert.has_error(function() volumes.request_of_vm {} end)
  end)
end)

describe("deleting disks", function()
  local function delete(script, list)
    local cpi <close> = fake.cpi(script)
    volumes.delete_all(cpi, list or { disk })
    return cpi
  end

  it("goes out at once for all", function()
    local cpi = delete({ { "deleteVolume", { id = "d1" } }, { "deleteVolume", { id = "d2" } } }, { disk, { id = "d2" } })
    assert.same({ "deleteVolume deleteVolume" }, cpi.waves)
  end)

  it("of none sends nothing", function() delete({}, {}) end)

  it("that are gone is a success", function()
    delete { { "deleteVolume", {}, refuse = "Unable to find volume with ID: 7" } }
    delete { { "deleteVolume", {}, refuse = "Invalid parameter id value=x due to incorrect long value format, or entity does "
      .. "not exist or due to incorrect parameter annotation for the field in api cmd class." } }
  end)

  it("is tried twice when the hypervisor fails: the first may leave the volume half deleted", function()
    delete { { "deleteVolume", {}, refuse = "Internal error", code = 530 }, { "deleteVolume", { id = "d1" } } }
  end)

  it("raises for the disk that stays", function()
    assert.equal("deleting disk cpi-disk-1: deleteVolume: Internal error (530)", fake.failure(delete, {
      { "deleteVolume", {}, refuse = "Internal error", code = 530 },
      { "deleteVolume", {}, refuse = "Internal error", code = 530 },
    }).message)
    assert.equal(431, fake.failure(delete, { { "deleteVolume", {},
      refuse = "Please specify a volume that is not attached to any VM.", code = 431 } }).failure.code)
  end)

  it("repeats a lost request, for a second delete does no harm", function()
    delete { { "deleteVolume", {}, fault = "closed", sent = true },
      { "deleteVolume", {}, refuse = "Unable to find volume with ID: 7" } }
  end)
end)

describe("attaching a disk", function()
  local function attach(script)
    local cpi <close> = fake.cpi(script)
    return volumes.attach(cpi, disk, vm), cpi
  end

  it("answers the device that CloudStack chose", function()
    assert.equal(4, (attach { { "attachVolume", { id = "d1", virtualmachineid = "vm-1" },
      job = { volume = { id = "d1", deviceid = 4 } }, without = { "deviceid" } } }))
  end)

  local taken = { "attachVolume", {}, job_fails = "Please specify a volume that is not attached to any VM.", code = 431 }
  local look = function(rows) return { "listVolumes", { id = "d1" }, rows } end

  it("that is there already looks, and is done", function()
    assert.equal(4, (attach { taken, look(attached) }))
  end)

  it("that another VM has is an error, for the same words", function()
    assert.equal(431, fake.failure(attach, { taken, look(elsewhere) }).failure.code)
  end)

  for _, words in ipairs {
    "Volume state must be in Allocated, Ready or in Uploaded state", "Volume x is in Attaching. It should be in Ready",
  } do
    it("is tried again while another attach is under way: " .. words, function()
      local busy = { "attachVolume", {}, job_fails = words, code = 431 }
      local device, cpi = attach { busy, busy, { "attachVolume", {}, job = { volume = { deviceid = 1 } } } }
      assert.equal(1, device)
      local ids = {}
      for _, request in ipairs(cpi.sent) do ids[request[2].customjobid] = true end
      assert.equal(3, #require("base.tables").sorted_keys(ids), "each try is a job of its own")
    end)
  end

  local function fails_for_ever(words, code)
    local script = {}
    for i = 1, 60 do script[i] = { "attachVolume", {}, job_fails = words, code = code } end
    return script
  end

  -- The seconds of an attach that never goes well, by the pauses between its tries.
  local function seconds_of(words)
    local asked, script = 0, fails_for_ever(words, 530)
    script.policies = { retry = function(facts, default)
      asked = facts.elapsed
      return default(facts)
    end }
    pcall(fake.failure, attach, script)
    return asked
  end

  it("waits for the tools of a XenServer guest, five minutes", function()
    local seconds = seconds_of "Failed to attach volume to VM which requires PV drivers to be installed"
    assert.is_true(seconds >= 300 and seconds < 310, tostring(seconds))
  end)

  it("does not wait for ever where a disk is in another state", function()
    local seconds = seconds_of "Volume state must be in Allocated, Ready or in Uploaded state"
    assert.is_true(seconds >= 60 and seconds < 70, tostring(seconds))
  end)

  it("raises a permanent failure at once", function()
    local failure = fake.failure(attach, {
      { "attachVolume", {}, job_fails = "The specified VM already has the maximum number of data disks (6)", code = 431 },
      look(free),
    })
    assert.truthy(failure.message:find("attaching disk cpi-disk-1 to VM cpivm-1: attachVolume: The specified VM", 1, true))
  end)

  it("whose reply was lost looks at the disk", function()
    assert.equal(4, (attach { { "attachVolume", {}, fault = "closed", sent = true, unknown = true }, look(attached) }))
  end)
end)

describe("detaching a disk", function()
  local mine = { id = "d1", name = "cpi-disk-1", virtualmachineid = "vm-1", vmname = "cpivm-1" }
  local function detach(script)
    local cpi <close> = fake.cpi(script)
    volumes.detach(cpi, mine)
  end

  it("names the disk by its id, never by VM and device", function()
    detach { { "detachVolume", { id = "d1" }, job = {}, without = { "virtualmachineid", "deviceid" } } }
  end)

  it("that is off already looks, and is done", function()
    detach { { "detachVolume", {}, job_fails = "The specified volume is not attached to a VM.", code = 431 },
      { "listVolumes", { id = "d1" }, free } }
  end)

  it("raises when the disk stays", function()
    local failure = fake.failure(detach, { { "detachVolume", {}, job_fails = "host said no", code = 530 },
      { "listVolumes", { id = "d1" }, attached } })
    assert.equal("detaching disk cpi-disk-1 from VM cpivm-1: detachVolume: host said no (530)", failure.message)
  end)
end)

describe("a volume in the state", function()
  for _, state in ipairs { "Destroy", "Destroyed", "Expunging", "Expunged" } do
    it(state .. " is deleted", function() assert.is_true(volumes.is_deleted { state = state }) end)
  end
  for _, state in ipairs { "Ready", "Allocated", "Attaching" } do
    it(state .. " is not deleted", function() assert.is_false(volumes.is_deleted { state = state }) end)
  end
end)
