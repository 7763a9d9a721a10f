-- Firewall rules: what may come in by a public address. A VPC has network ACLs instead.
local ipv4 = require "base.ipv4"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"

local firewall = {}

function firewall.on(m, address)
  return m:rows("firewall_rule", function(rule) return rule.address == address end)
end

function firewall.remove(m, rule)
  rule.tags = nil
  m:remove(rule)
end

-- The conflict of two ranges of ports, as every rule on an address words it. purpose: of the other one.
function firewall.conflict(first, last, other, purpose, cserrorcode)
  error(refusal.new(537, cserrorcode, ('The range specified, %d-%d, conflicts with rule FirewallRule {"id":%d,"networkId":%d,'
    .. '"purpose":"%s","state":"%s","uuid":"%s"} which has %d-%d'):format(first, last, other.number,
    other.address.network.number, purpose, other.state, other.id, other.first, other.last)), 0)
end

local PROTOCOLS = { tcp = true, udp = true, icmp = true, all = true }

local function is_cidr(text)
  return ipv4.range(text) ~= nil or text:find(":", 1, true) ~= nil
end

local function refuse_form(arguments, address)
  local protocol = arguments.protocol:lower()
  if not PROTOCOLS[protocol] then
    refusal.invalid("Protocol %s is not supported in zone %d", arguments.protocol, address.zone.number)
  end
  for _, cidr in ipairs(arguments.cidrlist or {}) do
    if not is_cidr(cidr) then refusal.parameter("Source cidrs formatting error %s", cidr) end
  end
  if protocol == "icmp" then
    if arguments.startport or arguments.endport then refusal.invalid "Can't specify start/end port when protocol is ICMP" end
  elseif arguments.icmptype or arguments.icmpcode then
    refusal.invalid "Can specify icmpCode and icmpType for ICMP protocol only"
  end
end

local function refuse_ports(arguments)
  for _, port in ipairs { arguments.startport, arguments.endport } do
    if port < 1 or port > 65535 then refusal.invalid("publicPort is an invalid value: %d", port) end
  end
  if arguments.startport and arguments.endport and arguments.startport > arguments.endport then
    refusal.invalid("Start port can't be bigger than end port")
  end
end

-- Have two rules a source in common, written alike?
local function shares_source(one, other)
  for cidr in one.cidrs:gmatch "[^,]+" do
    if ("," .. other.cidrs .. ","):find("," .. cidr .. ",", 1, true) then return true end
  end
  return false
end

-- add(m, fields) -> the rule; an overlapping one of the same protocol and from the same source is a conflict
function firewall.add(m, fields)
  for _, other in ipairs(firewall.on(m, fields.address)) do
    local overlaps = other.first and fields.first and other.first <= fields.last and fields.first <= other.last
    local alike = other.protocol == fields.protocol and shares_source(other, fields)
    if alike and overlaps then
      firewall.conflict(fields.first, fields.last, other, "Firewall", 4360)
    elseif alike and not other.first and other.icmptype == fields.icmptype
      and other.icmpcode == fields.icmpcode then
      refusal.invalid("New rule conflicts with existing rule id=%d", other.number) -- by CloudStack's source, not seen
    end
  end
  fields.state = "Active"
  return m:add("firewall_rule", fields)
end

local function row(m, rule)
  return {
    id = rule.id, protocol = rule.protocol, startport = rule.first, endport = rule.last, icmptype = rule.icmptype,
    icmpcode = rule.icmpcode, ipaddressid = rule.address.id, networkid = rule.address.network.id,
    ipaddress = rule.address.address, state = rule.state, cidrlist = rule.cidrs,
    tags = tags.rows(m, rule, "FirewallRule"), destcidrlist = "", traffictype = "Ingress",
  }
end

-- Rules of one address that are asked for at once are answered one after the other. Seen on 4.22: after 63, 5047 and 10,050 ms.
local HOLD, AT_ONCE = 5, 0.01 -- seconds

local function held(m, address)
  local last = address.rule_asked
  local turn = last and m:now() - last.at < AT_ONCE and last.turn + 1 or 0
  address.rule_asked = { at = turn > 0 and last.at or m:now(), turn = turn }
  return turn * HOLD
end

local function create(m, call)
  local arguments = call.arguments
  local address = arguments.ipaddressid
  call.held = held(m, address)
  if address.vpc then
    refusal.invalid('Firewall service is not supported in VPC VPC {"id":%d,"name":"%s","uuid":"%s"}', address.vpc.number,
      address.vpc.name, address.vpc.id)
  end
  if not address.network then
    refusal.invalid "Unable to create firewall rule ; ip is not associated with any network"
  end
  refuse_form(arguments, address)
  refuse_ports(arguments)
  local rule = firewall.add(m, {
    address = address, account = address.account, protocol = arguments.protocol:lower(), first = arguments.startport,
    last = arguments.endport or arguments.startport, icmptype = arguments.icmptype, icmpcode = arguments.icmpcode,
    cidrs = table.concat(arguments.cidrlist or { "0.0.0.0/0" }, ","),
  })
  return jobs.created(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule", finish = function() return { firewallrule = row(m, rule) } end,
    cancel = function() firewall.remove(m, rule) end,
  }), rule)
end

local function delete(m, call)
  local rule = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule",
    finish = function()
      if rule.ghost or rule.removed then
        refusal.invalid("Unable to find %d having purpose Firewall", rule.number)
      end
      firewall.remove(m, rule)
    end,
  }))
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("firewall_rule", function(rule)
    return mine(rule) and lists.fits(rule, arguments)
      and (not arguments.ipaddressid or rule.address == arguments.ipaddressid)
      and (not arguments.networkid or rule.address.network == arguments.networkid)
  end)
  return lists.answer(m, call, "firewallrule", found, function(rule) return row(m, rule) end)
end

local PACKAGE = "org.apache.cloudstack.api.command.user.firewall."

firewall.commands = {
  { name = "createFirewallRule", run = create, class = PACKAGE .. "CreateFirewallRuleCmd", parameters = {
    { "ipaddressid", "uuid", of = "public_address", required = true, acl = true },
    { "protocol", "string", required = true }, { "startport", "integer" }, { "endport", "integer" },
    { "cidrlist", "strings" }, { "icmptype", "integer" }, { "icmpcode", "integer" }, { "type", "string" },
  } },
  { name = "deleteFirewallRule", run = delete, class = PACKAGE .. "DeleteFirewallRuleCmd", parameters = {
    { "id", "uuid", of = "firewall_rule", required = true, acl = true },
  } },
  { name = "listFirewallRules", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "firewall_rule" }, { "ipaddressid", "uuid", of = "public_address" },
    { "networkid", "uuid", of = "network" }, { "tags", "map" },
  } },
}

return firewall
