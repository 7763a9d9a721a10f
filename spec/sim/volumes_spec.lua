local cloud = require "spec.sim.cloud"

local GIB = 1024 * 1024 * 1024
local NOT_ATTACHED = "431 Please specify a volume that is not attached to any VM."

describe("createVolume", function()
  local c
  before_each(function() c = cloud.new() end)

  local function refused(more)
    local params = { name = "v", zoneid = c.zone, diskofferingid = c.disk["shared.custom"] }
    for key, value in pairs(more) do params[key] = value ~= cloud.NOTHING and value or nil end
    return (c:refused("createVolume", params))
  end

  it("makes a volume that is Allocated and lies nowhere", function()
    local volume = c:volume("disk", { size = 3 })
    assert.equal("Allocated", volume.state)
    assert.equal(3 * GIB, volume.size)
    assert.equal(0, volume.jobstatus)
    local seen = c:seen_volume(volume.id, "admin")
    assert.is_nil(seen.storage)
    assert.equal("None", seen.hypervisor)
    assert.is_nil(seen.deviceid)
  end)

  it("checks the size", function()
    assert.equal("431 This disk offering requires a custom size specified", refused {})
    assert.equal("431 Volume size: 100000 GB is out of allowed range. Min: 1. Max: 1024", refused { size = 100000 })
    assert.equal("431 Disk size must be larger than 0", refused { size = 0 })
    assert.equal("431 This disk offering does not allow custom size",
      refused { diskofferingid = c.disk["shared.small"], size = 7 })
    assert.equal("431 Unable to execute API command createvolume due to invalid value 1.5 for parameter size",
      refused { size = "1.5" })
    assert.equal("431 At least one of disk Offering ID or snapshot ID must be passed whilst creating volume",
      refused { diskofferingid = cloud.NOTHING, size = 1 })
    assert.equal("431 Unable to find zone by id null", refused { zoneid = cloud.NOTHING, size = 1 })
    assert.equal("431 Unable to execute API command createvolume due to invalid value. Value greater than max allowed "
      .. "length 255 for param: volumeName", refused { name = ("n"):rep(300), size = 1 })
    assert.same({}, c.sim.state().volumes)
  end)

  it("takes the same name twice, and any characters in it", function()
    c:volume "naïve-名 <x>/&"
    c:volume "naïve-名 <x>/&"
    assert.equal(2, #c:rows("listVolumes", "volume", { name = "naïve-名 <x>/&" }))
  end)
end)

describe("attachVolume", function()
  local c, vm, disk
  before_each(function()
    c = cloud.new()
    vm, disk = c:vm("vm-a"), c:volume("disk")
  end)

  it("places the volume and shows where only to root admins", function()
    local attached = c:attach(disk, vm)
    assert.equal("Ready", attached.state)
    assert.equal(1, attached.deviceid)
    assert.equal("vm-a", attached.vmname)
    assert.is_string(attached.attached)
    assert.is_nil(attached.storage)
    local seen = c:seen_volume(disk.id, "admin")
    assert.equal("shared", seen.storagetype)
    assert.equal(c:seen_vm(vm.id, "admin").hostname:match "^cluster%d", seen.clustername)
  end)

  it("gives devices 1, 2, 4, 5, 6, 7 and no seventh disk", function()
    c:attach(disk, vm)
    local devices = { 1 }
    for i = 2, 6 do devices[i] = c:attach(c:volume("d" .. i), vm).deviceid end
    assert.same({ 1, 2, 4, 5, 6, 7 }, devices)
    assert.equal("431 The specified VM already has the maximum number of data disks (6) attached. Please specify another VM.",
      c:failed("attachVolume", { id = c:volume("d7").id, virtualmachineid = vm.id }))
  end)

  it("takes a wanted device and refuses 0, 3, those beyond the last and those in use", function()
    assert.equal(5, c:attach(disk, vm, { deviceid = 5 }).deviceid)
    local other = c:volume("other")
    local function with(device)
      return c:failed("attachVolume", { id = other.id, virtualmachineid = vm.id, deviceid = device })
    end
    assert.equal("431 Root volume detach can happen only when vm is in states: Stopped or Destroyed", with(0))
    assert.equal("530 deviceId should be 0,1,2,4-7", with(3))
    assert.equal("530 deviceId should be 0,1,2,4-7", with(8))
    assert.matches('^530 deviceId 5 is used by vol Volume {"id":%d+,"instanceId":1,"name":"disk",.*} on vm VM instance {', with(5))
  end)

  it("says the same of a volume that is attached here and one that is attached elsewhere", function()
    local other = c:vm("vm-b")
    c:attach(disk, vm)
    assert.equal(NOT_ATTACHED, c:failed("attachVolume", { id = disk.id, virtualmachineid = vm.id }))
    assert.equal(NOT_ATTACHED, c:failed("attachVolume", { id = disk.id, virtualmachineid = other.id }))
  end)

  it("works on a stopped VM", function()
    c:job("stopVirtualMachine", { id = vm.id })
    assert.equal("Ready", c:attach(disk, vm).state)
    local fresh = c:vm("vm-b", { startvm = false })
    local second = c:volume("second")
    assert.equal("Allocated", c:attach(second, fresh).state)
    c:job("startVirtualMachine", { id = fresh.id })
    assert.equal("Ready", c:seen_volume(second.id).state)
  end)

  it("of volumes of two accounts is refused at once", function()
    assert.equal("531 Caller does not have permission to operate with provided resource.",
      (c:refused("attachVolume", { id = disk.id, virtualmachineid = vm.id }, "other")))
  end)

  it("leaves a volume for which there is no room Allocated", function()
    c = cloud.new { disk_offerings = { { name = "tagged", size = 1, tags = "nobody" } } }
    vm = c:vm("vm-a")
    local tagged = c:volume("t", { diskofferingid = c.disk["tagged"], size = cloud.NOTHING })
    assert.equal(('530 Unable to find suitable primary storage when creating volume [{"name":"t","uuid":"%s"}].')
      :format(tagged.id), c:failed("attachVolume", { id = tagged.id, virtualmachineid = vm.id }))
    assert.equal("Allocated", c:seen_volume(tagged.id).state)
    for i, fits in ipairs { true, true, false } do
      local big = c:volume("big" .. i, { size = 1024 })
      if fits then c:attach(big, vm) else c:failed("attachVolume", { id = big.id, virtualmachineid = vm.id }) end
    end
  end)

  it("moves a shared volume to the cluster of its new VM", function()
    local near, far = "cluster1-host1", "cluster2-host1"
    local function on(host) return { hostid = c.host[host], account = "bosh", domainid = c.domain } end
    local a, b = c:vm("on-a", on(near), "admin"), c:vm("on-b", on(far), "admin")
    c:attach(disk, a)
    assert.equal("cluster1", c:seen_volume(disk.id, "admin").clustername)
    c:job("detachVolume", { id = disk.id })
    c:attach(disk, b)
    assert.equal("cluster2", c:seen_volume(disk.id, "admin").clustername)
  end)

  it("does not take a local volume to another host", function()
    local function on(host) return { hostid = c.host[host], account = "bosh", domainid = c.domain } end
    local a, b = c:vm("on-a", on "cluster1-host1", "admin"), c:vm("on-b", on "cluster1-host2", "admin")
    local localdisk = c:volume("l", { diskofferingid = c.disk["local.custom"] })
    c:attach(localdisk, a)
    local seen = c:seen_volume(localdisk.id, "admin")
    assert.equal("local", seen.storagetype)
    assert.equal("cluster1-host1-local", seen.storage)
    c:job("detachVolume", { id = localdisk.id })
    assert.equal("431 Can't move volume between scope: HOST and CLUSTER",
      c:failed("attachVolume", { id = localdisk.id, virtualmachineid = b.id }))
    c:attach(localdisk, a)
  end)
end)

describe("two attaches at once", function()
  local c
  before_each(function() c = cloud.new { latency = { jobs = { attachVolume = 1.7 } } } end)

  it("of one volume: the second fails with a state that goes away", function()
    local a, b, disk = c:vm("vm-a"), c:vm("vm-b"), c:volume("disk")
    local first = c:call("attachVolume", { id = disk.id, virtualmachineid = a.id })
    local same_time = c:call("attachVolume", { id = disk.id, virtualmachineid = b.id })
    c.sim.advance(1)
    local later = c:call("attachVolume", { id = disk.id, virtualmachineid = b.id })
    c.sim.advance(10)
    assert.equal(1, c:query(first.jobid).jobstatus)
    assert.matches("is in Attaching. It should be in Ready or Allocated state$",
      c:query(same_time.jobid).jobresult.errortext)
    assert.equal("Volume state must be in Allocated, Ready or in Uploaded state",
      c:query(later.jobid).jobresult.errortext)
  end)

  it("of two volumes to one VM run one after the other", function()
    local vm, a, b = c:vm("vm-a"), c:volume("a"), c:volume("b")
    local first = c:call("attachVolume", { id = a.id, virtualmachineid = vm.id })
    local second = c:call("attachVolume", { id = b.id, virtualmachineid = vm.id })
    c.sim.advance(2)
    assert.equal(1, c:query(first.jobid).jobstatus)
    assert.equal(0, c:query(second.jobid).jobstatus)
    c.sim.advance(2)
    assert.equal(2, c:query(second.jobid).jobresult.volume.deviceid)
  end)

  it("show the job that is under way in the volume's row", function()
    local vm, disk = c:vm("vm-a"), c:volume("disk")
    local job = c:call("attachVolume", { id = disk.id, virtualmachineid = vm.id })
    local seen = c:seen_volume(disk.id)
    assert.equal(job.jobid, seen.jobid)
    assert.equal(0, seen.jobstatus)
    assert.equal("530 " .. cloud.MASKED, (c:refused("deleteVolume", { id = disk.id })))
    assert.equal("431 The specified volume is not attached to a VM.", c:failed("detachVolume", { id = disk.id }))
  end)
end)

describe("detachVolume", function()
  it("works by id alone", function()
    local c = cloud.new()
    local vm, disk = c:vm("vm-a"), c:volume("disk")
    assert.equal("431 The specified volume is not attached to a VM.", c:failed("detachVolume", { id = disk.id }))
    c:attach(disk, vm)
    assert.matches("^530 Cannot invoke", c:failed("detachVolume", { virtualmachineid = vm.id, deviceid = 1 }))
    local row = c:job("detachVolume", { id = disk.id }).volume
    assert.is_nil(row.virtualmachineid)
    assert.is_nil(row.deviceid)
    assert.equal("Ready", row.state)
    local root = c:rows("listVolumes", "volume", { virtualmachineid = vm.id, type = "ROOT" })[1]
    assert.equal("431 Root volume detach can happen only when vm is in states: Stopped or Destroyed",
      c:failed("detachVolume", { id = root.id }))
    assert.matches("^%d+$", root.serviceofferingid)
  end)
end)

describe("deleteVolume and its kin", function()
  local c, vm, disk
  before_each(function()
    c = cloud.new()
    vm, disk = c:vm("vm-a"), c:volume("disk")
  end)

  it("deletes what is not attached, once", function()
    c:attach(disk, vm)
    assert.equal(NOT_ATTACHED, (c:refused("deleteVolume", { id = disk.id })))
    c:job("detachVolume", { id = disk.id })
    assert.same({ success = true }, c:call("deleteVolume", { id = disk.id }))
    assert.same({}, c:call("listVolumes", { id = disk.id }))
    assert.matches("^431 Unable to find volume with ID: %d+$", (c:refused("deleteVolume", { id = disk.id })))
    assert.matches("^531 ", (c:refused("deleteVolume", { id = c:volume("x").id }, "other")))
  end)

  it("says success as a string up to 4.11, and in jobs never", function()
    c = cloud.new { version = "4.11.3" }
    disk = c:volume("disk")
    assert.is_true(c:job("createTags", c:tag(disk.id, "Volume", { a = "b" })).success)
    assert.equal("true", c:call("deleteVolume", { id = disk.id }).success)
  end)

  it("destroys for good or so that it can be recovered", function()
    assert.matches("^431 The volume in Allocated/Uploaded state can only be expunged",
      c:failed("destroyVolume", { id = disk.id, expunge = false }))
    c:attach(disk, vm)
    c:job("detachVolume", { id = disk.id })
    assert.equal("Destroy", c:job("destroyVolume", { id = disk.id }).volume.state)
    local row = c:call("recoverVolume", { id = disk.id }).volume
    assert.equal("Ready", row.state)
    assert.is_string(row.storage)
    assert.equal("Expunged", c:job("destroyVolume", { id = disk.id, expunge = true }).volume.state)
    assert.is_nil(c:seen_volume(disk.id))
  end)

  it("resizes attached and detached, and shrinks only when asked to", function()
    c = cloud.new { hypervisor = "KVM" }
    vm, disk = c:vm "vm-a", c:volume "disk"
    c:attach(disk, vm)
    assert.equal(2 * GIB, c:job("resizeVolume", { id = disk.id, size = 2 }).volume.size)
    assert.matches("^432 Going from existing size of 2147483648 to size of 1073741824 would shrink the volume.Need to sign "
      .. "off", c:failed("resizeVolume", { id = disk.id, size = 1 }))
    assert.equal("432 Volume size: 99999 GB is out of allowed range. Min: 1. Max: 1024",
      c:failed("resizeVolume", { id = disk.id, size = 99999 }))
    assert.equal(20 * GIB, c:job("resizeVolume", { id = disk.id, diskofferingid = c.disk["shared.small"] }).volume.size)
  end)

  it("are not all there for a user", function()
    for _, command in ipairs { "listStoragePools", "listHosts", "listConfigurations" } do
      local payload, key = c:reply(command, {})
      assert.equal("errorresponse", key)
      assert.equal(432, payload.errorcode)
      assert.equal(("The API [%s] does not exist or is not available for the account bosh."):format(command),
        payload.errortext)
    end
  end)
end)
