-- What disks do beyond what was recorded: versions, hypervisors, pools of every scope.
local cloud = require "spec.sim.cloud"

local GIB = 1024 * 1024 * 1024

describe("resizeVolume", function()
  it("gives a disk of a fixed offering another size from 4.17 on", function()
    local new, old = cloud.new {}, cloud.new { version = "4.15.2.0" }
    local fixed = { diskofferingid = new.disk["shared.small"], size = cloud.NOTHING }
    assert.equal(30 * GIB, new:job("resizeVolume", { id = new:volume("d", fixed).id, size = 30 }).volume.size)
    assert.matches("^432 .*its current disk offering must be customizable",
      old:failed("resizeVolume", { id = old:volume("d", fixed).id, size = 30 }))
  end)

  it("keeps to a strict offering", function()
    local c = cloud.new { disk_offerings = { { name = "strict", size = 5, strict = true } } }
    local disk = c:volume("d", { diskofferingid = c.disk.strict, size = cloud.NOTHING })
    assert.matches("^432 .*disk size is strictly fixed", c:failed("resizeVolume", { id = disk.id, size = 30 }))
    assert.matches("^432 Disk offering size strictness does not match",
      c:failed("resizeVolume", { id = disk.id, diskofferingid = c.disk["shared.small"] }))
  end)

  it("wants the same tags of another offering", function()
    local c = cloud.new { disk_offerings = { { name = "ssd", size = 50, tags = "ssd" } } }
    assert.matches("^432 There are no tags on the current disk offering",
      c:failed("resizeVolume", { id = c:volume("d").id, diskofferingid = c.disk.ssd }))
    local tagged = c:volume("t", { diskofferingid = c.disk.ssd, size = cloud.NOTHING })
    assert.equal("432 The tags on the new and old disk offerings must match.",
      c:failed("resizeVolume", { id = tagged.id, diskofferingid = c.disk["shared.custom"], size = 60 }))
  end)

  it("wants the VM stopped or the disk detached on XenServer", function()
    local c = cloud.new { hypervisor = "XenServer" }
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    assert.equal("432 The VM must be stopped or the disk detached in order to resize with the XenServer Hypervisor.",
      c:failed("resizeVolume", { id = disk.id, size = 2 }))
    c:job("detachVolume", { id = disk.id })
    assert.equal(2 * GIB, c:job("resizeVolume", { id = disk.id, size = 2 }).volume.size)
  end)

  it("needs room in the disk's pool, and no snapshot under way", function()
    local c = cloud.new { latency = { jobs = { createSnapshot = 10 } }, hypervisor = "KVM",
      settings = { ["custom.diskoffering.size.max"] = 4096 } }
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    assert.matches("^530 Storage pool .* does not have enough space to resize volume d",
      c:failed("resizeVolume", { id = disk.id, size = 4000 }))
    c:call("createSnapshot", { volumeid = disk.id })
    c.sim.advance(1)
    local other = c:volume "e"
    assert.equal(2 * GIB, c:job("resizeVolume", { id = other.id, size = 2 }).volume.size)
    assert.matches("^530 There is/are unbacked up snapshot", c:failed("resizeVolume", { id = disk.id, size = 2 }))
    c.sim.advance(20)
    c:job("detachVolume", { id = disk.id })
    c:call("createSnapshot", { volumeid = disk.id })
    c.sim.advance(1)
    assert.equal("431 There are snapshot operations in progress on the volume, unable to delete it",
      (c:refused("deleteVolume", { id = disk.id })))
  end)
end)

describe("changeOfferingForVolume", function()
  local function world(more)
    local w = { disk_offerings = { { name = "ssd", size = 50, tags = "ssd" } },
      clusters = { { name = "cluster1", pools = { { name = "plain" }, { name = "fast", tags = "ssd" } } },
        { name = "cluster2", absent = true } } }
    for key, value in pairs(more or {}) do w[key] = value end
    return cloud.new(w)
  end

  it("is new in 4.17", function()
    local c = cloud.new { version = "4.15.2.0" }
    assert.equal(401, select(2, c:refused("changeOfferingForVolume", { id = c:volume("d").id })).errorcode)
  end)

  it("moves the volume to a pool that suits, where it may", function()
    local c = world()
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    c:job("detachVolume", { id = disk.id })
    c:job("migrateVolume", { volumeid = disk.id, storageid = c.pool.plain }, "admin")
    assert.matches("^431 .*automigrate is set to false but volume needs to migrated",
      c:failed("changeOfferingForVolume", { id = disk.id, diskofferingid = c.disk.ssd }))
    c:job("changeOfferingForVolume", { id = disk.id, diskofferingid = c.disk.ssd, automigrate = true })
    local seen = c:seen_volume(disk.id, "admin")
    assert.same({ "fast", "ssd", 50 * GIB }, { seen.storage, seen.diskofferingname, seen.size })
  end)
end)

describe("snapshots", function()
  it("of a disk in use are refused by a KVM that is told so", function()
    local c = cloud.new { hypervisor = "KVM", settings = { ["kvm.snapshot.enabled"] = false } }
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    assert.matches("^530 KVM Snapshot is not supported for Running VMs", c:failed("createSnapshot", { volumeid = disk.id }))
    assert.equal("Allocated", c.sim.state().snapshots[1].state)
  end)

  it("whose job fails stay, in Error", function()
    local c = cloud.new()
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    c.sim.fault { command = "createSnapshot", fault = "fail_job" }
    c:failed("createSnapshot", { volumeid = disk.id })
    assert.equal("Error", c.sim.state().snapshots[1].state)
    assert.equal(1, c.sim.state().left.snapshots)
  end)

  it("are tagged, and counted with their account", function()
    local c = cloud.new()
    local vm, disk = c:vm "vm", c:volume "d"
    c:attach(disk, vm)
    local snapshot = c:job("createSnapshot", { volumeid = disk.id, name = "s" }).snapshot
    c:job("createTags", c:tag(snapshot.id, "Snapshot", { a = "b" }))
    assert.equal("b", c:rows("listSnapshots", "snapshot", { name = "s" })[1].tags[1].value)
    assert.same({}, c:rows("listSnapshots", "snapshot", { name = "s" }, "other"))
    for _, account in ipairs(c.sim.state().accounts) do
      assert.equal(account.name == "bosh" and 1 or 0, account.used.snapshot)
    end
  end)
end)

describe("storage pools", function()
  it("of a zone are reached by every host, and their disks never move", function()
    local c = cloud.new { zones = { { name = "zone1", pools = { { name = "wide", tags = "wide" } } } },
      disk_offerings = { { name = "wide", size = 1, tags = "wide" } } }
    local disk = c:volume("d", { diskofferingid = c.disk.wide, size = cloud.NOTHING })
    for i = 1, 3 do
      c:attach(disk, c:vm("vm-" .. i))
      assert.equal("wide", c:seen_volume(disk.id, "admin").storage)
      c:job("detachVolume", { id = disk.id })
    end
    assert.is_nil(c:seen_volume(disk.id, "admin").clusterid)
    assert.same({ "ZONE" }, { c:rows("listStoragePools", "storagepool", { scope = "ZONE" }, "admin")[1].scope })
  end)

  it("of a host keep their disks from other hosts until a root admin moves them", function()
    local c = cloud.new()
    local disk = c:volume("d", { diskofferingid = c.disk["local.custom"] })
    local first, second = c:vm "vm-1", c:vm "vm-2"
    local host = { c:seen_vm(first.id, "admin").hostname, c:seen_vm(second.id, "admin").hostname }
    assert.not_equal(host[1], host[2])
    c:attach(disk, first)
    c:job("detachVolume", { id = disk.id })
    assert.equal("431 Can't move volume between scope: HOST and CLUSTER",
      c:failed("attachVolume", { id = disk.id, virtualmachineid = second.id }))
    assert.equal("431 Volume must be in ready state", c:failed("migrateVolume", { volumeid = c:volume("fresh").id,
      storageid = c.pool[host[1] .. "-local"] }, "admin"))
    assert.matches("^431 Volume Volume .* is already on the destination storage pool",
      c:failed("migrateVolume", { volumeid = disk.id, storageid = c.pool[host[1] .. "-local"] }, "admin"))
    c:job("migrateVolume", { volumeid = disk.id, storageid = c.pool[host[2] .. "-local"] }, "admin")
    assert.equal("Ready", c:attach(disk, second).state)
    assert.matches("^431 The volume .*livemigrate should be specified",
      c:failed("migrateVolume", { volumeid = disk.id, storageid = c.pool[host[1] .. "-local"] }, "admin"))
  end)

  it("of hosts alone make a cloud", function()
    local c = cloud.new {
      clusters = { { name = "cluster1", pools = {} }, { name = "cluster2", pools = {} } },
      service_offerings = { { name = "shared.small", absent = true },
        { name = "local.small", cpu = 1, memory = 1024, storage = "local" } },
    }
    local vm = c:vm("vm-1", { serviceofferingid = c.offering["local.small"] })
    local disk = c:volume("d", { diskofferingid = c.disk["local.custom"] })
    c:attach(disk, vm)
    local seen = c:seen_volume(disk.id, "admin")
    assert.same({ "local", c:seen_vm(vm.id, "admin").hostname .. "-local" }, { seen.storagetype, seen.storage })
    local other = c:vm("vm-2", { serviceofferingid = c.offering["local.small"] })
    c:job("detachVolume", { id = disk.id })
    assert.matches("^530 Failed to attach local data volume d to VM vm%-2 as migration of local data volume is not allowed",
      c:failed("attachVolume", { id = disk.id, virtualmachineid = other.id }))
  end)
end)
