-- Disks in a VM's life, through the whole program: snapshot, resize, update, and local storage, as a user and as a root
-- admin, in old and new versions of CloudStack.

local rig = require "rig"
local worlds = require "worlds"

local json = rig.json
local GIB = 1024 * 1024 * 1024

-- -> the result, or nil and the error
local function request(cloud, method, ...)
  local run = cloud:cpi { method = method, arguments = json.array { ... }, api_version = 2,
    context = { director_uuid = "d-1", request_id = "r-1", vm = { stemcell = { api_version = 3 } } } }
  assert.equal(0, run.exit, method .. ": " .. run.stderr)
  if run.response.error ~= json.null then return nil, run.response.error end
  return run.response.result
end

local function ask(cloud, method, ...)
  local result, failure = request(cloud, method, ...)
  assert(not failure, failure and ("%s: %s: %s"):format(method, failure.type, failure.message))
  return result
end

local function refused(cloud, method, ...)
  local result, failure = request(cloud, method, ...)
  assert(failure, method .. " was not refused: " .. json.encode(result))
  return failure.message, failure.type:match "[^:]+$"
end

local function create_vm(cloud, offering, disks)
  local network = { type = "dynamic", cloud_properties = { name = "bosh-net" }, default = json.array { "dns", "gateway" } }
  return request(cloud, "create_vm", "agent-1", "ubuntu-builtin", { compute_offering = offering }, { default = network },
    json.array(disks or {}), {})
end

local function vm(cloud, offering, disks)
  local result, failure = create_vm(cloud, offering, disks)
  return assert(result, failure and failure.message)[1]
end

local function named(list, name)
  for _, row in ipairs(list) do
    if row.name == name then return row end
  end
end

local function host_of(cloud, vm_cid) return named(cloud:state().vms, vm_cid).host end
local function disk_of(cloud, disk_cid) return named(cloud:state().volumes, disk_cid) end

local function nothing_left(cloud)
  cloud:expunge()
  for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
  assert.equal("", cloud:journal())
end

-- Waves of one verb: requests that were not polls.
local function sent(cloud, since)
  local list = {}
  for _, one in ipairs(cloud:requests(since)) do
    if one.command ~= "queryAsyncJobResult" then list[#list + 1] = one.command end
  end
  return list
end

for _, case in ipairs {
  { "4.11.3.0", "bosh" }, { "4.15.2.0", "bosh" }, { "4.18.1.0", "bosh" }, { "4.22.1.0", "bosh" }, { "4.22.1.0", "admin" },
  { "4.22.1.0", "bosh", "KVM" }, { "4.22.1.0", "bosh", "VMware" },
} do
  local version, role, hypervisor = table.unpack(case)
  describe(("a disk's life as %s in %s on %s"):format(role, version, hypervisor or "XenServer"), function()
    it("has snapshots and sizes, and leaves nothing", function()
      local world = worlds.owned_by(role)
      world.version, world.hypervisor = version, hypervisor
      world.disk_offerings = { { name = "ssd.custom", customized = true, tags = "ssd" } }
      world.clusters = { { name = "cluster1", pools = { { name = "plain" }, { name = "fast", tags = "ssd" } } },
        { name = "cluster2", absent = true } }
      local cloud <close> = rig.start { role = role, store = true, world = world }
      local vm_cid = vm(cloud, "shared.small")
      local disk_cid = ask(cloud, "create_disk", 1500, { disk_offering = "shared.custom" }, vm_cid)
      assert.matches("was never attached", (refused(cloud, "snapshot_disk", disk_cid, {})))
      ask(cloud, "attach_disk", vm_cid, disk_cid)

      local metadata = { deployment = "cf", index = 0, job = "db", director_name = "d" }
      local snapshots = { ask(cloud, "snapshot_disk", disk_cid, metadata) }
      ask(cloud, "detach_disk", vm_cid, disk_cid)
      snapshots[2] = ask(cloud, "snapshot_disk", disk_cid, metadata)
      for _, row in ipairs(cloud:state().snapshots) do
        assert.same({ "BackedUp", "cf", "0", "d-1", row.name },
          { row.state, row.tags.deployment, row.tags.index, row.tags.director_uuid, row.tags.bosh_cid })
      end

      local since = #cloud:requests()
      ask(cloud, "resize_disk", disk_cid, 2049)
      ask(cloud, "resize_disk", disk_cid, 3072)
      assert.equal(3 * GIB, disk_of(cloud, disk_cid).size)
      assert.equal(2, select(2, table.concat(sent(cloud, since), " "):gsub("listVolumes", "")))
      assert.equal("NotSupported", select(2, refused(cloud, "resize_disk", disk_cid, 1024)))

      local wanted = { disk_offering = "ssd.custom" }
      if version > "4.17" then
        ask(cloud, "update_disk", disk_cid, 4096, wanted)
        local disk = disk_of(cloud, disk_cid)
        assert.same({ "ssd.custom", 4 * GIB, "fast" }, { disk.diskoffering, disk.size, disk.pool })
      else
        assert.equal("NotImplemented", select(2, refused(cloud, "update_disk", disk_cid, 4096, wanted)))
        assert.equal(3 * GIB, disk_of(cloud, disk_cid).size)
      end
      ask(cloud, "attach_disk", vm_cid, disk_cid)
      if hypervisor then
        ask(cloud, "resize_disk", disk_cid, 5120)
      else
        local words, class = refused(cloud, "resize_disk", disk_cid, 5120)
        assert.truthy(words:find("The VM must be stopped or the disk detached", 1, true), words)
        assert.equal("CloudError", class)
      end

      for _, cid in ipairs(snapshots) do
        ask(cloud, "delete_snapshot", cid)
        ask(cloud, "delete_snapshot", cid)
      end
      ask(cloud, "delete_vm", vm_cid)
      ask(cloud, "delete_disk", disk_cid)
      nothing_left(cloud)
    end)

    it("grows out of a fixed offering", function()
      local world = worlds.owned_by(role)
      world.version = version
      local cloud <close> = rig.start { role = role, world = world }
      local disk_cid = ask(cloud, "create_disk", 20 * 1024, { disk_offering = "shared.small" }, json.null)
      ask(cloud, "resize_disk", disk_cid, 15 * 1024)
      ask(cloud, "resize_disk", disk_cid, 30 * 1024)
      local disk = disk_of(cloud, disk_cid)
      assert.is_true(disk.size >= 30 * GIB)
      assert.equal(version > "4.17" and "shared.small" or "shared.custom", disk.diskoffering)
    end)
  end)
end

describe("a resize whose answer is lost", function()
  it("is done once, and a snapshot is made once", function()
    local cloud <close> = rig.start { store = true }
    local vm_cid = vm(cloud, "shared.small")
    local disk_cid = ask(cloud, "create_disk", 1024, {}, vm_cid)
    ask(cloud, "attach_disk", vm_cid, disk_cid)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    cloud:faults { { command = "resizeVolume", fault = "lose" }, { command = "createSnapshot", fault = "lose" } }
    ask(cloud, "resize_disk", disk_cid, 60 * 1024)
    ask(cloud, "snapshot_disk", disk_cid, {})
    local state = cloud:state()
    assert.equal(60 * GIB, named(state.volumes, disk_cid).size)
    assert.equal(1, #state.snapshots)
    assert.equal("r-1", state.snapshots[1].tags.bosh_request)
    cloud:faults { { command = "createSnapshot", fault = "fail_job", errortext = "no secondary storage" } }
    assert.matches("no secondary storage", (refused(cloud, "snapshot_disk", disk_cid, {})))
    assert.equal(1, #cloud:state().snapshots)
    assert.equal("", cloud:journal())
  end)
end)

-- ---------------------------------------------------------------------------------------------------------
-- local storage

-- Nothing but the hosts' own disks. The second host of cluster1 has next to none.
local function local_world(role)
  local world = worlds.owned_by(role)
  world.clusters = {
    { name = "cluster1", pools = json.array {}, hosts = { { name = "host1" }, { name = "host2" } } },
    { name = "cluster2", pools = json.array {}, hosts = { { name = "host3", pool = 20 } } },
  }
  world.service_offerings = { { name = "local.small", cpu = 1, memory = 1024, storage = "local" },
    { name = "on.host3", cpu = 1, memory = 1024, storage = "local", hosttags = "three" },
    { name = "shared.small", absent = true }, { name = "shared.medium", absent = true }, { name = "shared.large", absent = true } }
  world.clusters[2].hosts[1].tags = "three"
  world.disk_offerings = { { name = "shared.custom", absent = true }, { name = "shared.small", absent = true },
    { name = "shared.medium", absent = true } }
  return world
end

local function local_disk(cloud, megabytes)
  local vm_cid = vm(cloud, "local.small")
  local disk_cid = ask(cloud, "create_disk", megabytes or 2048, {}, vm_cid)
  ask(cloud, "attach_disk", vm_cid, disk_cid)
  return disk_cid, vm_cid
end

describe("local storage only, with a root admin's key", function()
  local cloud
  before_each(function() cloud = rig.start { role = "admin", store = true, world = local_world "admin" } end)
  after_each(function() cloud:stop() end)

  it("recreates a VM on the host of its disk", function()
    local disk_cid, vm_cid = local_disk(cloud)
    local host = host_of(cloud, vm_cid)
    assert.equal(host, disk_of(cloud, disk_cid).host)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    ask(cloud, "delete_vm", vm_cid)
    for _ = 1, 3 do vm(cloud, "local.small") end -- the disk's host has the least room now
    for _, one in ipairs(cloud:state().vms) do
      if one.host ~= host then ask(cloud, "delete_vm", one.name) end
    end
    local again = vm(cloud, "local.small", { disk_cid })
    assert.equal(host, host_of(cloud, again))
    ask(cloud, "attach_disk", again, disk_cid)
    assert.equal(host, disk_of(cloud, disk_cid).host)
    for _, one in ipairs(cloud:state().vms) do
      if one.state == "Running" then ask(cloud, "delete_vm", one.name) end
    end
    ask(cloud, "delete_disk", disk_cid)
    nothing_left(cloud)
  end)

  it("moves a disk to the host of its VM, without losing its id", function()
    local disk_cid, vm_cid = local_disk(cloud)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local id = disk_of(cloud, disk_cid).id
    local other = vm(cloud, "on.host3")
    local since = #cloud:requests()
    ask(cloud, "attach_disk", other, disk_cid)
    local list = sent(cloud, since)
    local looks = table.move(list, 1, 4, 1, {}) -- in two waves; the disk offerings are known from create_disk
    table.sort(looks) -- what goes out at once arrives in any order
    assert.same({ "listHosts", "listStoragePools", "listVirtualMachines", "listVolumes" }, looks)
    assert.same({ "migrateVolume", "attachVolume" }, table.move(list, 5, #list, 1, {}))
    local disk = disk_of(cloud, disk_cid)
    assert.same({ id, "host3", "Ready" }, { disk.id, disk.host, disk.state })
  end)

  it("refuses a disk for which there is no room, and names disk, pool and hosts", function()
    local disk_cid, vm_cid = local_disk(cloud, 100 * 1024)
    local host = host_of(cloud, vm_cid)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local other = vm(cloud, "on.host3")
    assert.equal(("policy disk_placement (default): disk '%s' (100 GB) lies in pool '%s-local' of host '%s', VM '%s' is on host "
      .. "'host3', and no local pool there takes it"):format(disk_cid, host, host, other), (refused(cloud, "attach_disk", other,
      disk_cid)))
    assert.same({ host, "Ready" }, { disk_of(cloud, disk_cid).host, disk_of(cloud, disk_cid).state })
  end)

  it("says why a disk did not move, and leaves it where it was", function()
    local disk_cid, vm_cid = local_disk(cloud)
    local host = host_of(cloud, vm_cid)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local other = vm(cloud, "on.host3")
    cloud:faults { { command = "migrateVolume", fault = "fail_job", errortext = "copy failed" } }
    assert.equal(("moving disk %s from pool %s-local to pool host3-local: migrateVolume: copy failed (530)"):format(disk_cid, host),
      (refused(cloud, "attach_disk", other, disk_cid)))
    assert.same({ host, "Ready" }, { disk_of(cloud, disk_cid).host, disk_of(cloud, disk_cid).state })
  end)

  it("makes no VM where the disk's host cannot take it", function()
    local disk_cid, vm_cid = local_disk(cloud)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local _, failure = create_vm(cloud, "on.host3", { disk_cid })
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.matches("creating VM cpivm%-.* on the host of its disks: ", failure.message)
    assert.equal(1, #cloud:state().vms)
  end)
end)

describe("local storage only, with a user's key", function()
  local cloud
  before_each(function() cloud = rig.start { role = "bosh", store = true, world = local_world "bosh" } end)
  after_each(function() cloud:stop() end)

  it("goes through a disk's life on one host", function()
    local disk_cid, vm_cid = local_disk(cloud)
    local snapshot = ask(cloud, "snapshot_disk", disk_cid, {})
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    ask(cloud, "resize_disk", disk_cid, 4096)
    ask(cloud, "attach_disk", vm_cid, disk_cid)
    ask(cloud, "delete_snapshot", snapshot)
    ask(cloud, "delete_vm", vm_cid)
    ask(cloud, "delete_disk", disk_cid)
    nothing_left(cloud)
  end)

  it("says what stands in the way of an attach on another", function()
    local disk_cid, vm_cid = local_disk(cloud)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local other = vm(cloud, "on.host3", { disk_cid })
    local words = refused(cloud, "attach_disk", other, disk_cid)
    assert.truthy(words:find(("; disk '%s' (offering 'local.custom', local storage) lies where the host of VM '%s' does not reach it: "
      .. "only a root admin sees where, and can move it"):format(disk_cid, other), 1, true), words)
    assert.equal("Ready", disk_of(cloud, disk_cid).state)
    ask(cloud, "attach_disk", vm_cid, disk_cid)
  end)
end)

describe("shared storage of two clusters, with a root admin's key", function()
  it("puts a VM into the cluster of its disks, and elsewhere when that is full", function()
    local world = worlds.owned_by "admin"
    world.service_offerings = { { name = "half", cpu = 1, memory = 33000 } }
    local cloud <close> = rig.start { role = "admin", world = world }
    local vm_cid = vm(cloud, "half")
    local disk_cid = ask(cloud, "create_disk", 1024, {}, vm_cid)
    ask(cloud, "attach_disk", vm_cid, disk_cid)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    local cluster = host_of(cloud, vm_cid):match "^cluster%d"
    local second = vm(cloud, "half", { disk_cid })
    assert.equal(cluster, host_of(cloud, second):match "^cluster%d")
    local third = vm(cloud, "half", { disk_cid })
    assert.not_equal(cluster, host_of(cloud, third):match "^cluster%d")
    ask(cloud, "attach_disk", third, disk_cid) -- CloudStack moves it by itself
    assert.equal(third, named(cloud:state().vms, third).name)
  end)
end)
