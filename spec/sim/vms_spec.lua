local cloud = require "spec.sim.cloud"

local MIB_OF_TEXT = ("x"):rep(33000)

describe("deployVirtualMachine", function()
  local c
  before_each(function() c = cloud.new() end)

  it("answers id and job id, and the VM runs with its address when the job is over", function()
    local job, started = c:run("deployVirtualMachine", c:deployment("vm-a", { ipaddress = "10.0.0.50" }))
    local vm = job.jobresult.virtualmachine
    assert.equal(started.id, vm.id)
    assert.equal("Running", vm.state)
    assert.equal("10.0.0.50", vm.ipaddress)
    assert.equal("0", vm.nic[1].deviceid)
    assert.equal(0, vm.jobstatus)
    assert.equal(started.jobid, vm.jobid)
    assert.is_nil(c:seen_vm(vm.id).jobid)
  end)

  it("makes a user that is refused an address a VM in Error without NIC that he can read nothing about", function()
    c:vm("vm-a", { ipaddress = "10.0.0.50" })
    for i, address in ipairs { "10.0.0.50", "10.9.9.9", "10.0.0.1", "10.0.0.255" } do
      local name = "vm-refused" .. i
      assert.equal("530 " .. cloud.MASKED, (c:refused("deployVirtualMachine", c:deployment(name,
        { ipaddress = address }))))
      local vm = c:rows("listVirtualMachines", "virtualmachine", { name = name })[1]
      assert.equal("Error", vm.state)
      assert.same({}, vm.nic)
      assert.is_nil(vm.ipaddress)
      assert.same({}, c:rows("listVolumes", "volume", { virtualmachineid = vm.id }))
    end
  end)

  it("tells a root admin why an address was refused", function()
    c:vm("vm-a", { ipaddress = "10.0.0.50" })
    local text, payload = c:refused("deployVirtualMachine", c:deployment("vm-b", {
      ipaddress = "10.0.0.50", account = "bosh", domainid = c.domain,
    }), "admin")
    assert.matches("^530 Unable to acquire Guest IP address for network Network {", text)
    assert.equal(0, payload.cserrorcode)
  end)

  it("lets the name of a VM without NIC be used again", function()
    c:refused("deployVirtualMachine", c:deployment("vm-a", { ipaddress = "10.9.9.9" }))
    assert.equal("Running", c:vm("vm-a").state)
  end)

  it("keeps the first NIC of the VM whose second network refuses the address", function()
    c:vm("vm-a", { networkids = c.network["bosh-net-2"], ipaddress = "10.0.1.7" })
    c:refused("deployVirtualMachine", c:deployment("vm-b", {
      networkids = cloud.NOTHING, ["iptonetworklist[0].networkid"] = c.network["bosh-net"],
      ["iptonetworklist[1].networkid"] = c.network["bosh-net-2"], ["iptonetworklist[1].ip"] = "10.0.1.7",
    }))
    local vm = c:rows("listVirtualMachines", "virtualmachine", { name = "vm-b" })[1]
    assert.equal("Error", vm.state)
    assert.equal(1, #vm.nic)
    assert.equal("bosh-net", vm.nic[1].networkname)
  end)

  it("takes any address of an isolated network and only the range of a shared one", function()
    assert.equal("10.0.0.254", c:vm("vm-a", { ipaddress = "10.0.0.254" }).ipaddress)
    assert.equal("10.0.2.150", c:vm("vm-b", { networkids = c.network["shared-net"],
      ipaddress = "10.0.2.150" }).ipaddress)
    c:refused("deployVirtualMachine", c:deployment("vm-c", { networkids = c.network["shared-net"],
      ipaddress = "10.0.2.50" }))
    assert.equal("10.0.2.100", c:vm("vm-d", { networkids = c.network["shared-net"] }).ipaddress)
  end)

  it("refuses a name that a VM of the network has, and compares with regard to case", function()
    c:vm("vm-a")
    assert.equal("431 The vm with hostName vm-a already exists in the network domain: cs3cloud.internal; network=bosh-net",
      (c:refused("deployVirtualMachine", c:deployment("vm-a"))))
    assert.equal("Running", c:vm("VM-A").state)
    assert.equal("Running", c:vm("vm-a", { networkids = c.network["bosh-net-2"] }).state)
    assert.equal(3, #c:rows("listVirtualMachines", "virtualmachine", { name = "Vm-A" }))
  end)

  it("refuses names that are no host names", function()
    for _, name in ipairs { "bad_name!", "1vm", "vm.dots", ("x"):rep(64), "vm-", "-vm" } do
      assert.matches("^431 Unable to execute API command deployvirtualmachine due to invalid value. Invalid value provided "
        .. "for API arg: name %- it can contain ASCII letters", (c:refused("deployVirtualMachine", c:deployment(name))))
    end
    assert.equal("Running", c:vm(("x"):rep(63)).state)
  end)

  it("names a VM that nobody names after its id", function()
    local vm = c:vm("x", { name = cloud.NOTHING })
    assert.equal("VM-" .. vm.id, vm.name)
  end)

  it("with networkids and ipaddress gives the default NIC the last device id; iptonetworklist keeps the order",
    function()
    local both = c.network["bosh-net-2"] .. "," .. c.network["bosh-net"]
    local vm = c:vm("vm-a", { networkids = both, ipaddress = "10.0.1.77" })
    assert.equal("bosh-net", vm.nic[1].networkname)
    assert.is_false(vm.nic[1].isdefault)
    assert.equal("10.0.1.77", vm.nic[2].ipaddress)
    assert.is_true(vm.nic[2].isdefault)
    assert.equal(vm.nic[1].ipaddress, vm.ipaddress)

    assert.is_true(c:vm("vm-b", { networkids = both }).nic[1].isdefault)

    vm = c:vm("vm-c", {
      networkids = cloud.NOTHING, ["iptonetworklist[1].networkid"] = c.network["bosh-net"],
      ["iptonetworklist[0].networkid"] = c.network["bosh-net-2"], ["iptonetworklist[0].ip"] = "10.0.1.78",
    })
    assert.equal("10.0.1.78", vm.nic[1].ipaddress)
    assert.is_true(vm.nic[1].isdefault)
    assert.equal("bosh-net", vm.nic[2].networkname)
  end)

  it("refuses iptonetworklist beside the other forms, and networks it can't find there", function()
    local function with(more)
      return (c:refused("deployVirtualMachine", c:deployment("vm-a", more)))
    end
    local list = "iptonetworklist[0]."
    assert.equal("431 ipToNetworkMap can't be specified along with networkIds or ipAddress",
      with { [list .. "networkid"] = c.network["bosh-net"] })
    assert.equal("431 ipToNetworkMap can't be specified along with networkIds or ipAddress",
      with { networkids = cloud.NOTHING, ipaddress = "10.0.0.9", [list .. "networkid"] = c.network["bosh-net"] })
    assert.equal("431 Unable to translate and find entity with networkId: null",
      with { networkids = cloud.NOTHING, [list .. "ip"] = "10.0.0.9" })
    assert.matches("^431 More than 1 default Isolated networks are found for Account Account %[{",
      with { networkids = "" })
    assert.same({}, c.sim.state().vms)
  end)

  it("checks MAC addresses of the list for duplicates, the single one not", function()
    local net, list = c.network["bosh-net"], "iptonetworklist[0]."
    local function with(mac)
      return c:deployment("vm-b", { networkids = cloud.NOTHING, [list .. "networkid"] = net, [list .. "mac"] = mac })
    end
    c:vm("vm-a", { macaddress = "02:01:02:03:04:05" })
    assert.equal("431 The requested Mac address is already taken! 02:01:02:03:04:05",
      (c:refused("deployVirtualMachine", with "02:01:02:03:04:05")))
    assert.equal("431 Mac address is not valid: 02:zz", (c:refused("deployVirtualMachine", with "02:zz")))
    assert.equal("431 Mac address is not unicast: 01:01:02:03:04:09",
      (c:refused("deployVirtualMachine", with "01:01:02:03:04:09")))
    assert.equal("02:01:02:03:04:05", c:vm("vm-c", { macaddress = "02:01:02:03:04:05" }).nic[1].macaddress)
  end)

  it("refuses user data that is too long or no base64", function()
    assert.equal("431 User data is not base64 encoded.",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { userdata = "{not base64!" }))))
    assert.equal("431 User data has exceeded configurable max length: 32768",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { userdata = MIB_OF_TEXT }))))
    local text = ("agent settings "):rep(1600)
    c:vm("vm-b", { userdata = cloud.bytes.base64(text) })
    assert.equal(text, c.sim.state().vms[1].userdata_decoded)
  end)

  it("wants processors, speed and memory for a custom offering and for no other", function()
    local custom = c.offering["shared.custom.compute"]
    assert.equal("431 Need to specify custom parameter values cpu, cpu speed and memory when using custom offering",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { serviceofferingid = custom }))))
    assert.equal("431 Invalid CPU cores value, specify a value between 1 and 2147483647",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", {
        serviceofferingid = custom, ["details[0].cpuNumber"] = "x", ["details[0].cpuSpeed"] = 1000,
        ["details[0].memory"] = 512,
      }))))
    assert.equal("431 cpuNumber or cpuSpeed or memory should not be specified for static service offering",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { ["details[0].cpuNumber"] = 1 }))))
    local vm = c:vm("vm-a", {
      serviceofferingid = custom, ["details[0].cpuNumber"] = 3, ["details[0].cpuSpeed"] = 1000,
      ["details[0].memory"] = 512,
    })
    assert.equal(3, vm.cpunumber)
    assert.equal(512, vm.memory)
  end)

  it("checks the size of the root disk against the template and the greatest volume", function()
    local function with(size) return (c:refused("deployVirtualMachine", c:deployment("vm-a",
      { rootdisksize = size }))) end
    assert.equal("431 Root disk size should be a positive number.", with(0))
    assert.equal("431 Root disk size should be a positive number.", with(-1))
    assert.equal("431 Unsupported: rootdisksize override (1 GB) is smaller than template size (2.00 GB) 2147483648",
      with(1))
    assert.equal("431 Requested volume size is 4.8828 TB, but the maximum size allowed is 2000 GB.", with(5000))
    assert.equal("431 Unable to execute API command deployvirtualmachine due to invalid value abc for parameter rootdisksize",
      with "abc")
    local vm = c:vm("vm-a", { rootdisksize = 5 })
    local root = c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1]
    assert.equal(5368709120, root.size)
    assert.equal("ROOT", root.type)
  end)

  it("makes a data disk that has no tags, is named after the VM's number and outlives destroy and expunge", function()
    assert.equal("431 This disk offering requires a custom size specified",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { diskofferingid = c.disk["shared.custom"] }))))
    local vm = c:vm("vm-a", { diskofferingid = c.disk["shared.custom"], size = 2 })
    local data = c:rows("listVolumes", "volume", { virtualmachineid = vm.id, type = "DATADISK" })[1]
    assert.equal("DATA-1", data.name)
    assert.equal(1, data.deviceid)
    assert.equal(2147483648, data.size)
    assert.same({}, data.tags)
    assert.is_nil(data.attached)
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    data = c:seen_volume(data.id)
    assert.equal("Ready", data.state)
    assert.is_nil(data.virtualmachineid)
  end)

  it("ignores a size that comes with a fixed disk offering", function()
    local vm = c:vm("vm-a", { diskofferingid = c.disk["shared.small"], size = 2 })
    local data = c:rows("listVolumes", "volume", { virtualmachineid = vm.id, type = "DATADISK" })[1]
    assert.equal(20 * 1024 * 1024 * 1024, data.size)
  end)

  it("with startvm=false, or what is no boolean, leaves the VM Stopped with address and unplaced disks", function()
    for i, value in ipairs { "false", "maybe" } do
      local vm = c:vm("vm-" .. ("a"):rep(i), { startvm = value })
      assert.equal("Stopped", vm.state)
      assert.equal("true", vm.details.deployvm)
      assert.is_string(vm.ipaddress)
      assert.equal("Allocated", c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1].state)
    end
  end)

  it("puts the key into the details and refuses one it does not know", function()
    assert.equal("431 Not all specified keypairs exist",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { keypair = "nosuch" }))))
    local vm = c:vm("vm-a", { keypair = "bosh" })
    assert.equal("bosh", vm.keypairs)
    assert.matches("^ssh%-rsa ", vm.details["SSH.PublicKey"])
  end)

  it("keeps hostid for root admins", function()
    local host = c.host["cluster2-host1"]
    assert.equal("531 Parameter hostid can only be specified by a Root Admin, permission denied",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { hostid = host }))))
    local vm = c:vm("vm-a", { hostid = host, account = "bosh", domainid = c.domain }, "admin")
    assert.equal(host, vm.hostid)
    assert.is_nil(c:seen_vm(vm.id).hostid)
  end)

  it("does not let an admin use a user's network for himself", function()
    assert.matches("^531 Unable to use network with id= ", (c:refused("deployVirtualMachine", c:deployment("vm-a"),
      "admin")))
  end)
end)

describe("a deploy that finds no host", function()
  local function failing(world, more)
    local c = cloud.new(world)
    local text = c:failed("deployVirtualMachine", c:deployment("vm-a", more and more(c)))
    return c, text
  end

  local function huge(c) return { serviceofferingid = c.offering["huge"] } end
  local WORLD = { service_offerings = {
    { name = "huge", cpu = 64, mhz = 4000, memory = 1048576 },
    { name = "tagged", cpu = 1, mhz = 100, memory = 128, hosttags = "nobody" },
  } }

  it("leaves the VM in Error with NIC: its address and its name stay taken", function()
    local c, text = failing(WORLD, huge)
    assert.matches('^533 No destination found for a deployment for VM instance {"id":1,"instanceName":"i%-3%-1%-VM"',
      text)
    local vm = c:rows("listVirtualMachines", "virtualmachine", { name = "vm-a" })[1]
    assert.equal("Error", vm.state)
    assert.equal(1, #vm.nic)
    assert.same({}, c:rows("listVolumes", "volume", { virtualmachineid = vm.id }))
    assert.matches("^431 The vm with hostName vm%-a already exists", (c:refused("deployVirtualMachine",
      c:deployment("vm-a"))))
    assert.equal("530 " .. cloud.MASKED,
      (c:refused("deployVirtualMachine", c:deployment("vm-b", { ipaddress = vm.ipaddress }))))
  end)

  it("says 530 when no host has the offering's tag", function()
    local _, text = failing(WORLD, function(c) return { serviceofferingid = c.offering["tagged"] } end)
    assert.equal("530 No suitable host found.", text)
  end)

  it("happens when it was posted as a fault", function()
    local c = cloud.new()
    c.sim.fault { fault = "capacity", command = "deployVirtualMachine" }
    assert.matches("^533 ", c:failed("deployVirtualMachine", c:deployment("vm-a")))
    assert.equal("Running", c:vm("vm-b").state)
  end)

  it("happens when the hosts are full", function()
    local c = cloud.new { clusters = { { name = "cluster2", absent = true }, {
      name = "cluster1", hosts = { { name = "h", cpu = 4, mhz = 1000, memory = 2048 } },
    } } }
    c:vm("vm-a")
    c:vm("vm-b")
    assert.matches("^533 ", c:failed("deployVirtualMachine", c:deployment("vm-c")))
    c:job("stopVirtualMachine", { id = c.sim.state().vms[1].id })
    assert.equal("Running", c:vm("vm-d").state)
  end)

  it("is cleaned away by the expunge task, and destroy sends such a VM straight to Expunging", function()
    local c = failing(WORLD, huge)
    local id = c.sim.state().vms[1].id
    c:job("destroyVirtualMachine", { id = id })
    assert.equal("Expunging", c:seen_vm(id, "admin").state)
    c.sim.advance(130)
    assert.is_nil(c:seen_vm(id, "admin"))
    assert.same({}, c:left())
  end)
end)

describe("a job id of the caller's choice", function()
  local c
  local ID = "415cd3f7-aa85-4560-be54-4c3ad696afe2"
  before_each(function() c = cloud.new() end)

  it("is the job's id", function()
    local started = c:call("deployVirtualMachine", c:deployment("vm-a", { customjobid = ID }))
    assert.equal(ID, started.jobid)
    assert.equal(1, c:query(ID).jobstatus)
  end)

  it("that is refused leaves the VM behind, Stopped with address, name and root disk, and tells no id", function()
    c:vm("vm-a", { customjobid = ID })
    local ids = { [ID] = "530 " .. cloud.MASKED, zzz = "431 UUID: zzz doesn't follow the UUID format",
      [ID:upper()] = "431 UUID: " .. ID:upper() .. " doesn't follow the UUID format" }
    local count = 0
    for id, text in pairs(ids) do
      count = count + 1
      local name = "vm-left" .. count
      local seen, payload = c:refused("deployVirtualMachine", c:deployment(name, { customjobid = id }))
      assert.equal(text, seen)
      assert.is_nil(payload.id)
      local vm = c:rows("listVirtualMachines", "virtualmachine", { name = name })[1]
      assert.equal("Stopped", vm.state)
      assert.is_string(vm.ipaddress)
      assert.equal("Allocated", c:rows("listVolumes", "volume", { virtualmachineid = vm.id })[1].state)
    end
  end)

  it("that a finished job has is told to root admins as an entity that exists", function()
    c:vm("vm-a", { customjobid = ID })
    assert.equal("530 Entity already exists ", (c:refused("deployVirtualMachine",
      c:deployment("vm-b", { customjobid = ID, account = "bosh", domainid = c.domain }), "admin")))
  end)

  it("that a pending job has is refused with 431, and both objects are there", function()
    local replies = c.sim.send {
      { command = "createVolume", params = { name = "v", zoneid = c.zone, size = 1, customjobid = ID,
        diskofferingid = c.disk["shared.custom"] } },
      { command = "createVolume", params = { name = "v", zoneid = c.zone, size = 1, customjobid = ID,
        diskofferingid = c.disk["shared.custom"] } },
    }
    assert.equal(200, replies[1].status)
    assert.equal(431, replies[2].status)
    assert.matches("UUID: " .. ID:gsub("%-", "%%-") .. " already exists so can't create/update with custom id",
      replies[2].body)
    assert.equal(2, #c:rows("listVolumes", "volume", { name = "v" }))
  end)

  it("that was refused on attach changes nothing", function()
    local vm, disk = c:vm("vm-a"), c:volume("disk")
    assert.equal("431 UUID: x doesn't follow the UUID format",
      (c:refused("attachVolume", { id = disk.id, virtualmachineid = vm.id, customjobid = "x" })))
    assert.is_nil(c:seen_volume(disk.id).virtualmachineid)
  end)
end)

describe("customid", function()
  it("is a root admin's alone, and refused ids leave nothing", function()
    local c = cloud.new()
    local id = "66d8a0de-0000-4000-8000-000000000001"
    assert.equal("531 Please check your permissions, you are not allowed to create/update custom id",
      (c:refused("deployVirtualMachine", c:deployment("vm-a", { customid = id }))))
    local own = { customid = id, account = "bosh", domainid = c.domain }
    assert.equal(id, c:vm("vm-a", own, "admin").id)
    assert.matches("^431 UUID: .* already exists", (c:refused("deployVirtualMachine", c:deployment("vm-b", own),
      "admin")))
    assert.equal(1, c.sim.state().left.vms)
  end)
end)

describe("updateVirtualMachine", function()
  it("renames, also a Destroyed VM, and frees the old name at once", function()
    local c = cloud.new()
    local vm = c:vm("vm-a", { displayname = "shown" })
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.matches("already exists", (c:refused("deployVirtualMachine", c:deployment("vm-a"))))
    local row = c:call("updateVirtualMachine", { id = vm.id, name = "gone" }).virtualmachine
    assert.equal("gone", row.name)
    assert.equal("gone", row.displayname)
    assert.equal("Running", c:vm("vm-a").state)
  end)

  it("replaces user data and details, and can protect from destruction", function()
    local c = cloud.new()
    local vm = c:vm("vm-a", { ["details[0].a"] = 1, userdata = "b25l" })
    c:call("updateVirtualMachine", { id = vm.id, userdata = "dHdv", ["details[0].Foo"] = "bar",
      deleteprotection = true })
    assert.same({ Foo = "bar" }, c:seen_vm(vm.id).details)
    assert.equal("two", c.sim.state().vms[1].userdata_decoded)
    assert.equal(("431 Instance [id = %s, name = i-3-1-VM] has delete protection enabled and cannot be deleted."):format(vm.id),
      c:failed("destroyVirtualMachine", { id = vm.id }))
  end)

  it("says nothing useful to a user about a VM that is expunged", function()
    local c = cloud.new()
    local vm = c:vm("vm-a")
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    assert.equal("530 " .. cloud.MASKED, (c:refused("updateVirtualMachine", { id = vm.id, displayname = "x" })))
  end)
end)

describe("listVirtualMachines", function()
  local c
  before_each(function() c = cloud.new() end)

  it("shows fewer fields when asked for less, and refuses details it does not know", function()
    local vm = c:vm("vm-a")
    local function with(details) return c:rows("listVirtualMachines", "virtualmachine", { id = vm.id,
      details = details })[1] end
    local least, nics = with "min", with "nics"
    assert.same({}, least.nic)
    assert.is_nil(least.templateid)
    assert.is_nil(least.memory)
    assert.is_string(least.state)
    assert.equal(1, #nics.nic)
    assert.is_nil(nics.templateid)
    assert.equal(1024, with("all").memory)
    assert.matches("^431 The details parameter contains a non permitted value. The allowed values are %[all, group, nics",
      (c:refused("listVirtualMachines", { details = "bogus" })))
  end)

  it("shows hosts and internal names to root admins alone", function()
    local vm = c:vm("vm-a")
    local mine, theirs = c:seen_vm(vm.id), c:seen_vm(vm.id, "admin")
    for _, name in ipairs { "hostid", "hostname", "instancename", "displayvm", "arch" } do
      assert.is_nil(mine[name])
      assert.is_not_nil(theirs[name])
    end
    assert.is_string(mine.readonlydetails)
    assert.is_nil(theirs.readonlydetails)
  end)

  it("knows Present, single states and none that does not exist", function()
    local a, b = c:vm("vm-a"), c:vm("vm-b")
    c:job("destroyVirtualMachine", { id = a.id })
    c:job("stopVirtualMachine", { id = b.id })
    local function states(state) return #c:rows("listVirtualMachines", "virtualmachine", { state = state,
      listall = true }, "admin") end
    assert.equal(1, states "Present")
    assert.equal(1, states "Destroyed")
    assert.equal(1, states "stopped")
    assert.equal(0, states "Bogus")
  end)

  it("finds by parts of the name only in old versions", function()
    c:vm("vm-abc")
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { name = "vm-ab" }))
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { keyword = "VM-AB" }))
    local old = cloud.new { version = "4.15.0" }
    old:vm("vm-abc")
    assert.equal(1, #old:rows("listVirtualMachines", "virtualmachine", { name = "vm-ab" }))
  end)
end)
