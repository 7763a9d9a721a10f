-- NICs of VMs that exist: one more, one less, another default one.
local jobs = require "sim.jobs"
local networks = require "sim.networks"
local nics = require "sim.nics"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local vm_networks = require "sim.vm_networks"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"

local vm_nics = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.vm."

local function shown(m, vm, call) return { virtualmachine = vm_rows.row(m, vm, call.account) } end

-- ---------------------------------------------------------------------------------------------------------
-- addNicToVirtualMachine

local function refuse_state(vm)
  if vm.state == "Running" or vm.state == "Stopped" then return end
  local text = placement.described(vm)
  refusal.internal("Unable to add NIC to %s: com.cloud.exception.ResourceUnavailableException: Resource [DataCenter:%d] is "
    .. "unreachable: Unable to add vm %s to network, is not in the right state", text, vm.zone.number, text)
end

local function refuse_name(m, vm, network)
  if not vm_networks.name_is_taken(m, vm.name, network, vm) then return end
  refusal.internal("Network %s already has an Instance with host name: %s", network.name, vm.name)
end

local function refuse_network(m, vm, network)
  if not networks.may_use(network, vm.account) then
    refusal.internal("Unable to use network with id= %s, permission denied", network.id)
  elseif network.zone ~= vm.zone then
    refusal.internal("%s is in zone: Zone {\"id\": \"%d\", \"name\": \"%s\", \"uuid\": \"%s\"} but %s", placement.described(vm),
      vm.zone.number, vm.zone.name, vm.zone.id, networks.described(network) .. " is not")
  elseif nics.in_network(m, vm, network) then
    refusal.internal("A NIC already exists for VM:%s in network: %s", vm.instance_name, network.id)
  end
  refuse_name(m, vm, network)
end

local function refuse_add(m, vm, network)
  vm_running.refuse_unknown(vm)
  refuse_network(m, vm, network)
  refuse_state(vm)
end

-- A device that no NIC of the VM has: the lowest.
local function free_device(m, vm)
  local used = {}
  for _, nic in ipairs(nics.of(m, vm)) do used[nic.device] = true end
  local device = 0
  while used[device] do device = device + 1 end
  return device
end

local function add(m, call)
  local arguments, vm = call.arguments, call.arguments.virtualmachineid
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function() refuse_add(m, vm, arguments.networkid) end,
    finish = function()
      refuse_add(m, vm, arguments.networkid)
      local nic = nics.add(m, vm, {
        network = arguments.networkid, ip = arguments.ipaddress, mac = arguments.macaddress, device = free_device(m, vm),
        is_default = false,
      })
      if vm.state == "Running" then networks.implement(m, nic.network) end
      nic.connected = vm.state == "Running"
      return shown(m, vm, call)
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- removeNicFromVirtualMachine, updateDefaultNicForVirtualMachine

local function refuse_nic(vm, nic)
  vm_running.refuse_unknown(vm)
  if nic.ghost or nic.removed or nic.vm ~= vm then
    refusal.invalid("unable to find a nic with id %d on vm with id %d", nic.number or 0, vm.number)
  end
end

local function refuse_remove(vm, nic)
  refuse_nic(vm, nic)
  local where = ("%s in %s"):format(placement.described(vm), networks.described(nic.network))
  if nic.is_default then refusal.invalid("Unable to remove NIC from %s, NIC is default.", where) end
  if vm.state ~= "Running" and vm.state ~= "Stopped" then
    refusal.internal("Unable to remove NIC from %s: the VM is not in the right state", where)
  end
end

local function remove(m, call)
  local vm, nic = call.arguments.virtualmachineid, call.arguments.nicid
  return jobs.answer(jobs.start(m, call, {
    queue = vm,
    check = function() refuse_remove(vm, nic) end,
    finish = function()
      refuse_remove(vm, nic)
      nics.remove(m, nic)
      return shown(m, vm, call)
    end,
  }))
end

-- The new default NIC and the old one change their devices.
local function make_default(m, call)
  local vm, nic = call.arguments.virtualmachineid, call.arguments.nicid
  local function refuse()
    refuse_nic(vm, nic)
    if nic.is_default then refusal.internal("%s is already the default nic", nics.described(nic)) end
    if vm.state ~= "Running" and vm.state ~= "Stopped" then
      refusal.internal("Cannot update default network, the vm %s is in state %s", vm.instance_name, vm.state)
    end
  end
  return jobs.answer(jobs.start(m, call, {
    queue = vm, check = refuse,
    finish = function()
      refuse()
      for _, other in ipairs(nics.of(m, vm)) do
        if other.is_default then
          other.is_default, nic.is_default = false, true
          other.device, nic.device = nic.device, other.device
          break
        end
      end
      return shown(m, vm, call)
    end,
  }))
end

local VM = { "virtualmachineid", "uuid", of = "vm", required = true, acl = true }
local NIC = { "nicid", "uuid", of = "nic", required = true, acl = true }

vm_nics.commands = {
  { name = "addNicToVirtualMachine", run = add, class = PACKAGE .. "AddNicToVMCmd", parameters = {
    VM, { "networkid", "uuid", of = "network", required = true }, { "ipaddress", "string" },
    { "macaddress", "string", since = "4.11" },
  } },
  { name = "removeNicFromVirtualMachine", run = remove, class = PACKAGE .. "RemoveNicFromVMCmd", parameters = { VM, NIC } },
  { name = "updateDefaultNicForVirtualMachine", run = make_default, class = PACKAGE .. "UpdateDefaultNicForVMCmd",
    parameters = { VM, NIC } },
}

return vm_nics
