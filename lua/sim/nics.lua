-- The NICs of VMs: how they get network, address, MAC and place, how they are shown, and a new address for one.
local guest_addresses = require "sim.guest_addresses"
local networks = require "sim.networks"
local lists = require "sim.lists"
local jobs = require "sim.jobs"
local ipv4 = require "base.ipv4"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"

local nics = {}

-- The VM's NICs in the order of their devices.
function nics.of(m, vm)
  local out = m:rows_by("nic", "vm", vm)
  if #out > 1 then table.sort(out, function(a, b) return a.device < b.device end) end
  return out
end

-- The VM's NIC in a network, or nil.
function nics.in_network(m, vm, network)
  for _, nic in ipairs(nics.of(m, vm)) do
    if nic.network == network then return nic end
  end
end

-- What the outside world knows a VM by: the address of the first NIC.
function nics.address_of(m, vm)
  local first = nics.of(m, vm)[1]
  return first and first.address
end

local function fresh_mac(m, network)
  m.last_mac = (m.last_mac or 0) + 1
  local prefix = network.type == "Shared" and "1e:02:15" or "02:01:00"
  return ("%s:%02x:%02x:%02x"):format(prefix, m.last_mac >> 16 & 255, m.last_mac >> 8 & 255, m.last_mac & 255)
end

-- A basic zone says to everybody why.
local function refuse_in_basic_zone(vm, network, address)
  local text = guest_addresses.holder(network, address)
    and ("Cannot acquire guest [IPv4 address='%s']; The Ip address is in [state='Allocated']"):format(address)
    or ("Trying to configure a Nic with the requested [IPv4='%s'] but cannot find a Vlan for the [network '%s']")
      :format(address, networks.described(network))
  local why = refusal.new(431, 4350, text)
  why.about = { { uuid = vm.id, description = "virtualmachineid" } }
  error(why, 0)
end

local function refuse_address(m, vm, network, address)
  if network.zone.networktype == "Basic" and address then refuse_in_basic_zone(vm, network, address) end
  local refuse = m.version:at_least "4.22" and refusal.unacquired or refusal.capacity
  refuse("Unable to acquire Guest IP address for network %s", networks.described(network))
end

-- The address that a NIC gets: the wanted one or the lowest; none where the network has none.
local function acquire(m, vm, network, wanted)
  if network.type == "L2" then return nil end
  local address = wanted or guest_addresses.lowest(network)
  if not address or not guest_addresses.is_free(network, address) then refuse_address(m, vm, network, address) end
  return address
end

-- Makes one NIC; an address that can't be had is refused. plan = { network, ip, mac, device, is_default }
function nics.add(m, vm, plan)
  local network = plan.network
  local address, mac = acquire(m, vm, network, plan.ip), plan.mac or fresh_mac(m, network)
  local nic = m:add("nic", {
    vm = vm, network = network, address = address, mac = mac, device = plan.device, secondary = {},
    address6 = guest_addresses.ipv6_of(network, mac), is_default = plan.is_default,
    connected = networks.is_implemented(network), account = vm.account,
  })
  if address then guest_addresses.take(network, address, nic) end
  if nic.address6 then guest_addresses.take(network, nic.address6, nic) end
  return nic
end

-- While a VM runs its NICs are connected to the network's VLAN.
function nics.connect(m, vm, connected)
  for _, nic in ipairs(nics.of(m, vm)) do
    if connected then networks.implement(m, nic.network) end
    nic.connected = connected
  end
end

-- Ends a NIC: all its addresses are free.
function nics.remove(m, nic)
  guest_addresses.give_back(nic.network, nic.address)
  guest_addresses.give_back(nic.network, nic.address6)
  for _, one in ipairs(nic.secondary) do guest_addresses.give_back(nic.network, one.key) end
  m:remove(nic)
end

function nics.release(m, vm)
  for _, nic in ipairs(nics.of(m, vm)) do nics.remove(m, nic) end
end

-- ---------------------------------------------------------------------------------------------------------
-- rows

local function secondary_rows(m, nic)
  local out = m:array()
  for i, one in ipairs(nic.secondary) do out[i] = { id = one.id, ipaddress = one.address } end
  return out
end

local function show(m, nic)
  local network = nic.network
  local out = {
    id = nic.id, networkid = network.id, networkname = network.name, netmask = network.netmask,
    gateway = network.gateway, ipaddress = nic.address, traffictype = "Guest", type = network.type,
    isdefault = nic.is_default, macaddress = nic.mac, extradhcpoption = m:array(), deviceid = tostring(nic.device),
    ip6address = nic.address6,
  }
  if m.version:at_least "4.23" then out.enabled = true end
  if network.ip6 then out.ip6cidr, out.ip6gateway = network.ip6.cidr, network.ip6.gateway end
  local public = public_pool.of_nic(m, nic)
  if public then out.publicipid, out.publicip = public.id, public.address end
  if network.vpc then out.vpcid, out.vpcname = network.vpc.id, network.vpc.name end
  if nic.connected and network.type ~= "L2" then
    out.isolationuri = "vlan://" .. network.vlan
    out.broadcasturi = out.isolationuri
  end
  return out
end

-- The NICs as a VM's row has them.
function nics.rows(m, vm)
  local out = m:array()
  for i, nic in ipairs(nics.of(m, vm)) do
    out[i] = show(m, nic)
    out[i].secondaryip = secondary_rows(m, nic)
  end
  return out
end

-- Nic {...} as it stands in error texts
function nics.described(nic)
  return ('Nic {"broadcastUri":null,"deviceId":%d,"iPv4Address":"%s","id":%d,"instanceId":%d,"reservationId":null,'
    .. '"uuid":"%s"}')
    :format(nic.device, nic.address or "null", nic.number, nic.vm.number, nic.id)
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

-- A list of its own shows secondary addresses only where there are some.
local function list(m, call)
  local arguments, vm = call.arguments, call.arguments.virtualmachineid
  if vm.ghost or vm.removed then refusal.plainly "Virtual machine id does not exist" end
  local found = {}
  for _, nic in ipairs(nics.of(m, vm)) do
    if (not arguments.nicid or nic == arguments.nicid) and (not arguments.networkid
      or nic.network == arguments.networkid) then
      found[#found + 1] = nic
    end
  end
  return lists.answer(m, call, "nic", found, function(nic)
    local out = show(m, nic)
    out.virtualmachineid = vm.id
    if #nic.secondary > 0 then out.secondaryip = secondary_rows(m, nic) end
    return out
  end)
end

-- The words of the newest version and of those before it.
local function refuse_taken(m, nic)
  refusal.invalid(m.version:at_least "4.23" and "Allocating IP to guest NIC %s failed, please choose another IP"
    or "Allocating ip to guest nic %s failed, please choose another ip", nics.described(nic))
end

local function refuse_new_address(m, nic, wanted)
  if nic.removed or nic.vm.removed then refusal.invalid "There is no nic for the specified id" end
  if nic.vm.state ~= "Stopped" then
    refusal.invalid "VM is not Stopped, unable to update the vm nic having the specified id"
  end
  if wanted and not ipv4.number(wanted) then
    if m.version:at_least "4.23" then refusal.invalid("Invalid IP address %s", wanted) end
    refusal.internal("Invalid ip address %s", wanted)
  end
  if wanted and not guest_addresses.is_free(nic.network, wanted) then refuse_taken(m, nic) end
end

local function change_address(m, call)
  local nic, wanted = call.arguments.nicid, call.arguments.ipaddress
  return jobs.answer(jobs.start(m, call, {
    queue = nic.vm,
    check = function() refuse_new_address(m, nic, wanted) end,
    finish = function()
      refuse_new_address(m, nic, wanted)
      local address = wanted or guest_addresses.lowest(nic.network, nic.address) or refuse_taken(m, nic)
      guest_addresses.give_back(nic.network, nic.address)
      guest_addresses.take(nic.network, address, nic)
      nic.address = address
      return { virtualmachine = nics.vm_row(m, nic.vm, call.account, { nics = true }) }
    end,
  }))
end

nics.commands = {
  { name = "listNics", run = list, parameters = lists.parameters {
    { "virtualmachineid", "uuid", of = "vm", required = true, acl = true }, { "nicid", "uuid", of = "nic" },
    { "networkid", "uuid", of = "network" },
  } },
  { name = "updateVmNicIp", run = change_address, class = "org.apache.cloudstack.api.command.user.vm.UpdateVmNicIpCmd",
    parameters = { { "nicid", "uuid", of = "nic", required = true, acl = true }, { "ipaddress", "string" } } },
}

return nics
