local disk_placement = require "disks.placement"
local fake = require "tests.support.fake"

local GIB = 1024 * 1024 * 1024
local zone = { id = "z1", name = "zone1" }

local function volume(more)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready", size = 10 * GIB, zoneid = "z1", zonename = "zone1",
    diskofferingid = "dl", diskofferingname = "local.custom" }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local function seen(more)
  local row = volume { storagetype = "local", storageid = "p2", storage = "h2-local", clusterid = "c1", clustername = "one" }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local GB100 = 100 * GIB
local pools = { "listStoragePools", {}, { storagepool = {
  { id = "p1", name = "h1-local", ipaddress = "10.0.0.1", scope = "HOST", state = "Up", disksizetotal = GB100 },
  { id = "p2", name = "h2-local", ipaddress = "10.0.0.2", scope = "HOST" } } } }
local hosts = { "listHosts", { type = "Routing" }, { host = {
  { id = "1", name = "h1", ipaddress = "10.0.0.1", clusterid = "c1", clustername = "one", state = "Up" },
  { id = "2", name = "h2", ipaddress = "10.0.0.2", clusterid = "c1", clustername = "one", state = "Up" } } } }

local disk_offerings = { "listDiskOfferings", {},
  { diskoffering = { { id = "dl", name = "local.custom", storagetype = "local" } } } }

describe("the place of a VM with disks", function()
  local function place(row, script, more)
    local cpi <close> = fake.cpi(script or {})
    local order = { disk_cids = { "cpi-disk-1" }, properties = more or {} }
    local found = { zones = { zone, { id = "z2", name = "zone2" } }, ["disk 1"] = { row },
      disk_offerings = { { id = "dl", name = "local.custom", storagetype = "local" } } }
    local where, answer = disk_placement.of_vm(cpi, order, found)
    return where, answer, cpi
  end

  it("is anywhere without disks, and nobody is asked", function()
    local cpi <close> = fake.cpi { policies = { disk_placement = function() error "asked" end } }
    assert.same({ "zone1" }, (disk_placement.of_vm(cpi, { disk_cids = {}, properties = {} }, {})))
  end)

  it("is the host of a local disk, found in one more wave", function()
    local where, answer, cpi = place(seen(), { hosts, pools })
    assert.same({ "zone1" }, where)
    assert.same({ parameters = { hostid = "2" }, strict = true, words = "on the host of its disks" }, answer)
    assert.same({ "listHosts listStoragePools" }, cpi.waves)
  end)

  it("is the cluster of a shared one, which the disk's row tells", function()
    local _, answer = place(seen { storagetype = "shared" })
    assert.same({ parameters = { clusterid = "c1" }, strict = false, words = "in the cluster of its disks" }, answer)
  end)

  it("is the zone of the disks where the manifest names none, or one of several", function()
    assert.same({ "zone2" }, (place(volume { zoneid = "z2" })))
    assert.same({ "zone2", "zone1" },
      (place(volume { zoneid = "z2" }, nil, { zones = { "zone1", "zone2" } })))
    assert.same({ "zone1" }, (place(volume { zoneid = "z2" }, nil, { zone = "zone1" })))
  end)

  it("is not asked of CloudStack for a user, who is told the kind of storage at least", function()
    local asked
    local _, answer = place(volume(), { policies = { disk_placement = function(facts, default)
      asked = facts
      return default(facts)
    end } })
    assert.is_nil(answer)
    assert.is_false(asked.sees_storage)
    assert.same({ cid = "cpi-disk-1", id = "d", size = 10, state = "Ready", zone_id = "z1", zone = "zone1",
      offering = "local.custom", storage = "local" }, asked.disks[1])
  end)
end)

describe("the disks that a VM is to have", function()
  local function check(rows)
    disk_placement.plan(nil, { disk_cids = { "cpi-disk-1" } }, { zone = zone, ["disk 1"] = rows })
  end

  it("are looked up by name in the first wave", function()
    local requests = disk_placement.ask(nil, { disk_cids = { "cpi-disk-1", "cpi-disk-2" } })
    assert.equal("cpi-disk-2", requests["disk 2"][2].name)
    assert.equal("listDiskOfferings", requests.disk_offerings[1])
    assert.same({}, disk_placement.ask(nil, { disk_cids = {} }))
  end)

  it("are a hint: one that is gone, or never was, is logged, and the VM is made", function()
    local t = require("operator.trial").new { host = require "host_native" }
    local disk, other = t.call("create_disk", 1024, {}), t.call("create_disk", 1024, {})
    t.call("delete_disk", disk)
    for _, gone in ipairs { disk, "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11" } do
      for _, disks in ipairs { { gone }, { gone, other } } do
        assert.equal("Running", t.vm(t.cid { disks = disks }).state)
        local words = ("warn disk '%s', which the VM is to get, is not in CloudStack"):format(gone)
        assert.truthy(table.concat(t.log, "\n"):find(words, 1, true))
      end
    end
  end)

  it("must be in the zone of the VM", function()
    check { { id = "d", name = "cpi-disk-1", state = "Ready", zoneid = "z1" } }
    assert.equal("disk 'cpi-disk-1' is in zone 'zone2', the VM would be in zone 'zone1'",
      fake.failure(check, { { id = "d", name = "cpi-disk-1", zoneid = "z2", zonename = "zone2" } }).message)
  end)
end)

describe("attaching a disk", function()
  local vm = { id = "v", name = "cpivm-1", state = "Running", zoneid = "z1", zonename = "zone1", hostid = "1", hostname = "h1" }
  local done = { "attachVolume", { id = "d", virtualmachineid = "v" }, job = { volume = { deviceid = 2 } } }

  local function attach(row, script, of)
    local cpi <close> = fake.cpi(script)
    return disk_placement.attach(cpi, of or vm, row), cpi
  end

  it("takes no look for a user, for a disk that lies nowhere, in a zone's pool, or for a stopped VM", function()
    attach(volume(), { done })
    attach(volume { state = "Allocated", storagetype = "local" }, { done })
    local wide = seen { storagetype = "shared" }
    wide.clusterid = nil
    attach(wide, { done })
    attach(seen(), { done }, { id = "v", name = "cpivm-1", state = "Stopped", zoneid = "z1", zonename = "zone1" })
  end)

  it("tells the policy both clusters", function()
    local asked
    local _, cpi = attach(seen { storagetype = "shared", clusterid = "c9" }, { hosts, done,
      policies = { disk_placement = function(facts)
        asked = facts
        return "attach"
      end } })
    assert.same({ "listHosts", "attachVolume" }, cpi.waves)
    assert.same({ "c9", "c1", "cluster" }, { asked.disks[1].cluster_id, asked.vm.cluster_id, asked.disks[1].scope })
  end)

  it("goes on where the disk is on the VM's host", function()
    local _, cpi = attach(seen { storageid = "p1" }, { hosts, disk_offerings, pools, done })
    assert.same({ "listHosts listDiskOfferings listStoragePools", "attachVolume" }, cpi.waves)
  end)

  it("moves it to the VM's host first where it is on another", function()
    local asked
    local device, cpi = attach(seen(), { hosts, disk_offerings, pools, { "migrateVolume", { volumeid = "d", storageid = "p1" },
      job = {} }, done, policies = { disk_placement = function(facts, default)
        asked = facts
        return default(facts)
      end } })
    assert.same({ { id = "p1", name = "h1-local", scope = "host", host_id = "1", host = "h1", free = 100, suitable = true } },
      asked.pools)
    assert.equal(2, device)
    assert.equal(3, #cpi.waves)
  end)

  it("is refused where it cannot be moved, with disk, pool and hosts", function()
    local tagged = { "listDiskOfferings", {}, { diskoffering = { { id = "dl", storagetype = "local", tags = "ssd" } } } }
    local failure = fake.failure(attach, seen(), { hosts, tagged, pools })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("policy disk_placement (default): disk 'cpi-disk-1' (10 GB) lies in pool 'h2-local' of host 'h2', VM 'cpivm-1' is "
      .. "on host 'h1', and no local pool there takes it", failure.message)
  end)

  local refused = { "attachVolume", {}, job_fails = "Can't move volume between scope: HOST and CLUSTER", code = 431 }
  local still = { "listVolumes", { id = "d" }, { volume = { volume() } } }

  it("explains CloudStack's refusal to a user as far as he may see", function()
    local failure = fake.failure(attach, volume(), { refused, still, disk_offerings })
    assert.equal("attaching disk cpi-disk-1 to VM cpivm-1: attachVolume: Can't move volume between scope: HOST and CLUSTER (431); "
      .. "disk 'cpi-disk-1' (offering 'local.custom', local storage) lies where the host of VM 'cpivm-1' does not reach it: "
      .. "only a root admin sees where, and can move it", failure.message)
  end)

  it("explains it to a root admin whose policy let it come to that", function()
    local failure = fake.failure(attach, seen(), { hosts, disk_offerings, pools, refused, still,
      policies = { disk_placement = function() return "attach" end } })
    assert.truthy(failure.message:find("disk 'cpi-disk-1' lies in pool 'h2-local' of host 'h2', VM 'cpivm-1' is on host 'h1'", 1,
      true), failure.message)
  end)

  it("explains it for a VM that does not run, which is on no host", function()
    local failure = fake.failure(attach, seen(), { refused, still, hosts, pools },
      { id = "v", name = "cpivm-1", state = "Stopped", zoneid = "z1", zonename = "zone1" })
    assert.truthy(failure.message:find("disk 'cpi-disk-1' lies in pool 'h2-local' of host 'h2', VM 'cpivm-1' is Stopped and was last "
      .. "on another one: a disk is moved to the host of a VM that runs", 1, true), failure.message)
  end)

  it("leaves other failures as they are", function()
    local failure = fake.failure(attach, volume(), { { "attachVolume", {}, job_fails = "broken", code = 530 }, still })
    assert.equal("attaching disk cpi-disk-1 to VM cpivm-1: attachVolume: broken (530)", failure.message)
  end)
end)
