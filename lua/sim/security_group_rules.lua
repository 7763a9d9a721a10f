-- Rules of security groups: authorize and revoke, in and out.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local refusal = require "sim.refusal"
local security_groups = require "sim.security_groups"

local security_group_rules = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.securitygroup."

local function group_of(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  if arguments.securitygroupid then return arguments.securitygroupid end
  local name = arguments.securitygroupname
  if not name then refusal.invalid "Either securityGroupId or securityGroupName is required by authorizeSecurityGroupIngress command" end
  return security_groups.named(m, owner, name)
    or refusal.invalid("Unable to find security group %s for account id=%d", name, owner.number)
end

local function refuse_ports(arguments, protocol)
  if protocol ~= "tcp" and protocol ~= "udp" then return end
  local first, last = arguments.startport or 0, arguments.endport or 0
  if first < 1 or last > 65535 or first > last then refusal.invalid("Invalid port numbers %d:%d", first, last) end
end

-- The sources that may: { cidr } or { group name, account }.
local function sources(arguments)
  local out = {}
  for _, cidr in ipairs(arguments.cidrlist or {}) do out[#out + 1] = { cidr = cidr } end
  for _, fields in ipairs(arguments.usersecuritygrouplist or {}) do
    out[#out + 1] = { group = fields.group, account = fields.account }
  end
  if #out == 0 then refusal.invalid "At least one cidr or at least one security group needs to be specified" end
  return out
end

local function is_there(m, group, fields)
  return m:first("security_rule", function(rule)
    return rule.group == group and rule.way == fields.way and rule.protocol == fields.protocol and rule.first == fields.first
      and rule.last == fields.last and rule.cidr == fields.cidr and rule.source == fields.source
  end) ~= nil
end

local function add_all(m, group, way, arguments)
  local protocol, made = (arguments.protocol or "all"):lower(), {}
  refuse_ports(arguments, protocol)
  for i, source in ipairs(sources(arguments)) do
    local is_icmp = protocol == "icmp"
    made[i] = {
      group = group, account = group.account, way = way, protocol = protocol, cidr = source.cidr, source = source.group,
      source_account = source.account, first = is_icmp and arguments.icmptype or arguments.startport or 0,
      last = is_icmp and arguments.icmpcode or arguments.endport or 0,
    }
    if is_there(m, group, made[i]) then
      refusal.internal("Failed to authorize security group %s rule(s)", way)
    end
  end
  for i, fields in ipairs(made) do made[i] = m:add("security_rule", fields) end
  return made
end

-- The answer shows the new rules alone.
local function authorize(way)
  return function(m, call)
    local group = group_of(m, call)
    return jobs.answer(jobs.start(m, call, {
      instance = group, instance_type = "SecurityGroup",
      finish = function()
        return { securitygroup = security_groups.row_with(m, group, way, add_all(m, group, way, call.arguments)) }
      end,
    }))
  end
end

local function revoke(m, call)
  local rule = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = not rule.ghost and rule.group or nil, instance_type = "SecurityGroup",
    finish = function() m:forget(rule) end,
  }))
end

local AUTHORIZE = {
  { "securitygroupid", "uuid", of = "security_group", acl = true }, { "securitygroupname", "string" }, { "protocol", "string" },
  { "startport", "integer" }, { "endport", "integer" }, { "icmptype", "integer" }, { "icmpcode", "integer" },
  { "cidrlist", "strings" }, { "usersecuritygrouplist", "map" }, table.unpack(accounts.OWNER_PARAMETERS),
}

local function commands(way, Way)
  return { name = "authorizeSecurityGroup" .. Way, run = authorize(way), class = PACKAGE .. "AuthorizeSecurityGroup" .. Way .. "Cmd",
    parameters = { table.unpack(AUTHORIZE) } }, { name = "revokeSecurityGroup" .. Way, run = revoke,
    class = PACKAGE .. "RevokeSecurityGroup" .. Way .. "Cmd",
    parameters = { { "id", "uuid", of = "security_rule", required = true, acl = true } } }
end

local authorize_in, revoke_in = commands("ingress", "Ingress")
local authorize_out, revoke_out = commands("egress", "Egress")
security_group_rules.commands = { authorize_in, revoke_in, authorize_out, revoke_out }

return security_group_rules
