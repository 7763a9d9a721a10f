-- Which address of which NIC a vip is for: that of its nic_group, of the network that its cloud_properties name or that the public
-- address belongs to, else the first that can have a vip and has none yet. An address has one vip at most.

local addresses = require "cloudstack.addresses"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local networks = require "cloudstack.networks"
local tables = require "base.tables"

local function refuse_address(vip, row, version)
  if not row and vip.network.properties.acquire and not capabilities.at_least(version, 4, 13) then
    error(errors.cloud("address %s of network '%s' cannot be acquired: CloudStack %s cannot assign a specific address; that needs 4.13",
      vip.ip, vip.network.name, version))
  elseif not row and not vip.network.properties.acquire then
    error(errors.cloud("address %s of network '%s' is not one of this account's in the zone: acquire it first, or set "
      .. "cloud_properties.acquire", vip.ip, vip.network.name))
  elseif row and row.issourcenat then
    error(errors.cloud("address %s of network '%s' is a router's (source NAT); it can't be a vip", vip.ip, vip.network.name))
  elseif row and row.isstaticnat then
    error(errors.cloud("address %s of network '%s' is already the vip of VM '%s' (%s)", vip.ip, vip.network.name,
      tostring(row.virtualmachinename), tostring(row.virtualmachineid)))
  end
end

-- Every IPv4 address that a vip can be for, { nic, network, guest }: the NICs' own ones first, whose guest is nil.
local function places_of(nics)
  local own, further = {}, {}
  for _, nic in ipairs(nics) do
    for i, network in ipairs(nic.networks) do
      local into = i == 1 and own or further
      if network.family == 4 then into[#into + 1] = { nic = nic, network = network, guest = i > 1 and network.ip or nil } end
    end
  end
  return table.move(further, 1, #further, #own + 1, own)
end

local function first_of(places, fits)
  for _, place in ipairs(places) do
    if fits(place) then return place end
  end
end

local function names_of(nics)
  local names = {}
  for i, nic in ipairs(nics) do names[i] = nic.target.name end
  return table.concat(names, ", ")
end

-- The places of the networks of its group, all without one.
local function places_in_group(vip, places)
  local group = vip.network.group
  if not group then return places end
  local inside = {}
  for _, place in ipairs(places) do
    if place.network.group == group then inside[#inside + 1] = place end
  end
  if #inside > 0 then return inside end
  local known = {}
  for i, place in ipairs(places) do
    known[i] = place.network.group and ("'%s' (nic_group %s)"):format(place.network.name, place.network.group)
      or ("'%s' (no nic_group)"):format(place.network.name)
  end
  error(errors.cloud("vip '%s' is of the nic_group '%s', in which the VM has no IPv4 network; it has: %s", vip.network.name, group,
    table.concat(known, ", ")))
end

-- What a place must be for the vip's network of CloudStack: a test, and it in words.
local function test_for(vip, found)
  local row, wanted = vip.row or {}, vip.network.properties.name
  local target = wanted and networks.pick(found.networks, wanted, found.zone)
  if target and row.associatednetworkid and row.associatednetworkid ~= target.id then
    error(errors.cloud("address %s of network '%s' belongs to network '%s', not to '%s'", vip.ip, vip.network.name,
      tostring(row.associatednetworkname), target.name))
  end
  local id = target and target.id or row.associatednetworkid
  if id then
    return function(network) return network.id == id end,
      ("network '%s'"):format(target and target.name or tostring(row.associatednetworkname))
  end
  if row.vpcid then return function(network) return network.vpcid == row.vpcid end, ("VPC '%s'"):format(tostring(row.vpcname)) end
  return function(network) return vip.network.group ~= nil or networks.offers(network, "StaticNat") end, "a network with static NAT"
end

-- taken: { place = the vip that it has }
local function place_for(vip, nics, places, found, taken)
  local fits, words = test_for(vip, found)
  local inside = places_in_group(vip, places)
  local place = first_of(inside, function(one) return not taken[one] and fits(one.nic.target) end)
    or first_of(inside, function(one) return fits(one.nic.target) end)
  if place then return place end
  error(errors.cloud("vip '%s' (%s) needs a NIC in %s; the VM has NICs in: %s", vip.network.name, vip.ip or "any address", words,
    names_of(nics)))
end

local function refuse_services(vip, target)
  local name = vip.network.name
  if not networks.offers(target, "StaticNat") then
    error(errors.cloud("network '%s' has no static NAT, which vip '%s' needs", target.name, name))
  elseif #vip.rules > 0 and target.vpcid then
    error(errors.cloud("network '%s' is a tier of a VPC: there the tier's network ACLs say what may come in, vip '%s' can't "
      .. "have firewall_rules", target.name, name))
  elseif #vip.rules > 0 and not networks.offers(target, "Firewall") then
    error(errors.cloud("network '%s' has no firewall, vip '%s' can't have firewall_rules", target.name, name))
  end
end

-- The vips that have no choice of a network first.
local function by_choice(list)
  local bound, free = {}, {}
  for _, vip in ipairs(list) do
    local is_bound = vip.network.group or vip.network.properties.name or vip.row and vip.row.associatednetworkid
    table.insert(is_bound and bound or free, vip)
  end
  return table.move(free, 1, #free, #bound + 1, bound)
end

-- What was read of each vip, with the address's row (nil: to be acquired).
local function with_rows(list, found)
  local twins = {}
  for i, vip in ipairs(list) do
    local row = vip.ip and addresses.pick(found["vip " .. i], vip.ip, found.zone)
    if vip.ip then refuse_address(vip, row, found.can.version) end
    twins[i] = tables.with(vip, { row = row })
  end
  return twins
end

-- vip_places(list, found, nics) -> what vm/vips.lua has read of each, with its row, nic and guest (nil: the NIC's own address). nics:
-- as vm/nics.lua groups them. Raises CloudError.
return function(list, found, nics)
  local planned, places, taken = with_rows(list, found), places_of(nics), {}
  for _, vip in ipairs(by_choice(planned)) do
    local place = place_for(vip, nics, places, found, taken)
    if taken[place] then
      error(errors.cloud("vips '%s' and '%s' are for one address, that of network '%s' in '%s'; an address has one public address",
        taken[place], vip.network.name, place.network.name, place.nic.target.name))
    end
    vip.nic, vip.guest, taken[place] = place.nic, place.guest, vip.network.name
    refuse_services(vip, place.nic.target)
  end
  return planned
end
