-- Static NAT: a public address of its own for a NIC.
local jobs = require "sim.jobs"
local nics = require "sim.nics"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"

local static_nat = {}

function static_nat.disable(m, address)
  address.vm, address.nic, address.guest = nil, nil, nil
  if address.vpc and not m:first("loadbalancer", function(rule) return rule.address == address end) then
    address.network = nil
  end
end

-- A VM that is expunged lets go of its addresses.
function static_nat.forget(m, vm)
  for _, address in ipairs(m:rows_by("public_address", "vm", vm)) do
    static_nat.disable(m, address)
  end
end

local function nic_in(m, vm, network)
  for _, nic in ipairs(nics.of(m, vm)) do
    if nic.network == network then return nic end
  end
  refusal.invalid "Vm doesn't belong to the network with specified id"
end

local function conflict(format, ...)
  error(refusal.new(537, 4360, format:format(...)), 0)
end

local function refuse_used(m, address, vm)
  if address.source_nat then
    refusal.invalid('Can\'t enable static, ip address IPAddress {"address":"%s","dataCenterId":%d,"id":%d,"uuid":"%s"} '
      .. "is a sourceNat ip address", address.address, address.zone.number, address.number, address.id)
  end
  if m:first("loadbalancer", function(rule) return rule.address == address end) then
    conflict("Failed to enable static nat for the ip address %s as it already has LoadBalancing rules assigned",
      address.address)
  end
  if address.vm and address.vm ~= vm then
    conflict("Failed to enable static for the ip address %s and vm id=%d as it's already assigned to antoher vm",
      address.address, vm.number)
  end
end

-- The secondary address that is meant, or nil for the NIC's own.
local function guest_of(nic, wanted)
  if not wanted or wanted == nic.address then return nil end
  for _, one in ipairs(nic.secondary) do
    if one.address == wanted then return wanted end
  end
  refusal.invalid("VM ip %s address not belongs to the vm", wanted)
end

local function enable(m, call)
  local address, vm = call.arguments.ipaddressid, call.arguments.virtualmachineid
  if address.ghost or address.removed then refusal.invalid "Unable to find ip address by id" end
  if vm.ghost or vm.removed then refusal.invalid("Can't enable static nat for the address id=%d, invalid virtual machine "
    .. "id specified (%d).", address.number, vm.number) end
  local network = call.arguments.networkid or address.network
  if not network then
    refusal.invalid("Unable to enable static NAT for the ipAddress id=%d as IP is not associated with any Network and no "
      .. "networkId is passed in", address.number)
  end
  local nic = nic_in(m, vm, network)
  refuse_used(m, address, vm)
  local guest = guest_of(nic, call.arguments.vmguestip)
  local other = public_pool.of_nic(m, nic, guest)
  if other then
    refusal.invalid("Failed to enable static nat on the  ip %s with Id %s as the vm %s with Id %s is already associated "
      .. "with another public ip %s with id %s", address.address, address.id, vm.instance_name, vm.id, other.address,
      other.id)
  end
  address.vm, address.nic, address.network, address.guest = vm, nic, network, guest
  return { success = true }
end

local function disable(m, call)
  local address = call.arguments.ipaddressid
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      if not address.vm then refusal.invalid "Specified IP address id is not associated with any vm Id" end
      static_nat.disable(m, address)
    end,
  }))
end

local ADDRESS = { "ipaddressid", "uuid", of = "public_address", required = true, acl = true }

static_nat.commands = {
  { name = "enableStaticNat", run = enable, parameters = {
    ADDRESS, { "virtualmachineid", "uuid", of = "vm", required = true, acl = true },
    { "networkid", "uuid", of = "network", acl = true }, { "vmguestip", "string" },
  } },
  { name = "disableStaticNat", run = disable, class = "org.apache.cloudstack.api.command.user.nat.DisableStaticNatCmd",
    parameters = { ADDRESS } },
}

return static_nat
