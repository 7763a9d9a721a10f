-- create_network(definition): an isolated network, or a tier of a VPC; answers
-- [network_cid, { range, gateway, reserved }, cloud_properties]. The CID is the network's name. The cloud_properties are
-- those of a VM's NIC in it.

local address = require "base.address"
local arguments = require "request.arguments"
local director_mark = require "made.marks"
local errors = require "errors"
local naming = require "made.names"
local network_range = require "base.network_range"
local networks = require "cloudstack.networks"
local offerings = require "cloudstack.network_offerings"
local read_properties = require "request.cloud_properties"
local refusals = require "cloudstack.refusals"
local rollback = require "base.rollback"
local tags = require "cloudstack.tags"
local zones = require "cloudstack.zones"

local properties_of_a_network = {
  zone = "text", network_offering = "text", vpc = "text", acl = "text", network_domain = "text", display_text = "text",
  reserved = "list", undiscoverable = "boolean", security_groups = "list",
}
local FOR_NICS = { "undiscoverable", "security_groups" } -- what goes on to the cloud_properties of VMs

local function read_order(cpi, definition)
  local null = cpi.json.null
  local given = arguments.object("definition", definition, null)
  local order = { properties = read_properties(given.cloud_properties, properties_of_a_network,
    "cloud_properties of the network", null) }
  if given.type ~= nil and given.type ~= null and given.type ~= "manual" then
    error(errors.not_supported("a network of type '%s' can't be made; manual is known", tostring(given.type)))
  end
  for _, key in ipairs { "range", "gateway", "netmask_bits" } do
    if given[key] ~= null then order[key] = given[key] end
  end
  if order.range ~= nil then arguments.text("definition.range", order.range) end
  if order.gateway ~= nil then arguments.text("definition.gateway", order.gateway) end
  if address.family(order.gateway) == 6 or tostring(order.range):find(":", 1, true) then
    error(errors.not_supported("create_network: '%s' is IPv6: CloudStack chooses the prefix of a network itself. Give it an IPv4 range, "
      .. "and a network_offering with dual stack", order.range or order.gateway))
  end
  return order
end

local function look_up(cpi, order)
  local properties = order.properties
  local found = cpi.cloudstack:gather {
    zones = zones.request(), offerings = offerings.request(), networks = networks.request(),
    vpcs = properties.vpc and offerings.vpc_request() or nil, acls = properties.acl and offerings.acl_request() or nil,
  }
  found.zone = zones.pick(found.zones, properties.zone or cpi.settings.cloudstack.default_zone)
  found.vpc = properties.vpc and offerings.pick_vpc(found.vpcs, properties.vpc, found.zone)
  found.acl = properties.acl and offerings.pick_acl(found.acls, properties.acl)
  found.offering = offerings.pick(found.offerings, properties.network_offering, found.vpc ~= nil)
  return found
end

local function refuse(order, found)
  if networks.is_basic(found.zone) or found.zone.securitygroupsenabled then
    error(errors.not_supported("zone '%s' has security groups: networks there are shared, and made by the operator of the cloud",
      found.zone.name))
  elseif order.properties.acl and not found.vpc then
    error(errors.cloud("cloud_properties of the network: 'acl' is for tiers, and 'vpc' is missing"))
  end
end

-- The ranges of the zone's networks, which a block of our choice must not touch, but for the one of that id.
local function used_ranges(rows, zone, id)
  local used = {}
  for _, network in ipairs(zones.rows_in(rows, zone)) do
    if network.id ~= id then used[#used + 1] = network.cidr end
  end
  return used
end

-- Is the failure a tier's whose block somebody else has taken since we looked?
local function is_taken(failure)
  return refusals.is(failure, "network_range_is_taken")
end

-- The new network's row, or nil where its block is taken and may_choose another. A lost answer is settled by the name,
-- which is ours alone.
local function create(cpi, params, may_choose)
  local payload, failure = cpi.cloudstack:try("createNetwork", params)
  local made = payload and payload.network
  if type(made) == "table" and type(made.id) == "string" then return made end
  if not failure or cpi.cloudstack.is_open(failure) then
    local row = networks.find(cpi, params.name)
    if row then return row end
  end
  if not failure then error(errors.cloud("creating network %s: createNetwork: the answer has no network", params.name)) end
  if may_choose and is_taken(failure) then return nil end
  cpi.cloudstack.raise(failure, "creating network " .. params.name)
end

local function tag(cpi, row, cid, wanted)
  local task = cpi.cloudstack:run(tags.create_request(cpi, "Network", row.id, wanted))
  if task.failure then cpi.log.warn("network %s has not all its tags: %s", cid, cpi.cloudstack.say(task.failure)) end
end

local function result(cpi, cid, range, order, row)
  if row.ip6cidr then cpi.log.info("network %s has the IPv6 prefix %s, gateway %s", cid, row.ip6cidr, tostring(row.ip6gateway)) end
  local reserved = cpi.json.array {}
  for i, one in ipairs(order.properties.reserved or {}) do reserved[i] = one end
  if row.reservediprange then reserved[#reserved + 1] = row.reservediprange end
  local properties = { name = cid }
  for _, key in ipairs(FOR_NICS) do properties[key] = order.properties[key] end
  return cpi.json.array { cid, { range = range.cidr, gateway = range.gateway, reserved = reserved }, properties }
end

-- One try, with what was found: what the verb answers, or nil where another process has chosen the same block meanwhile
-- and ours is gone again. Outside a VPC CloudStack minds no overlap, so we look once more.
local function attempt(cpi, order, found)
  local may_choose = order.range == nil
  local range = network_range.of(order, found.vpc and found.vpc.cidr, used_ranges(found.networks, found.zone))
  local cid = networks.new_cid(director_mark.uuid(cpi))
  local names = naming.of(cpi, "network", cid)
  local entry = cpi.journal.open { kind = "network", name = cid }
  local undo <close> = rollback(cpi)
  undo.add("network " .. cid, function()
    networks.delete(cpi, networks.find(cpi, cid), cid)
    entry.close()
  end)
  local row = create(cpi, {
    name = cid, displaytext = order.properties.display_text or names.display_name, networkofferingid = found.offering.id,
    zoneid = found.zone.id, vpcid = found.vpc and found.vpc.id, aclid = found.acl and found.acl.id,
    gateway = range.gateway, netmask = range.netmask, networkdomain = order.properties.network_domain,
  }, may_choose)
  if row then
    tag(cpi, row, cid, names.tags)
    local others = may_choose and used_ranges(cpi.cloudstack:rows(networks.request()), found.zone, row.id) or {}
    if not network_range.touches(range.cidr, others) then return result(cpi, cid, range, order, row) end
  end
  cpi.log.info("another process chose %s as well; choosing again", range.cidr)
  local left = undo.run()
  if #left > 0 then error(errors.cloud("network %s can't be given up: %s", cid, table.concat(left, ", "))) end
end

local TRIES, LONGEST_PAUSE = 10, 3 -- seconds

return function(cpi, definition)
  local order = read_order(cpi, definition)
  for _ = 1, TRIES do
    local found = look_up(cpi, order)
    refuse(order, found)
    local answer = attempt(cpi, order, found)
    if answer then return answer end
    cpi.wait(LONGEST_PAUSE * cpi.bytes.random(1):byte() / 255,
      function() return "waiting for another process that chooses the same block" end, cpi.clock.now())
  end
  error(errors.cloud("other processes choose the same block for a network, also after %d tries", TRIES))
end
