-- The networks of a VM: what BOSH asks for, on which NICs it is, which NIC comes first, what it becomes in CloudStack's words.

local agent_networks = require "vm.agent_networks"
local cloud_nics = require "cloudstack.nics"
local errors = require "errors"
local network_limits = require "vm.network_limits"
local networks = require "cloudstack.networks"
local nics = require "vm.nics"
local one_network = require "vm.one_network"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"

local vm_networks = { name = "networks" }

-- The argument `networks` of create_vm as a list, by name, vips among them; each as vm/one_network.lua reads it.
function vm_networks.read(cpi, order)
  local given, json = order.given_networks, cpi.json
  if type(given) ~= "table" or given == json.null or next(given) == nil or #given > 0 then
    error(errors.cpi("argument networks must be an object with at least one network"))
  end
  local list, count = {}, 0
  for i, name in ipairs(tables.sorted_keys(given)) do
    list[i] = one_network(name, given[name], json.null)
    if list[i].kind ~= "vip" then count = count + 1 end
  end
  if count == 0 then error(errors.cpi("argument networks must have a network that is not a vip")) end
  return list
end

function vm_networks.ask()
  local request = networks.request()
  request.cached = true
  return { networks = request }
end

-- ---------------------------------------------------------------------------------------------------------
-- the plan

-- A MAC of our own: unicast, locally administered, random.
local function fresh_mac(cpi)
  local digits = cpi.bytes.uuid():gsub("%-", "")
  return "02" .. digits:sub(1, 10):gsub("..", ":%0")
end

-- The facts of one network for the networks policy.
local function facts_of(network, mac)
  local target = network.target
  return {
    name = network.name, kind = network.kind, ip = network.ip, family = network.family, prefix = network.prefix,
    nic_group = network.group, undiscoverable = network.properties.undiscoverable or false,
    gateway = nics.is_default_for(network, "gateway"), dns = nics.is_default_for(network, "dns"), fresh_mac = mac,
    network = { id = target.id, name = target.name, type = target.type, serves_metadata = networks.offers(target, "UserData") },
  }
end

-- CloudStack's network for one of BOSH's. A basic zone has one, which need not be named.
local function target_of(network, found)
  local zone, wanted = found.zone, network.properties.name
  if wanted then return networks.pick(found.networks, wanted, zone) end
  local only = networks.is_basic(zone) and networks.first_in(found.networks, zone)
  return only or error(errors.cloud("cloud_properties of network '%s' must have 'name': the network in CloudStack", network.name))
end

-- In a basic zone an address follows from the place of the VM, which one that never ran does not have.
local function refuse_basic(zone, list)
  if networks.is_basic(zone) and #list > 1 then
    error(errors.cloud("zone '%s' is a basic one: a VM has one NIC there, not %d", zone.name, #list))
  elseif networks.is_basic(zone) and #list[1].more > 0 then
    error(errors.not_supported("zone '%s' is a basic one: CloudStack gives a VM one address there before it runs, not %d", zone.name,
      #list[1].more + 1))
  end
end

-- Those that are not vips, each with its target and a random MAC, which those in one network of CloudStack have in common.
local function with_targets(cpi, order, found)
  local list, fresh, of = {}, {}, {}
  for _, network in ipairs(order.networks) do
    if network.kind ~= "vip" then
      local one = tables.with(network, { target = target_of(network, found) })
      network_limits.check(cpi, one, found)
      of[one.target.id] = of[one.target.id] or fresh_mac(cpi)
      list[#list + 1], fresh[one.name] = one, of[one.target.id]
    end
  end
  return list, fresh
end

-- Without user data in any of its networks a VM runs, and its agent never gets its settings.
local function warn_of_silence(cpi, list)
  local names = {}
  for i, network in ipairs(list) do
    if not network.target.service or networks.offers(network.target, "UserData") then return end
    names[i] = network.target.name
  end
  cpi.log.warn("no network of the VM offers user data (%s): its agent cannot get its settings from CloudStack", table.concat(names, ", "))
end

-- The NICs in their order, as vm/nics.lua groups them.
function vm_networks.plan(cpi, order, found)
  local list, fresh = with_targets(cpi, order, found)
  if not networks.is_basic(found.zone) then warn_of_silence(cpi, list) end
  local facts, by_name, ordered = {}, {}, {}
  for i, network in ipairs(list) do
    facts[i], by_name[network.name] = facts_of(network, fresh[network.name]), network
  end
  local answer = cpi.decide("networks", { networks = facts }, order.instance)
  for i, name in ipairs(answer.order) do
    local network = by_name[name]
    ordered[i] = tables.with(network, { mac = network.properties.mac or answer.macs[name] })
  end
  local planned = nics.group(ordered, fresh)
  refuse_basic(found.zone, planned)
  for _, nic in ipairs(planned) do network_limits.check_nic(nic) end
  return planned
end

-- Other random MACs in the place of those that a failed try has used: its VM has them until CloudStack has expunged it.
function vm_networks.renew(cpi, _, _, plan, try)
  if try.number == 1 then return plan.networks end
  local renewed = {}
  for i, nic in ipairs(plan.networks) do renewed[i] = tables.with(nic, nic.has_fresh_mac and { mac = fresh_mac(cpi) } or nil) end
  return renewed
end

-- ---------------------------------------------------------------------------------------------------------
-- CloudStack's words

-- iptonetworklist keeps the order; networkids with an address does not. A basic
-- zone takes no network, only an address. IPv6 addresses that are named here CloudStack ignores.
function vm_networks.parameters(_, _, found, plan)
  local list, params = plan.networks, {}
  if networks.is_basic(found.zone) then return { ipaddress = list[1].ip, macaddress = list[1].mac } end
  for i, nic in ipairs(list) do
    local prefix = ("iptonetworklist[%d]."):format(i - 1)
    params[prefix .. "networkid"] = nic.target.id
    params[prefix .. "ip"] = nic.ip
    params[prefix .. "mac"] = nic.mac
  end
  return params
end

local function row_of(nic, try, vm)
  return cloud_nics.in_network(vm, nic.target.id) or error(errors.vm_creation_failed("VM %s has no NIC with %s in network '%s'",
    try.vm_cid, nic.ip or "an address", nic.target.name))
end

-- The further addresses of the NICs, all at once. They go with the VM.
function vm_networks.furnish(cpi, _, _, plan, try, vm)
  local requests = {}
  for _, nic in ipairs(plan.networks) do
    local row = #nic.more > 0 and row_of(nic, try, vm)
    for _, one in ipairs(nic.more) do requests[#requests + 1] = cloud_nics.add_request(cpi, vm, row, one.address) end
  end
  return requests
end

-- The VM has the addresses that were asked for.
function vm_networks.verify(_, _, _, plan, try, vm)
  for _, nic in ipairs(plan.networks) do
    local row = row_of(nic, try, vm)
    for _, one in ipairs(nics.wanted(nic)) do
      if not cloud_nics.has(row, one.ip) then
        error(errors.vm_creation_failed("VM %s has no NIC with %s in network '%s'", try.vm_cid, one.ip, nic.target.name))
      end
    end
  end
end

-- CloudStack does not say how many a NIC may have, and only root admins may ask.
function vm_networks.explain(cpi, _, _, plan, failure)
  if not refusals.is(failure, "nic_has_most_addresses") then return nil end
  local words = {}
  for _, nic in ipairs(plan.networks) do
    if #nic.more > 0 then words[#words + 1] = ("%d in network '%s'"):format(#nic.more, nic.target.name) end
  end
  return ("%s; the NICs of the VM need further addresses: %s. CloudStack's global setting vm.network.nic.max.secondary.ipaddresses has "
    .. "the most for a NIC, 10 where nobody raised it"):format(cpi.cloudstack.say(failure), table.concat(words, ", "))
end

-- ---------------------------------------------------------------------------------------------------------
-- BOSH's answer

-- The second half of create_vm's answer: the networks as BOSH gave them, with their routes, the MACs of their NICs, the addresses
-- of dynamic ones, and those that the CPI gave to the vips, { network name = address }.
function vm_networks.result(order, plan, vm, vips)
  local result, routes = {}, order.routes or {}
  for _, network in ipairs(order.networks) do
    result[network.name] = tables.with(network.given, { routes = routes[network.name], ip = vips and vips[network.name] })
  end
  for _, nic in ipairs(plan.networks) do
    local row = cloud_nics.in_network(vm, nic.target.id)
    for _, network in ipairs(nic.networks) do
      result[network.name] = tables.with(result[network.name], agent_networks.answered(nic, network, row))
    end
  end
  return result
end

return vm_networks
