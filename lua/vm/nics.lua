-- Which of BOSH's networks share a NIC. A NIC is a network of CloudStack, in which a VM has one at most; a network of BOSH is one or
-- more addresses on it. Those of one nic_group, and those in the same network of CloudStack, share a NIC. Pure.

local address = require "base.address"
local errors = require "errors"
local tables = require "base.tables"

local nics = {}

local function is_default_for(network, role)
  local roles = network.given.default
  return type(roles) == "table" and tables.place(roles, role) ~= nil
end
nics.is_default_for = is_default_for

local function names_of(networks)
  local names = {}
  for i, network in ipairs(networks) do names[i] = ("'%s'"):format(network.name) end
  return table.concat(names, " and ")
end
nics.names_of = names_of

-- Is the network a block of addresses and not one?
local function is_block(network) return network.prefix < address.bits(network.family) end
nics.is_block = is_block

-- The network whose address becomes the NIC's own comes first: CloudStack chooses a dynamic one, and says it before the VM starts; of
-- manual ones that of the gateway, then single addresses.
local function rank(network)
  return (network.family == 6 and 100 or 0) + (network.kind == "dynamic" and 0 or 10)
    + (is_default_for(network, "gateway") and 0 or 2) + (is_block(network) and 1 or 0)
end

local function in_rank(networks)
  local places = {}
  for i, network in ipairs(networks) do places[network] = i end
  table.sort(networks, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return places[a] < places[b]
  end)
  return networks
end

-- ---------------------------------------------------------------------------------------------------------
-- what cannot be

local function refuse_split_groups(list)
  local of = {}
  for _, network in ipairs(list) do
    local other = network.group and of[network.group]
    if other and other.target.id ~= network.target.id then
      error(errors.cloud("networks '%s' and '%s' have the nic_group '%s', and are in two networks of CloudStack, '%s' and '%s': a NIC "
        .. "is in one", other.name, network.name, network.group, other.target.name, network.target.name))
    end
    if network.group then of[network.group] = other or network end
  end
end

local function refuse_two_macs(networks)
  local first
  for _, network in ipairs(networks) do
    if network.mac and first and network.mac ~= first.mac then
      error(errors.cloud("networks '%s' and '%s' share the NIC in '%s' and have two MACs, %s and %s; a NIC has one", first.name,
        network.name, network.target.name, first.mac, network.mac))
    end
    if network.mac then first = first or network end
  end
end

local function refuse_dynamic_twins(networks)
  local first = {}
  for _, network in ipairs(networks) do
    local other = first[network.family]
    if network.kind == "dynamic" and other then
      error(errors.not_supported("networks '%s' and '%s' share the NIC in '%s' and are both dynamic IPv%d ones: give one of them an "
        .. "address, or put it into another network of CloudStack", other.name, network.name, network.target.name, network.family))
    end
    if network.kind == "dynamic" then first[network.family] = network end
  end
end

-- The agent distinguishes NICs by their MACs.
local function refuse_twin_macs(list)
  local owner = {}
  for _, nic in ipairs(list) do
    if nic.mac and owner[nic.mac] then
      error(errors.cloud("networks '%s' and '%s' have the same MAC %s; every NIC has its own", owner[nic.mac], nic.name, nic.mac))
    end
    if nic.mac then owner[nic.mac] = nic.name end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- the addresses of one

-- The addresses that a manual network is, with its name.
local function addresses_of(network)
  local list = {}
  for i = 0, (1 << (address.bits(network.family) - network.prefix)) - 1 do
    list[i + 1] = { address = address.after(network.ip, i), network = network.name }
  end
  return list
end

-- The NIC's own address, or nil where CloudStack chooses; and those that it has besides, each { address, network }.
local function divide(networks)
  local own, more, of = nil, {}, {}
  for i, network in ipairs(networks) do
    for j, one in ipairs(network.kind == "manual" and addresses_of(network) or {}) do
      if of[one.address] then
        error(errors.cloud("networks '%s' and '%s' both have address %s", of[one.address], one.network, one.address))
      end
      of[one.address] = one.network
      if i == 1 and j == 1 and network.family == 4 then own = one.address else more[#more + 1] = one end
    end
  end
  return own, more
end

local function make(networks, fresh)
  refuse_two_macs(networks)
  refuse_dynamic_twins(networks)
  local mac, is_fresh = nil, false
  for _, network in ipairs(networks) do mac = mac or network.mac end
  if not mac and #networks > 1 then mac = fresh[networks[1].name] end -- the agent finds the NIC of several networks by it
  for _, network in ipairs(networks) do is_fresh = is_fresh or mac ~= nil and mac == fresh[network.name] end
  in_rank(networks)
  local own, more = divide(networks)
  return { name = networks[1].name, target = networks[1].target, networks = networks, ip = own, more = more, mac = mac,
    has_fresh_mac = is_fresh }
end

-- wanted(nic) -> { { ip, target, is_further }, ... }: the addresses that a NIC is to have, its own one first. nic: as group() makes it.
function nics.wanted(nic)
  local wanted = {}
  if nic.ip then wanted[1] = { ip = nic.ip, target = nic.target } end
  for _, one in ipairs(nic.more) do wanted[#wanted + 1] = { ip = one.address, target = nic.target, is_further = true } end
  return wanted
end

-- group(list, fresh) -> the NICs in the order of their first networks, each {
--   name      of its first network;  networks  those on it, the one of its own address first
--   target    CloudStack's network
--   ip        its own address, nil where CloudStack chooses;  more  the further ones, { { address, network = its name }, ... }
--   mac       nil where CloudStack chooses;  has_fresh_mac  is it a random one of ours? }
-- list: networks as vm/one_network.lua reads them, each with its target and its MAC, in the order of the NICs; small enough to be
-- listed. fresh: { name = a random MAC }. Raises CloudError, and NotSupported.
function nics.group(list, fresh)
  refuse_split_groups(list)
  local of, groups = {}, {}
  for _, network in ipairs(list) do
    local group = of[network.target.id]
    if not group then
      group = {}
      of[network.target.id], groups[#groups + 1] = group, group
    end
    group[#group + 1] = network
  end
  local made = {}
  for i, networks in ipairs(groups) do made[i] = make(networks, fresh) end
  refuse_twin_macs(made)
  return made
end

return nics
