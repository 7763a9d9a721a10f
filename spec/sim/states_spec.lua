-- What befalls a VM without a command of the caller's, VMs that a world brings along, and jobs that fail half way.
local cloud = require "spec.sim.cloud"

describe("a state from outside", function()
  local c
  before_each(function() c = cloud.new() end)

  local function put(entry) return c.sim.http { method = "POST", path = "/sim/states", body = cloud.encode(entry) } end
  local function state(id) return c:seen_vm(id, "admin").state end

  it("is what the lists show, for VMs, volumes and snapshots", function()
    local vm, volume = c:vm "vm-1", c:volume "v"
    c:attach(volume, vm)
    assert.equal(200, put { name = "vm-1", state = "Unknown" }.status)
    assert.equal("Unknown", state(vm.id))
    assert.equal(200, put({ { kind = "volume", id = volume.id, state = "Migrating" } }).status)
    assert.equal("Migrating", c:seen_volume(volume.id).state)
  end)

  it("is refused with words where it makes no sense", function()
    c:vm "vm-1"
    local function refused(text, entry)
      local reply = put(entry)
      assert.equal(400, reply.status)
      assert.equal("states: " .. text, cloud.json.decode(reply.body).error)
    end
    refused("a vm is never 'Lost'", { name = "vm-1", state = "Lost" })
    refused("there is no vm 'vm-2'", { name = "vm-2", state = "Error" })
    refused("which one: id or name", { state = "Error" })
    refused("unknown key 'colour'", { name = "vm-1", state = "Error", colour = "red" })
    refused("kind is vm, volume or snapshot, not 'host'", { kind = "host", name = "vm-1", state = "Error" })
  end)

  it("holds the VM's commands up for so long, and ends as it is told", function()
    local vm = c:vm "vm-1"
    put { id = vm.id, state = "Migrating", seconds = 30 }
    local job = c:call("stopVirtualMachine", { id = vm.id }).jobid
    c.sim.advance(29)
    assert.equal(0, c:query(job).jobstatus)
    assert.equal("Migrating", state(vm.id))
    c.sim.advance(2)
    assert.equal(1, c:query(job).jobstatus)
    assert.equal("Stopped", state(vm.id))
  end)

  it("keeps what it was in once the time is over", function()
    local vm = c:vm "vm-1"
    put { id = vm.id, state = "Unknown", seconds = 5, ["then"] = "Stopped" }
    c.sim.advance(6)
    assert.equal("Stopped", state(vm.id))
  end)

  it("leaves what no job is about any more to an unforced stop in vain", function()
    local vm = c:vm "vm-1"
    put { id = vm.id, state = "Migrating" }
    assert.truthy(c:failed("stopVirtualMachine", { id = vm.id }):find("530 Unable to stop VM instance", 1, true))
    assert.truthy(c:failed("destroyVirtualMachine", { id = vm.id }):find("530 Unable to stop VM instance", 1, true))
    c:job("stopVirtualMachine", { id = vm.id, forced = true })
    assert.equal("Stopped", state(vm.id))
    put { id = vm.id, state = "Unknown" }
    c:job("stopVirtualMachine", { id = vm.id })
    assert.equal("Stopped", state(vm.id))
  end)

  it("of a VM that is Expunging is expunged by the clock as any other", function()
    local vm = c:vm("vm-1", { ipaddress = "10.0.0.50" })
    put { id = vm.id, state = "Expunging" }
    assert.truthy(c:refused("deployVirtualMachine", c:deployment("vm-2", { ipaddress = "10.0.0.50" })):find "530")
    c.sim.advance(200)
    assert.is_nil(c:seen_vm(vm.id, "admin"))
  end)
end)

describe("the VMs of a world", function()
  it("are there from the beginning, with their addresses, disks and tags", function()
    local c = cloud.new { vms = {
      { name = "old", networks = { { name = "bosh-net", ip = "10.0.0.9", secondary = { "10.0.0.10" } }, "bosh-net-2" },
        disks = { { name = "data", size = 5 } }, tags = { team = "a" }, deleteprotection = true },
      { name = "lost", networks = { "bosh-net" }, state = "Error", account = "other" },
    } }
    local row = c:rows("listVirtualMachines", "virtualmachine", { name = "old" })[1]
    assert.same({ "Running", true, "10.0.0.9", "10.0.0.10" }, { row.state, row.deleteprotection, row.nic[1].ipaddress,
      row.nic[1].secondaryip[1].ipaddress })
    assert.equal("team", row.tags[1].key)
    assert.equal(5 << 30, c:rows("listVolumes", "volume", { name = "data" })[1].size)
    assert.equal("Error", c:rows("listVirtualMachines", "virtualmachine", { name = "lost" }, "other")[1].state)
    assert.same({}, c:left())
    c:vm "vm-1"
    assert.equal(1, c:left().vms)
  end)

  it("have to fit into it", function()
    assert.has_error(function() cloud.new { vms = { { name = "a", networks = { "none" } } } } end,
      "world: vms 'a': networks[1] 'none' does not exist")
    assert.has_error(function() cloud.new { vms = { { name = "a", networks = {}, state = "Lost" } } } end,
      "world: vms 'a': states: a vm is never 'Lost'")
  end)
end)

describe("a job that fails half way", function()
  local function fails(c, command, params, who)
    c.sim.fault { command = command, fault = "fail_job", when = "half", errortext = "broken" }
    assert.equal("530 broken", c:failed(command, params, who))
  end

  it("leaves a VM Expunging with its address, in the newest version in Error", function()
    for version, state in pairs { ["4.22.0.0"] = "Expunging", ["4.23.0.0"] = "Error" } do
      local c = cloud.new { version = version }
      local vm = c:vm("vm-1", { ipaddress = "10.0.0.50" }, "bosh")
      fails(c, "destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
      local row = c:seen_vm(vm.id, "admin")
      assert.same({ state, "10.0.0.50" }, { row.state, row.nic[1].ipaddress })
      c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
      assert.is_nil(c:seen_vm(vm.id, "admin"))
    end
  end)

  it("leaves a VM stopped that was to be destroyed", function()
    local c = cloud.new()
    local vm = c:vm "vm-1"
    fails(c, "destroyVirtualMachine", { id = vm.id })
    assert.equal("Stopped", c:seen_vm(vm.id).state)
  end)

  it("leaves a volume Attaching, attached, Resizing or Migrating", function()
    local c = cloud.new()
    local vm, volume = c:vm "vm-1", c:volume "v"
    fails(c, "attachVolume", { id = volume.id, virtualmachineid = vm.id })
    assert.equal("Attaching", c:seen_volume(volume.id).state)
    c.sim.put_state { kind = "volume", id = volume.id, state = "Ready" }
    c:attach(volume, vm)
    c.sim.events()
    fails(c, "detachVolume", { id = volume.id })
    assert.equal(vm.id, c:seen_volume(volume.id).virtualmachineid)
    assert.equal("detach", c.sim.events()[1].event)
    c:job("detachVolume", { id = volume.id })
    fails(c, "resizeVolume", { id = volume.id, size = 2 })
    assert.same({ "Resizing", 1 << 30 }, { c:seen_volume(volume.id).state, c:seen_volume(volume.id).size })
    c.sim.put_state { kind = "volume", id = volume.id, state = "Ready" }
    local pool = c:rows("findStoragePoolsForMigration", "storagepool", { id = volume.id }, "admin")[1]
    fails(c, "migrateVolume", { volumeid = volume.id, storageid = pool.id }, "admin")
    assert.equal("Migrating", c:seen_volume(volume.id).state)
  end)

  it("leaves a VM Starting or Stopping", function()
    local c = cloud.new()
    local vm = c:vm "vm-1"
    fails(c, "stopVirtualMachine", { id = vm.id })
    assert.equal("Stopping", c:seen_vm(vm.id).state)
    c:job("stopVirtualMachine", { id = vm.id, forced = true })
    fails(c, "startVirtualMachine", { id = vm.id })
    assert.equal("Starting", c:seen_vm(vm.id).state)
  end)
end)

describe("a server", function()
  it("of 4.13 and 4.14 counts the rows of a page, any other one all", function()
    for version, count in pairs { ["4.11.3.0"] = 4, ["4.13.0.0"] = 2, ["4.14.1.0"] = 2, ["4.15.0.0"] = 4 } do
      assert.equal(count, cloud.new({ version = version }):call("listNetworks", { page = 1, pagesize = 2 }).count, version)
    end
  end)

  it("refuses bytes that are not UTF-8 as a wrong signature, and goes on", function()
    local c = cloud.new()
    assert.equal("401 unable to verify user credentials and/or request signature",
      c:refused("listZones", { name = "caf\xe9" }))
    assert.equal(200, c.sim.http({ method = "GET", path = "/sim/requests" }).status)
    assert.equal("caf\u{FFFD}", c.sim.requests[1].parameters.name)
    c:call("listZones", { name = "café" })
  end)

  it("names the hypervisors of a zone to everybody, and hides templates of others", function()
    local c = cloud.new { hypervisor = "KVM", templates = {
      { name = "xen", hypervisor = "XenServer", account = "bosh" }, { name = "kvm", account = "bosh" } } }
    assert.same({ { name = "KVM" } }, c:rows("listHypervisors", "hypervisor", { zoneid = c.zone }))
    assert.truthy(#c:rows("listHypervisors", "hypervisor") > 3)
    local own = { templatefilter = "self" }
    assert.equal(1, #c:rows("listTemplates", "template", own))
    local id
    for _, template in ipairs(c.sim.state().templates) do id = template.name == "xen" and template.id or id end
    assert.equal(0, #c:rows("listTemplates", "template", { templatefilter = "self", id = id }))
    c:job("deleteTemplate", { id = id })
  end)
end)
