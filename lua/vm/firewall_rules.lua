-- What may come in by a vip: firewall_rules in the cloud_properties of its network.

local errors = require "errors"
local ipv4 = require "base.ipv4"
local read_properties = require "request.cloud_properties"

local properties_of_a_rule = {
  protocol = "text", start_port = "port", end_port = "port", icmp_type = "any", icmp_code = "any", cidrs = "list",
}
local PROTOCOLS = { tcp = true, udp = true, icmp = true }

local function icmp_number(rule, key, where)
  local value = rule[key] == nil and -1 or math.type(rule[key]) and math.tointeger(rule[key])
  if not value or value < -1 or value > 255 then
    error(errors.cloud("%s: '%s' must be a number from -1 (all) to 255", where, key))
  end
  return value
end

-- Is it an IPv4 network, or does it look like an IPv6 one?
local function is_network(cidr)
  if type(cidr) ~= "string" then return false end
  local size = cidr:match "^%x*:[%x:]*/(%d+)$"
  return ipv4.range(cidr) ~= nil or size ~= nil and #size <= 3 and tonumber(size) <= 128
end

local function read_cidrs(list, where)
  for _, cidr in ipairs(list) do
    if not is_network(cidr) then
      error(errors.cloud("%s: 'cidrs' must be a list of networks such as 10.0.0.0/8", where))
    end
  end
  return list
end

local function read_rule(given, where, null)
  local rule = read_properties(given, properties_of_a_rule, where, null)
  local protocol = (rule.protocol or "tcp"):lower()
  if not PROTOCOLS[protocol] then
    error(errors.cloud("%s: 'protocol' must be tcp, udp or icmp, got '%s'", where, rule.protocol))
  end
  local read = { protocol = protocol, cidrs = read_cidrs(rule.cidrs or { "0.0.0.0/0" }, where) }
  if protocol == "icmp" then
    read.icmp_type, read.icmp_code = icmp_number(rule, "icmp_type", where), icmp_number(rule, "icmp_code", where)
    return read
  end
  read.start_port = rule.start_port or error(errors.cloud("%s: 'start_port' is missing", where))
  read.end_port = rule.end_port or rule.start_port
  if read.end_port < read.start_port then error(errors.cloud("%s: 'end_port' is below 'start_port'", where)) end
  return read
end

-- read(network, null) -> { { protocol, cidrs, start_port, end_port or icmp_type, icmp_code }, ... }; network as vm/networks.lua
-- reads it. Raises CloudError.
local function read(network, null)
  local list = {}
  for i, given in ipairs(network.properties.firewall_rules or {}) do
    list[i] = read_rule(given, ("firewall_rules[%d] of network '%s'"):format(i, network.name), null)
  end
  return list
end

return { read = read }
