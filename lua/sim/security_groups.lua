-- Security groups: what protects VMs in zones that have them.
local accounts = require "sim.accounts"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"

local security_groups = {}

local function add(m, account, name, description, id)
  return m:add("security_group", { id = id, name = name, description = description, account = account })
end

function security_groups.seed(m)
  for _, spec in ipairs(m.world.security_groups) do
    add(m, m:named("account", spec.account), spec.name, spec.description,
      m:id_of(("group:%s:%s"):format(spec.account, spec.name)))
  end
end

local function named(m, account, name)
  return m:first("security_group", function(group)
    return group.account == account and lists.same(group.name, name)
  end)
end

-- Every account has this one as soon as it is looked for.
local function default_of(m, account)
  return named(m, account, "default") or add(m, account, "default", "Default Security Group")
end

local function members(m, group)
  return m:rows_by("vm", "security_groups", group)
end

-- ---------------------------------------------------------------------------------------------------------
-- of VMs

local function by_name(m, owner, names)
  local out = {}
  for i, name in ipairs(names) do
    out[i] = lists.same(name, "default") and default_of(m, owner) or named(m, owner, name)
      or refusal.invalid("Unable to find group by name %s", name)
  end
  return out
end

-- The groups of a VM that is to be made: those that are named, the default one where the zone has groups.
function security_groups.of_deployment(m, owner, arguments)
  local ids, names = arguments.securitygroupids, arguments.securitygroupnames
  if not arguments.zoneid.securitygroups then
    if ids then
      refusal.invalid "Can't create vm with security groups; security group feature is not enabled per zone"
    end
    return {} -- names are not even looked at
  end
  if ids and names then
    refusal.invalid "securitygroupids parameter is mutually exclusive with securitygroupnames parameter"
  end
  for _, group in ipairs(ids or {}) do
    if group.account ~= owner then
      refusal.denied "Caller does not have permission to operate with provided resource."
    end
  end
  return ids or names and by_name(m, owner, names) or { default_of(m, owner) }
end

-- The groups as a VM's row has them.
function security_groups.rows(m, vm)
  local out = m:array()
  for i, group in ipairs(vm.security_groups or {}) do
    out[i] = {
      id = group.id, name = group.name, description = group.description, account = group.account.name,
      ingressrule = m:array(), egressrule = m:array(), tags = m:array(), virtualmachineids = m:array(),
    }
  end
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

security_groups.named = named

local function rule_row(rule)
  local is_icmp = rule.protocol == "icmp"
  return {
    ruleid = rule.id, protocol = rule.protocol, startport = not is_icmp and rule.first or nil,
    endport = not is_icmp and rule.last or nil, icmptype = is_icmp and rule.first or nil, icmpcode = is_icmp and rule.last or nil,
    cidr = rule.cidr, securitygroupname = rule.source, account = rule.source_account,
  }
end

local function rule_rows(m, list)
  local out = m:array()
  for i, rule in ipairs(list) do out[i] = rule_row(rule) end
  return out
end

local function rules_of(m, group, way)
  return m:rows("security_rule", function(rule) return rule.group == group and rule.way == way end)
end

local function row(m, group)
  local out, vms = {
    id = group.id, name = group.name, description = group.description,
    ingressrule = rule_rows(m, rules_of(m, group, "ingress")), egressrule = rule_rows(m, rules_of(m, group, "egress")),
    tags = tags.rows(m, group, "SecurityGroup"), virtualmachineids = m:array(),
  }, members(m, group)
  for i, vm in ipairs(vms) do out.virtualmachineids[i] = vm.id end
  out.virtualmachinecount = #vms
  return accounts.show_owner(out, group.account)
end

-- The row with some of its rules of one way alone, and without a count.
function security_groups.row_with(m, group, way, list)
  local out = row(m, group)
  out.ingressrule, out.egressrule, out.virtualmachinecount = m:array(), m:array(), nil
  out[way .. "rule"] = rule_rows(m, list)
  return out
end

local function create(m, call)
  local owner, name = accounts.owner(m, call), call.arguments.name
  if lists.same(name, "default") or named(m, owner, name) then
    refusal.invalid("Unable to create security group, a group with name %s already exists.", name)
  end
  return { securitygroup = row(m, add(m, owner, name, call.arguments.description)) }
end

local function delete(m, call)
  local owner, group, name = accounts.owner(m, call), call.arguments.id, call.arguments.name
  if group and group.removed then refusal.invalid("Unable to find security group by id %d", group.number) end
  if not group and name then
    group = named(m, owner, name)
      or refusal.invalid("Unable to find security group by name %s for the account id=%d", name, owner.number)
  end
  if not group then refusal.invalid "Either id or name parameter is required" end
  if group.name == "default" then refusal.invalid "The network group default is reserved" end
  if #members(m, group) > 0 then
    error(refusal.new(536, 9999, "Cannot delete group when it's in use by virtual machines"), 0)
  end
  if m:first("security_rule", function(rule) return rule.source == group.name and rule.account == group.account end) then
    error(refusal.new(536, 9999, "Cannot delete group when there are security rules that allow this group"), 0)
  end
  m:forget(group)
  return { success = true }
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  default_of(m, call.account)
  local found = m:rows("security_group", function(group)
    return mine(group) and lists.fits(group, arguments)
      and (not arguments.securitygroupname or lists.same(group.name, arguments.securitygroupname))
  end)
  if arguments.virtualmachineid then found = arguments.virtualmachineid.security_groups or {} end
  return lists.answer(m, call, "securitygroup", found, function(group) return row(m, group) end)
end

security_groups.commands = {
  { name = "listSecurityGroups", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "security_group" }, { "securitygroupname", "string" },
    { "virtualmachineid", "uuid", of = "vm", acl = true }, { "tags", "map" },
  } },
  { name = "createSecurityGroup", run = create, parameters = {
    { "name", "string", required = true }, { "description", "string" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "deleteSecurityGroup", run = delete, parameters = {
    { "id", "uuid", of = "security_group", acl = true }, { "name", "string" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
}

return security_groups
