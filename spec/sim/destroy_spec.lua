local cloud = require "spec.sim.cloud"

describe("destroyVirtualMachine", function()
  local c
  before_each(function() c = cloud.new() end)

  it("makes the VM invisible to its user while address and name stay taken", function()
    local vm = c:vm("vm-a", { ipaddress = "10.0.0.60" })
    local result = c:job("destroyVirtualMachine", { id = vm.id }).virtualmachine
    assert.equal("Destroyed", result.state)
    for _, filter in ipairs { { id = vm.id }, { name = "vm-a" }, { state = "Destroyed" } } do
      assert.same({}, c:call("listVirtualMachines", filter))
    end
    assert.equal("Destroyed", c:seen_vm(vm.id, "admin").state)
    assert.equal("10.0.0.60", c:rows("listNics", "nic", { virtualmachineid = vm.id })[1].ipaddress)
    assert.equal("Destroyed", c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1].vmstate)
    assert.matches("already exists", (c:refused("deployVirtualMachine", c:deployment("vm-a"))))
    c:refused("deployVirtualMachine", c:deployment("vm-b", { ipaddress = "10.0.0.60" }))
  end)

  it("is visible to its user where the cloud is set so", function()
    c = cloud.new { settings = { ["allow.user.view.destroyed.vm"] = true } }
    local vm = c:vm("vm-a")
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.equal("Destroyed", c:seen_vm(vm.id).state)
    assert.is_true(c:call("listCapabilities").capability.allowuserviewdestroyedvm)
  end)

  it("with expunge and without the right fails the job and the VM keeps running", function()
    assert.is_false(c:call("listCapabilities").capability.allowuserexpungerecovervm)
    local vm = c:vm("vm-a")
    assert.equal("530 Account does not have permission for expunging.",
      c:failed("destroyVirtualMachine", { id = vm.id, expunge = true }))
    assert.equal("Running", c:seen_vm(vm.id).state)
  end)

  it("with expunge and the right leaves nothing, and its result has no id", function()
    c = cloud.new { settings = { ["allow.user.expunge.recover.vm"] = true } }
    assert.is_true(c:call("listCapabilities").capability.allowuserexpungerecovervm)
    local vm = c:vm("vm-a", { ipaddress = "10.0.0.60" })
    c:job("createTags", c:tag(vm.id, "UserVm", { a = "b" }))
    local result = c:job("destroyVirtualMachine", { id = vm.id, expunge = true }).virtualmachine
    assert.same({ securitygroup = {}, nic = {}, affinitygroup = {}, deleteprotection = false, tags = {} }, result)
    assert.same({}, c:left())
    assert.equal("530 Virtual machine id does not exist", (c:refused("listNics", { virtualmachineid = vm.id })))
    assert.equal("Running", c:vm("vm-a", { ipaddress = "10.0.0.60" }).state)
  end)

  it("detaches all data disks, and destroys those that are named", function()
    local vm, a, b = c:vm("vm-a"), c:volume("a"), c:volume("b")
    c:attach(a, vm)
    c:attach(b, vm)
    c:job("destroyVirtualMachine", { id = vm.id, volumeids = a.id })
    assert.equal("Destroy", c:seen_volume(a.id).state)
    assert.is_true(c:seen_volume(a.id).destroyed)
    assert.equal("Ready", c:seen_volume(b.id).state)
    assert.is_nil(c:seen_volume(b.id).virtualmachineid)
  end)

  it("that names a disk of another VM fails and does nothing", function()
    local vm, disk = c:vm("vm-a"), c:volume("a")
    assert.matches("^431 The following supplied volumes are not DATADISK attached to the VM: Volume {",
      c:failed("destroyVirtualMachine", { id = vm.id, volumeids = disk.id }))
    assert.equal("Running", c:seen_vm(vm.id).state)
  end)

  it("detaches data disks only at expunge in versions before 4.16", function()
    c = cloud.new { version = "4.15.0" }
    local vm, disk = c:vm("vm-a"), c:volume("a")
    c:attach(disk, vm)
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.equal(vm.id, c:seen_volume(disk.id).virtualmachineid)
    c.sim.advance(200)
    assert.is_nil(c:seen_volume(disk.id).virtualmachineid)
  end)

  it("of a destroyed VM succeeds, of an expunged one fails, of one that never was is refused", function()
    local vm = c:vm("vm-a")
    c:job("destroyVirtualMachine", { id = vm.id })
    c:job("destroyVirtualMachine", { id = vm.id })
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    assert.equal("431 unable to find a virtual machine with id 1", c:failed("destroyVirtualMachine", { id = vm.id }))
    assert.matches("^431 Unable to execute API command destroyvirtualmachine due to invalid value. Invalid parameter id",
      (c:refused("destroyVirtualMachine", { id = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11" })))
  end)

  it("twice at once: one succeeds, the other fails", function()
    c = cloud.new { latency = { jobs = { destroyVirtualMachine = 5 } } }
    local vm = c:vm("vm-a")
    local first = c:call("destroyVirtualMachine", { id = vm.id })
    local second = c:call("destroyVirtualMachine", { id = vm.id })
    c.sim.advance(1)
    assert.equal("Stopping", c:seen_vm(vm.id).state)
    c.sim.advance(20)
    assert.equal(1, c:query(first.jobid).jobstatus)
    assert.equal("Failed to destroy vm with specified vmId", c:query(second.jobid).jobresult.errortext)
  end)

  it("is refused to another account", function()
    local vm = c:vm("vm-a")
    assert.equal("531 Caller does not have permission to operate with provided resource.",
      (c:refused("destroyVirtualMachine", { id = vm.id }, "other")))
  end)
end)

describe("the life of a VM that is destroyed", function()
  local c, vm
  before_each(function()
    c = cloud.new()
    vm = c:vm("vm-a")
    c:job("destroyVirtualMachine", { id = vm.id })
  end)

  it("allows stop and tags, and neither start, reboot, attach nor a new address", function()
    local disk = c:volume("a")
    c:job("stopVirtualMachine", { id = vm.id })
    c:job("createTags", c:tag(vm.id, "UserVm", { a = "b" }))
    assert.matches("^530 Unable to orchestrate the start of VM instance {", c:failed("startVirtualMachine",
      { id = vm.id }))
    assert.equal(("431 The Instance %s (vm-a) is not running, unable to reboot it"):format(vm.id),
      c:failed("rebootVirtualMachine", { id = vm.id }))
    assert.equal("431 Please specify a VM that is on of the following states: [Running, Stopped].",
      c:failed("attachVolume", { id = disk.id, virtualmachineid = vm.id }))
    assert.equal("431 VM is not Stopped, unable to update the vm nic having the specified id",
      c:failed("updateVmNicIp", { nicid = vm.nic[1].id }))
    local root = c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1]
    assert.equal("431 Please specify a volume that is not attached to any VM.", (c:refused("deleteVolume",
      { id = root.id })))
  end)

  it("can be recovered by those who may expunge, with its address and without its disks", function()
    assert.equal("531 Recovering a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.",
      (c:refused("recoverVirtualMachine", { id = vm.id })))
    local row = c:call("recoverVirtualMachine", { id = vm.id }, "admin").virtualmachine
    assert.equal("Stopped", row.state)
    assert.equal(vm.ipaddress, row.ipaddress)
    assert.equal("Running", c:job("startVirtualMachine", { id = vm.id }).virtualmachine.state)
  end)

  it("ends by the clock: after the delay, at the next interval", function()
    c.sim.advance(50)
    assert.equal("Destroyed", c:seen_vm(vm.id, "admin").state)
    c.sim.advance(80)
    assert.is_nil(c:seen_vm(vm.id, "admin"))
    assert.same({}, c:left())
    assert.equal(vm.ipaddress, c:vm("vm-a", { ipaddress = vm.ipaddress }).ipaddress)
  end)

  it("is over for all commands once it is expunged", function()
    c:job("expungeVirtualMachine", { id = vm.id }, "admin")
    local disk = c:volume("a")
    assert.same({}, c:call("listVirtualMachines", { id = vm.id }, "admin"))
    assert.equal("431 Unable to find a virtual machine with specified vmId",
      c:failed("expungeVirtualMachine", { id = vm.id }, "admin"))
    assert.equal("431 unable to find a virtual machine with id 1", c:failed("startVirtualMachine", { id = vm.id }))
    assert.equal("431 Unable to find a Instance with ID 1", c:failed("rebootVirtualMachine", { id = vm.id }))
    assert.equal("431 Please specify a valid User VM.", c:failed("attachVolume", { id = disk.id,
      virtualmachineid = vm.id }))
    assert.equal(("431 Unable to find resource by uuid %s and type UserVm"):format(vm.id),
      c:failed("createTags", c:tag(vm.id, "UserVm", { a = "b" })))
  end)
end)

describe("expungeVirtualMachine", function()
  it("wants a destroyed VM and the right to expunge", function()
    local c = cloud.new()
    local vm = c:vm("vm-a")
    assert.equal("530 Please destroy vm with specified vmId before expunge",
      c:failed("expungeVirtualMachine", { id = vm.id }, "admin"))
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.equal("530 Expunging a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.",
      c:failed("expungeVirtualMachine", { id = vm.id }))
    assert.same({ success = true }, c:job("expungeVirtualMachine", { id = vm.id }, "admin"))
  end)
end)

describe("the way out for those who may not expunge", function()
  it("is stop, another address, another name, destroy: address and name are free at once", function()
    local c = cloud.new()
    local vm = c:vm("vm-a", { ipaddress = "10.0.0.60" })
    assert.equal("431 VM is not Stopped, unable to update the vm nic having the specified id",
      c:failed("updateVmNicIp", { nicid = vm.nic[1].id, ipaddress = "10.0.0.61" }))
    c:job("stopVirtualMachine", { id = vm.id })
    c:vm("vm-other", { ipaddress = "10.0.0.70" })
    for _, address in ipairs { "10.0.0.70", "10.9.9.9" } do
      assert.matches('^431 Allocating IP to guest NIC Nic {"broadcastUri":null,"deviceId":0,.*} failed, please choose '
        .. "another IP$", c:failed("updateVmNicIp", { nicid = vm.nic[1].id, ipaddress = address }))
    end
    local moved = c:job("updateVmNicIp", { nicid = vm.nic[1].id }).virtualmachine
    assert.not_equal("10.0.0.60", moved.ipaddress)
    c:call("updateVirtualMachine", { id = vm.id, name = "gone" })
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.equal("10.0.0.60", c:vm("vm-a", { ipaddress = "10.0.0.60" }).ipaddress)
  end)

  it("may name the address", function()
    local c = cloud.new()
    local vm = c:vm("vm-a", { startvm = false })
    assert.equal("10.0.0.99", c:job("updateVmNicIp", { nicid = vm.nic[1].id,
      ipaddress = "10.0.0.99" }).virtualmachine.ipaddress)
  end)
end)

describe("start, stop and reboot", function()
  it("of a running, a stopped and a stopped VM", function()
    local c = cloud.new()
    local vm = c:vm("vm-a")
    assert.equal(("431 The virtual machine %s (vm-a) is already running"):format(vm.id),
      c:failed("startVirtualMachine", { id = vm.id }))
    c:job("rebootVirtualMachine", { id = vm.id })
    assert.equal(1, c.sim.state().vms[1].reboots)
    local stopped = c:job("stopVirtualMachine", { id = vm.id }).virtualmachine
    assert.equal("Stopped", stopped.state)
    assert.is_nil(stopped.nic[1].broadcasturi)
    c:job("stopVirtualMachine", { id = vm.id })
    assert.matches("is not running, unable to reboot it$", c:failed("rebootVirtualMachine", { id = vm.id }))
    assert.equal("Running", c:job("startVirtualMachine", { id = vm.id }).virtualmachine.state)
  end)

  it("start of a running VM succeeds in old versions", function()
    local c = cloud.new { version = "4.11.3" }
    local vm = c:vm("vm-a")
    assert.equal("Running", c:job("startVirtualMachine", { id = vm.id }).virtualmachine.state)
  end)
end)
