-- Leaving by a network without addresses (an L2 network): a stopped VM gets a NIC there, that becomes its default one, and the
-- others are removed. Then the VM holds no address at all until it is expunged (observed page of CloudStack 4.22: each of the
-- three steps takes as long as a stop).

local cloud_nics = require "cloudstack.nics"
local errors = require "errors"
local exact = require "cloudstack.exact"
local network_offerings = require "cloudstack.network_offerings"
local networks = require "cloudstack.networks"
local vms = require "cloudstack.vms"

local addressless = {}

-- The name of the network that the CPI makes where it is missing, one a zone.
addressless.NAME = "cpi-parking"

local function is_without_addresses(row, vm) return row.type == "L2" and row.zoneid == vm.zoneid end

-- The zone's networks without addresses.
local function fitting(rows, vm)
  local list = {}
  for _, row in ipairs(rows) do
    if is_without_addresses(row, vm) then list[#list + 1] = row end
  end
  return list
end

-- Makes the CPI's own. Two processes may do so at once: both networks serve.
local function make(cpi, vm)
  local offering = network_offerings.without_addresses(cpi.cloudstack:rows(network_offerings.request()))
  local payload = cpi.cloudstack:call("createNetwork", { name = addressless.NAME, zoneid = vm.zoneid,
    displaytext = "VMs that BOSH has deleted, until CloudStack expunges them", networkofferingid = offering.id })
  cpi.log.info("network '%s' was made in zone '%s': deleted VMs leave by it", addressless.NAME, tostring(vm.zonename))
  return payload.network
end

local function find(cpi, vm, wanted)
  local rows = fitting(cpi.cloudstack:rows(networks.request()), vm)
  if wanted and wanted ~= addressless.NAME then
    return exact.one(rows, wanted, "network") or error(errors.cloud("network '%s', by which VMs are to leave, is not a network "
      .. "without addresses (L2) of zone '%s'; there are: %s", wanted, tostring(vm.zonename), exact.names(rows)))
  end
  for _, row in ipairs(rows) do
    if row.name == addressless.NAME then return row end
  end
  return make(cpi, vm)
end

local function nic_in(list, network) return cloud_nics.in_network({ nic = list }, network.id) end

-- One step; the VM's NICs after it. is_done(NICs): is it done all the same, though the answer was lost? Raises CloudError.
local function step(cpi, vm, command, params, what, is_done)
  params.virtualmachineid = vm.id
  local function look()
    local row = vms.with_id(cpi, vm.id)
    return row and is_done(row.nic) and { virtualmachine = row } or nil
  end
  local result = cpi.cloudstack:job { command, params, idempotent = true, what = what, find = look,
    timeout = cpi.settings.cloudstack.timeout.global }
  return result.virtualmachine and result.virtualmachine.nic or {}
end

-- Takes the NIC off the VM -> is it off?
local function remove(cpi, vm, nic)
  local ok, why = pcall(step, cpi, vm, "removeNicFromVirtualMachine", { nicid = nic.id },
    "releasing address " .. tostring(nic.ipaddress), function(list) return not cloud_nics.with_id(list, nic.id) end)
  if not ok then cpi.log.warn("NIC %s stays: %s", nic.id, errors.words(why)) end
  return ok
end

-- leave_by(cpi, vm, wanted) -> the NICs that still have an address. vm: a stopped VM's row; wanted: name or id of the network, nil
-- or NAME for the CPI's own. What fails does not keep the VM: the NICs that are left get other addresses.
function addressless.leave_by(cpi, vm, wanted)
  local left = {}
  local ok, why = pcall(function()
    local network = find(cpi, vm, wanted)
    local nic = nic_in(vm.nic, network)
      or nic_in(step(cpi, vm, "addNicToVirtualMachine", { networkid = network.id }, "a NIC without an address",
        function(list) return nic_in(list, network) end), network)
      or error(errors.cloud("VM %s got no NIC in network '%s'", vm.name, network.name))
    if not nic.isdefault then
      step(cpi, vm, "updateDefaultNicForVirtualMachine", { nicid = nic.id }, "making the NIC without an address the default one",
        function(list) return (cloud_nics.with_id(list, nic.id) or {}).isdefault end)
    end
    for _, one in ipairs(vm.nic or {}) do
      if one.id ~= nic.id and not remove(cpi, vm, one) then left[#left + 1] = one end
    end
    cpi.log.info("VM %s leaves by network '%s'%s", vm.name, network.name, #left == 0 and " and holds no address" or "")
  end)
  if ok then return left end
  cpi.log.warn("VM %s cannot leave by a network without addresses, its addresses are parked: %s", vm.name, errors.words(why))
  return vm.nic or {}
end

return addressless
