-- VMs that are made stopped and started afterwards, another offering, protection from deletion, and what a refused deploy
-- holds; as a server of 4.22 answered.
local steps = require "spec.sim.observed.steps"
local call, deploy, on_vm, disk, attach = steps.call, steps.deploy, steps.on_vm, steps.disk, steps.attach
local MASKED = steps.MASKED

local V = "4.22.0.0"

local function stopped(name, more)
  local parameters = { startvm = false }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return deploy(name, parameters, { as = "vm" })
end

local function state(name, has)
  local expected = { ["virtualmachine.1.state"] = name }
  for path, value in pairs(has or {}) do expected[path] = value end
  return { call("listVirtualMachines", { id = "$vm", listall = true }, { by = "admin" }), has = expected }
end

local function on_list(first, second)
  return {
    ["iptonetworklist[0].networkid"] = "$net.bosh-net", ["iptonetworklist[0].ip"] = first,
    ["iptonetworklist[1].networkid"] = "$net.bosh-net-2", ["iptonetworklist[1].ip"] = second,
    networkids = steps.ABSENT, startvm = false,
  }
end

local nic = call("listNics", { virtualmachineid = "$vm" }, { keep = { nic = "nic.1.id" } })
local function move(address) return call("updateVmNicIp", { nicid = "$nic", ipaddress = address }) end
local function service(command, name) return on_vm(command, { serviceofferingid = "$offering." .. name }) end
local start, failing_start = on_vm "startVirtualMachine", on_vm("startVirtualMachine", {}, { fails = true })
local destroy = on_vm "destroyVirtualMachine"
local huge = { stopped("s2", { serviceofferingid = "$offering.huge", ipaddress = "10.0.0.182" }) }
local no_room = { huge[1], failing_start, nic }
local half_taken = {
  deploy("s6", on_list("10.0.0.185", "10.0.1.180"), { as = "other" }),
  deploy("s7", on_list("10.0.0.186", "10.0.1.180"), { fails = true }),
  call("listVirtualMachines", { name = "s7" }, { keep = { vm = "virtualmachine.1.id" } }), nic,
}
local PROTECTED = "Instance [id = $vm, name = i-%d-%d-VM] has delete protection enabled and cannot be deleted."
local protect = on_vm("updateVirtualMachine", { deleteprotection = true })

local rows = {
  { "made stopped it has its address and no disk", stopped("s1", { ipaddress = "10.0.0.180" }), has = {
    ["virtualmachine.state"] = "Stopped", ["virtualmachine.nic.1.ipaddress"] = "10.0.0.180",
    ["virtualmachine.nic.1.secondaryip#"] = 0, ["virtualmachine.nic.1.enabled"] = steps.ABSENT } },
  { "one that never ran takes tags", given = { stopped "s1" }, steps.tags("createTags", "$vm", "UserVm", "k", "v"),
    left = { state("Stopped", { ["virtualmachine.1.tags.1.key"] = "k" }) } },
  { "one that never ran takes a volume, which stays Allocated", given = { stopped "s1", disk "s1-disk" }, attach(),
    has = { ["volume.state"] = "Allocated", ["volume.deviceid"] = 1 } },
  { "the address of one that never ran can be moved", given = { stopped("s1", { ipaddress = "10.0.0.180" }), nic },
    move "10.0.0.181", has = { ["virtualmachine.nic.1.ipaddress"] = "10.0.0.181" } },
  { "one that never ran is not rebooted", given = { stopped "s1" }, on_vm "rebootVirtualMachine",
    job = { code = 431, errortext = "The VM $vm (s1) is not running, unable to reboot it" } },
  { "it is started afterwards", given = { stopped "s1" }, start, has = { ["virtualmachine.state"] = "Running" } },
  { "it takes tags while it starts", latency = { startVirtualMachine = 8 },
    given = { stopped "s1", on_vm("startVirtualMachine", {}, { pending = true }) },
    steps.tags("createTags", "$vm", "UserVm", "k2", "v") },
  { "a second start while it starts ends well", latency = { startVirtualMachine = 8 },
    given = { stopped "s1", on_vm("startVirtualMachine", {}, { pending = true }) }, start,
    has = { ["virtualmachine.state"] = "Running" } },
  { "a start of one that runs fails", given = { stopped "s1", start }, start,
    job = { code = 431, errortext = "The virtual machine $vm (s1) is already running" } },
  { "a start that finds no room", given = huge, start,
    job = { code = 533, errortext = "No destination found for a deployment for VM instance {..}" },
    left = { state("Stopped", { ["virtualmachine.1.nic.1.ipaddress"] = "10.0.0.182" }) } },
  { "another offering after a start that found no room", given = no_room, service("changeServiceForVirtualMachine", "shared.small"),
    has = { ["virtualmachine.state"] = "Stopped", ["virtualmachine.serviceofferingname"] = "shared.small" } },
  { "and it starts with that", given = { no_room[1], failing_start, service("changeServiceForVirtualMachine", "shared.small") },
    start, has = { ["virtualmachine.state"] = "Running" } },
  { "the address after a start that found no room can be moved", given = no_room, move "10.0.0.184",
    has = { ["virtualmachine.nic.1.ipaddress"] = "10.0.0.184" } },
  { "and is free at once", given = { no_room[1], failing_start, nic, move "10.0.0.184", destroy },
    deploy("s4", { ipaddress = "10.0.0.182", startvm = false }), left = { state "Destroyed" } },
  { "one that never ran is Destroyed as any other and keeps its address", given = { stopped("s3", { ipaddress = "10.0.0.183" }),
    destroy }, deploy("s4", { ipaddress = "10.0.0.183" }), status = 530, cserrorcode = 0, errortext = MASKED,
    left = { state "Destroyed" } },
  { "another offering of a running VM is refused", given = { stopped "s1", start },
    service("changeServiceForVirtualMachine", "shared.medium"), status = 431, cserrorcode = 4350,
    errortext = "Unable to upgrade Instance VM instance {..}  in state Running; make sure the Instance is stopped" },
  { "the offering that it has is refused", given = { stopped "s1" }, service("changeServiceForVirtualMachine", "shared.small"),
    status = 431, cserrorcode = 4350,
    errortext = "Not upgrading vm VM instance {..} since it already has the requested service offering (shared.small)" },
  { "scaling a running VM fails", given = { stopped "s1", start }, service("scaleVirtualMachine", "shared.medium"),
    job = { code = 530, errortext = "Unable to scale VM instance {..} as it does not have tools to support dynamic scaling." } },
  { "scaling a stopped one", given = { stopped "s1" }, service("scaleVirtualMachine", "shared.medium"),
    left = { state("Stopped", { ["virtualmachine.1.serviceofferingname"] = "shared.medium" }) } },

  { "a taken address, stopped", given = { stopped("s1", { ipaddress = "10.0.0.183" }) },
    deploy("s5", { ipaddress = "10.0.0.183", startvm = false }), status = 530, cserrorcode = 0, errortext = MASKED, left = {
      { call("listVirtualMachines", { name = "s5" }), has = { ["virtualmachine.1.state"] = "Error", ["virtualmachine.1.nic#"] = 0 } },
    } },
  { "two networks, the second address taken: the first one is held", given = { half_taken[1] },
    deploy("s7", on_list("10.0.0.186", "10.0.1.180")), status = 530, cserrorcode = 0, errortext = MASKED, left = {
      { call("listVirtualMachines", { name = "s7" }), has = {
        ["virtualmachine.1.state"] = "Error", ["virtualmachine.1.nic.1.ipaddress"] = "10.0.0.186" } },
    } },
  { "a NIC of a VM in Error can't be moved", given = half_taken, move "10.0.0.187",
    job = { code = 431, errortext = "VM is not Stopped, unable to update the vm nic having the specified id" } },
  { "a VM in Error is stopped without effect", given = half_taken, on_vm "stopVirtualMachine", left = { state "Error" } },
  { "destroyed it is Expunging and holds its address", given = half_taken, destroy, left = { state "Expunging",
    { deploy("s8", { ipaddress = "10.0.0.186" }), status = 530, cserrorcode = 0, errortext = MASKED } } },

  { "protection from deletion is shown", given = { stopped "s4" }, protect, has = { ["virtualmachine.deleteprotection"] = true } },
  { "a protected VM is stopped", given = { stopped "s4", start, protect }, on_vm "stopVirtualMachine",
    has = { ["virtualmachine.state"] = "Stopped" } },
  { "a protected VM is not destroyed", given = { stopped "s4", protect }, destroy, job = { code = 431, errortext = PROTECTED },
    left = { state "Stopped" } },
  { "nor by an admin's expunge", given = { stopped "s4", protect },
    on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" }), job = { code = 431, errortext = PROTECTED },
    left = { state "Stopped" } },
  { "without protection it is", given = { stopped "s4", protect, on_vm("updateVirtualMachine", { deleteprotection = false }) },
    destroy, left = { state "Destroyed" } },
}

for _, row in ipairs(rows) do row.version = V end
return rows
