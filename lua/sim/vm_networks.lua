-- From the network parameters of a deploy to the NICs it asks for, with the checks that come before anything
-- is made.
local networks = require "sim.networks"
local accounts = require "sim.accounts"
local collation = require "base.collation"
local guest_addresses = require "sim.guest_addresses"
local ipv4 = require "base.ipv4"
local refusal = require "sim.refusal"

local vm_networks = {}

local function check_ip(address)
  if address and not ipv4.number(address) then refusal.invalid("Invalid specified IPv4 address %s", address) end
  return address
end

local OCTET = "%x%x"
local MAC = "^" .. OCTET .. (":" .. OCTET):rep(5) .. "$"

local function check_mac(mac)
  if not mac then return nil end
  if not mac:match(MAC) then refusal.invalid("Mac address is not valid: %s", mac) end
  if tonumber(mac:sub(1, 2), 16) & 1 == 1 then refusal.invalid("Mac address is not unicast: %s", mac) end
  return mac
end

local function refuse_taken_mac(m, network, mac)
  local taken = mac and m:first_by("nic", "mac", mac:lower(), function(nic) return nic.network == network end)
  if taken then refusal.invalid("The requested Mac address is already taken! %s", mac) end
end

-- A wanted IPv6 address has to be in the network's range, and is not looked at any further.
local function check_ipv6(network, address)
  if address and network.ip6 and not guest_addresses.is_in_ipv6_range(network, address) then
    refusal.invalid "Requested IPv6 is not in the predefined range!"
  end
end

-- iptonetworklist[n]: the NICs in the order of the list, the first is the default one. Of two entries of one network the
-- last one wins, in the first one's place.
local function from_list(m, list)
  local plans, of = {}, {}
  for _, fields in ipairs(list) do
    local network = fields.networkid and m:find("network", fields.networkid)
    if not network then
      refusal.invalid("Unable to translate and find entity with networkId: %s", fields.networkid or "null")
    end
    check_ipv6(network, fields.ipv6)
    local at = of[network] or #plans + 1
    of[network], plans[at] = at, {
      network = network, ip = check_ip(fields.ip), mac = check_mac(fields.mac), unique_mac = true, device = at - 1,
      is_default = at == 1,
    }
  end
  return plans
end

-- networkids with at most one address, which the default NIC gets; then that NIC is the last device.
local function from_ids(list, ip, mac, ipv6)
  local plans = {}
  for i, network in ipairs(list) do
    plans[i] = { network = network, device = i - 1, is_default = i == 1 }
  end
  plans[1].ip, plans[1].mac = check_ip(ip), check_mac(mac)
  check_ipv6(list[1], ipv6)
  if ip or mac then
    for i, plan in ipairs(plans) do plan.device = i == 1 and #plans - 1 or i - 2 end
  end
  return plans
end

-- An account without any network gets one of its own.
local function make_network(m, owner, zone)
  local offering = m:find_number("network_offering", 10)
  local range = ipv4.network "10.1.1.0/24"
  local name = owner.name .. "-network"
  return networks.add(m, {
    name = name, displaytext = name, zone = zone, offering = offering, type = "Isolated", cidr = "10.1.1.0/24",
    gateway = "10.1.1.1", netmask = range.netmask, first = range.first, last = range.last, from = range.first + 1,
    to = range.last - 1, services = offering.services, account = owner,
  })
end

local function only_network(m, owner, zone)
  local found = m:rows("network", function(network)
    return network.zone == zone and (zone.securitygroups and not network.account or network.account == owner)
  end)
  if #found > 1 then
    refusal.invalid("More than 1 default Isolated networks are found for Account %s; please specify networkIds",
      accounts.described(owner))
  end
  if found[1] then return found end
  if zone.securitygroups then refusal.invalid "Unable to find a default Isolated network; please specify networkIds" end
  return { make_network(m, owner, zone) }
end

local function refuse_unusable(m, plans, owner, zone)
  for _, plan in ipairs(plans) do
    local network = plan.network
    if zone.securitygroups and network and not networks.has_service(network, "SecurityGroup") then
      refusal.invalid("Network is not security group enabled or not L2 network: %s", networks.described(network))
    end
    if not networks.may_use(network, owner) then
      refusal.denied("Unable to use network with id= %s, permission denied", network.id)
    end
    if network.zone ~= zone then
      refusal.invalid("Network %s doesn't belong to zone Zone {\"id\": \"%d\", \"name\": \"%s\", \"uuid\": \"%s\"}",
        networks.described(network), zone.number, zone.name, zone.id)
    end
    if plan.unique_mac then refuse_taken_mac(m, network, plan.mac) end
  end
end

-- plan(m, arguments, owner) -> { { network, ip, mac, device, is_default }, ... }, default NIC first
function vm_networks.plan(m, arguments, owner)
  local list = arguments.iptonetworklist
  if list and (arguments.networkids or arguments.ipaddress) then
    refusal.invalid "ipToNetworkMap can't be specified along with networkIds or ipAddress"
  end
  if arguments.zoneid.networktype == "Basic" and (list or arguments.networkids) then
    refusal.invalid "Can't specify network Ids in Basic zone"
  end
  local plans
  if arguments.zoneid.networktype == "Basic" then
    plans = from_ids({ m:first("network", function(one) return one.zone == arguments.zoneid end) }, arguments.ipaddress,
      arguments.macaddress)
  elseif list then
    plans = from_list(m, list)
  else
    local networks_ = arguments.networkids or only_network(m, owner, arguments.zoneid)
    plans = from_ids(networks_, arguments.ipaddress, arguments.macaddress, arguments.ip6address)
  end
  refuse_unusable(m, plans, owner, arguments.zoneid)
  return plans
end

-- A name belongs to one VM in a network, or in all tiers of a VPC, for as long as that VM has a NIC there; case counts.
function vm_networks.name_is_taken(m, name, network, besides)
  return m:first_by("vm", "named", collation.fold(name), function(vm)
    return vm ~= besides and vm.name == name and m:first_by("nic", "vm", vm, function(nic)
      return nic.network == network or network.vpc and nic.network.vpc == network.vpc
    end) ~= nil
  end) ~= nil
end

function vm_networks.refuse_taken_name(m, name, list, besides)
  for _, network in ipairs(list) do
    if vm_networks.name_is_taken(m, name, network, besides) then
      refusal.invalid("The vm with hostName %s already exists in the network domain: %s; network=%s", name,
        networks.domain_of(network), network.name)
    end
  end
end

return vm_networks
