-- Egress rules of isolated networks: what may go out, where the network's offering says that nothing may.
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"

local egress_rules = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.firewall."

local function row(m, rule)
  return {
    id = rule.id, protocol = rule.protocol, startport = rule.first, endport = rule.last, icmptype = rule.icmptype,
    icmpcode = rule.icmpcode, networkid = rule.network.id, state = "Active", cidrlist = rule.cidrs, traffictype = "Egress",
    destcidrlist = rule.destinations, tags = tags.plain(m, rule),
  }
end

local function refuse_overlap(m, fields)
  for _, other in ipairs(m:rows("egress_rule", function(one) return one.network == fields.network end)) do
    local overlaps = not other.first or not fields.first or other.first <= fields.last and fields.first <= other.last
    if other.protocol == fields.protocol and other.cidrs == fields.cidrs and overlaps then
      error(refusal.new(537, 4360, ("There is already a firewall rule specified with protocol = %s and no ports")
        :format(fields.protocol)), 0)
    end
  end
end

local function create(m, call)
  local arguments, network = call.arguments, call.arguments.networkid
  if network.vpc then
    refusal.invalid("Unable to create firewall rule for the network id=[%d] as firewall egress rule can be created only for "
      .. "non VPC networks.", network.number)
  end
  local fields = {
    network = network, account = network.account, protocol = arguments.protocol:lower(), first = arguments.startport,
    last = arguments.endport or arguments.startport, icmptype = arguments.icmptype, icmpcode = arguments.icmpcode,
    cidrs = table.concat(arguments.cidrlist or { network.cidr }, ","),
    destinations = table.concat(arguments.destcidrlist or { "0.0.0.0/0" }, ","),
  }
  refuse_overlap(m, fields)
  local rule = m:add("egress_rule", fields)
  return jobs.created(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule", finish = function() return { firewallrule = row(m, rule) } end,
    cancel = function() m:remove(rule) end,
  }), rule)
end

local function delete(m, call)
  local rule = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = rule, instance_type = "FirewallRule",
    finish = function()
      if rule.ghost or rule.removed then refusal.invalid("Unable to find %d having purpose Firewall", rule.number) end
      m:remove(rule)
    end,
  }))
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("egress_rule", function(rule)
    return mine(rule) and lists.fits(rule, arguments) and (not arguments.networkid or rule.network == arguments.networkid)
  end)
  return lists.answer(m, call, "firewallrule", found, function(rule) return row(m, rule) end)
end

egress_rules.commands = {
  { name = "createEgressFirewallRule", run = create, class = PACKAGE .. "CreateEgressFirewallRuleCmd", parameters = {
    { "networkid", "uuid", of = "network", required = true, acl = true }, { "protocol", "string", required = true },
    { "startport", "integer" }, { "endport", "integer" }, { "cidrlist", "strings" },
    { "destcidrlist", "strings", since = "4.11" }, { "icmptype", "integer" }, { "icmpcode", "integer" },
  } },
  { name = "deleteEgressFirewallRule", run = delete, class = PACKAGE .. "DeleteEgressFirewallRuleCmd", parameters = {
    { "id", "uuid", of = "egress_rule", required = true, acl = true },
  } },
  { name = "listEgressFirewallRules", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "egress_rule" }, { "networkid", "uuid", of = "network" }, { "tags", "map" },
  } },
}

return egress_rules
