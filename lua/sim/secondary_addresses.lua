-- Secondary addresses: further ones, of either kind, that a NIC has beside its own. They are taken for as long as the NIC
-- is there, also while its VM is only destroyed.
local guest_addresses = require "sim.guest_addresses"
local ipv6 = require "base.ipv6"
local jobs = require "sim.jobs"
local public_pool = require "sim.public_pool"
local refusal = require "sim.refusal"

local secondary_addresses = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.vm."

-- Whatever is wrong with a wanted address is said in the same words.
local function refuse_address()
  local why = refusal.new(530, 9999, "Failed to assign secondary ip to nic")
  why.plain = true
  error(why, 0)
end

-- Only root admins can look up how many there may be.
local function refuse_more(m, nic)
  if #nic.secondary < m:setting "vm.network.nic.max.secondary.ipaddresses" then return end
  refusal.invalid("Allocating guest ip for nic failed : Maximum Number of %s has been crossed.",
    m.version:at_least "4.21" and "IPs per NIC" or "Ips per Nic")
end

-- In a basic zone an address is one of the pod's, which only a VM that has run is in.
local function refuse_without_pod(m, vm)
  if vm.zone.networktype ~= "Basic" or vm.state == "Running" or vm.ever_started then return end
  refusal.invalid(m.version:at_least "4.21" and "Instance Pod id is null in Basic zone; can't decide the range for IP allocation"
    or "vm pod id is null in Basic zone; can't decide the range for ip allocation")
end

-- Before 4.12 an IPv6 address is not one.
local function refuse_ipv6(m, wanted)
  if m.version:at_least "4.12" or not ipv6.parse(wanted or "") then return end
  local why = refusal.new(530, 9999, "Invalid ip address " .. wanted)
  why.plain = true
  error(why, 0)
end

-- The address that the NIC is to get, and the text under which it is taken.
local function wanted_address(network, wanted)
  if not wanted then
    local lowest = guest_addresses.lowest(network) or refuse_address()
    return lowest, lowest
  end
  if not ipv6.parse(wanted) then
    if not guest_addresses.is_free(network, wanted) then refuse_address() end
    return wanted, wanted
  end
  local key = guest_addresses.spelled(wanted)
  if not guest_addresses.is_in_ipv6_range(network, wanted) or guest_addresses.holder(network, key) then refuse_address() end
  return wanted, key
end

-- give(m, nic, wanted) -> the secondary address as an object; it is taken at once
function secondary_addresses.give(m, nic, wanted)
  refuse_ipv6(m, wanted)
  refuse_more(m, nic)
  refuse_without_pod(m, nic.vm)
  local address, key = wanted_address(nic.network, wanted)
  local one = m:add("secondary_address", { nic = nic, address = address, key = key, account = nic.account })
  guest_addresses.take(nic.network, key, nic)
  nic.secondary[#nic.secondary + 1] = one
  return one
end

local function drop(m, one)
  local kept = {}
  for _, other in ipairs(one.nic.secondary) do
    if other ~= one then kept[#kept + 1] = other end
  end
  one.nic.secondary = kept
  guest_addresses.give_back(one.nic.network, one.key)
  m:forget(one) -- not even its id is known any more
end

local function row(one)
  return { id = one.id, ipaddress = one.address, nicid = one.nic.id, networkid = one.nic.network.id }
end

local function refuse_nic(nic)
  if nic.ghost or nic.removed or nic.vm.removed then refusal.invalid "There is no nic for the specified id" end
end

local function add(m, call)
  local nic = call.arguments.nicid
  refuse_nic(nic)
  local one = secondary_addresses.give(m, nic, call.arguments.ipaddress)
  return jobs.created(jobs.start(m, call, {
    instance = nic.network, instance_type = "IpAddress",
    finish = function() return { nicsecondaryip = row(one) } end,
    cancel = function() drop(m, one) end,
  }), one)
end

-- In an isolated network one that the world reaches stays.
local function refuse_reached(m, one)
  local nic = one.nic
  if nic.network.type ~= "Isolated" then return end
  local public = public_pool.of_nic(m, nic, one.address)
  if public then
    refusal.invalid("Can't remove the IP %s is associate with static NAT rule public IP address ID: %s", one.address, public.id)
  end
end

local function remove(m, call)
  local one = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    check = function() if not one.ghost then refuse_reached(m, one) end end,
    finish = function()
      if not one.ghost then drop(m, one) end
    end,
  }))
end

secondary_addresses.commands = {
  { name = "addIpToNic", envelope = "addiptovmnicresponse", run = add, class = PACKAGE .. "AddIpToVmNicCmd", parameters = {
    { "nicid", "uuid", of = "nic", required = true, acl = true }, { "ipaddress", "string" },
    { "description", "string", max = 2048, since = "4.22.1" },
  } },
  { name = "removeIpFromNic", run = remove, class = PACKAGE .. "RemoveIpFromVmNicCmd", parameters = {
    { "id", "uuid", of = "secondary_address", required = true, acl = true },
  } },
}

return secondary_addresses
