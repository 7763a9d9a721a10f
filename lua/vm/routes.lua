-- Static routes of a VM: { network name = [{ cidr, gateway }] } in its cloud_properties, as the agent is told of them.

local errors = require "errors"
local ipv4 = require "base.ipv4"
local read_properties = require "request.cloud_properties"
local spelling = require "base.spelling"

local routes = {}

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

-- Puts each network's routes into what the agent and the director are told of it. list: what vm_networks.read answers.
-- Raises CloudError for what is no route, and for a network that the VM does not have.
function routes.apply(given, list, json)
  if not given then return end
  local by_name, names = {}, {}
  for i, network in ipairs(list) do by_name[network.name], names[i] = network, network.name end
  for name, rows in pairs(given) do
    local network, found = by_name[name], json.array {}
    if not network or network.kind == "vip" then
      error(errors.cloud("routes: '%s' is no network of the VM%s", name, spelling.suggestion(name, names)))
    elseif type(rows) ~= "table" or #rows == 0 and next(rows) ~= nil then
      error(errors.cloud("routes: '%s' must be a list of { cidr, gateway }", name))
    end
    for i, row in ipairs(rows) do found[i] = route_of(row, network, ("routes of network '%s' [%d]"):format(name, i), json.null) end
    local twin = {}
    for key, value in pairs(network.given) do twin[key] = value end
    twin.routes = found
    network.given = twin
  end
end

return routes
