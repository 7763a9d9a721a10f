-- Static routes of a VM: { network name = [{ cidr, gateway }] } in its cloud_properties, as the agent reads them.

local agent_networks = require "vm.agent_networks"
local errors = require "errors"
local ipv4 = require "base.ipv4"
local read_properties = require "request.cloud_properties"
local spelling = require "base.spelling"
local tables = require "base.tables"

local routes = { name = "routes", optional = true }

routes.properties = { routes = "object" }

local properties_of_a_route = { cidr = "text", gateway = "text" }

-- The agent reads IPv4 only.
local function route_of(given, network, where, null)
  local route = read_properties(given, properties_of_a_route, where, null)
  local range = route.cidr and ipv4.range(route.cidr)
  local gateway = route.gateway or network.given.gateway
  if not range then
    error(errors.cloud("%s: 'cidr' must be an IPv4 network such as 10.9.0.0/16, got '%s'", where, tostring(route.cidr)))
  elseif type(gateway) ~= "string" or not ipv4.number(gateway) then
    error(errors.cloud("%s: 'gateway' must be an IPv4 address; network '%s' has none to go by", where, network.name))
  end
  return { Destination = ipv4.text(range.first), Gateway = gateway, Netmask = range.netmask }
end

local function routes_of(name, rows, network, names, json)
  if not network or network.kind == "vip" then
    error(errors.cloud("routes: '%s' is not a network of the VM%s", name, spelling.suggestion(name, names)))
  elseif type(rows) ~= "table" or #rows == 0 and next(rows) ~= nil then
    error(errors.cloud("routes: '%s' must be a list of { cidr, gateway }", name))
  end
  local list = json.array {}
  for i, row in ipairs(rows) do list[i] = route_of(row, network, ("routes of network '%s' [%d]"):format(name, i), json.null) end
  return list
end

-- { network name = { { Destination, Gateway, Netmask }, ... } }. Raises CloudError for what is not a route, and for a network
-- that the VM does not have.
function routes.read(cpi, order)
  local by_name, names, read = {}, {}, {}
  for i, network in ipairs(order.networks) do by_name[network.name], names[i] = network, network.name end
  for _, name in ipairs(tables.sorted_keys(order.properties.routes)) do
    read[name] = routes_of(name, order.properties.routes[name], by_name[name], names, cpi.json)
  end
  return read
end

-- The agent sets all routes of a NIC in the family of the network that has its MAC. Raises CloudError for those that it could not.
function routes.plan(_, order, _, plan)
  for _, nic in ipairs(plan.networks) do
    local main = agent_networks.main_of(nic)
    for _, network in ipairs(main.family == 6 and nic.networks or {}) do
      if #(order.routes[network.name] or {}) > 0 then
        error(errors.cloud("routes of network '%s': the agent can't set them, because the gateway of its NIC is that of the IPv6 network "
          .. "'%s'", network.name, main.name))
      end
    end
  end
  return order.routes
end

return routes
