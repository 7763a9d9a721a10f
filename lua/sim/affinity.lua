-- Affinity groups: VMs that are to run on one host, or on different ones. A VM is in its groups until it is expunged; a
-- group that is deleted lets go of its VMs without a word.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tables = require "base.tables"

local affinity = {}

-- The types, whether VMs go together or apart, and whether that is a must.
local TYPES = {
  ["host affinity"] = { together = true, strict = true },
  ["host anti-affinity"] = { strict = true },
  ["non-strict host affinity"] = { together = true, since = "4.18" },
  ["non-strict host anti-affinity"] = { since = "4.18" },
}
local ORDER = { "host anti-affinity", "host affinity", "non-strict host anti-affinity", "non-strict host affinity" }

local function is_known(m, name)
  local type_ = TYPES[name]
  return type_ ~= nil and (not type_.since or m.version:at_least(type_.since))
end

local function of_owner(m, owner, name)
  return m:first("affinity_group", function(group) return group.account == owner and lists.same(group.name, name) end)
end

-- ---------------------------------------------------------------------------------------------------------
-- VMs

local function is_in(vm, group)
  return tables.place(vm.affinity or {}, group) ~= nil
end

local function members(m, group)
  return m:rows_by("vm", "affinity", group)
end

affinity.is_in = is_in

-- The VM is in these groups from now on, and in no others.
function affinity.put(_, vm, groups) vm.affinity = groups end

-- The groups that a deploy names.
function affinity.wanted(m, owner, arguments)
  local groups = {}
  if arguments.affinitygroupids and arguments.affinitygroupnames then
    refusal.invalid "affinitygroupids parameter is mutually exclusive with affinitygroupnames parameter"
  end
  for _, name in ipairs(arguments.affinitygroupnames or {}) do
    groups[#groups + 1] = of_owner(m, owner, name) or refusal.invalid("Unable to find affinity group by name %s", name)
  end
  for _, group in ipairs(arguments.affinitygroupids or {}) do
    if group.removed or group.account ~= owner then
      refusal.parameter("Unable to find affinity group by id %s", group.id)
    end
    groups[#groups + 1] = group
  end
  return groups
end

local function hosts_of(m, group, vm)
  local taken, any = {}, false
  for _, other in ipairs(members(m, group)) do
    if other ~= vm and other.host then taken[other.host], any = true, true end
  end
  return taken, any
end

-- May the VM run on the host, as far as its strict groups go? And how many of the others would rather have it elsewhere.
function affinity.judge(m, vm, host)
  local regrets = 0
  for _, group in ipairs(vm.affinity or {}) do
    local kind, taken, any = TYPES[group.type], hosts_of(m, group, vm)
    local fits = not any or (taken[host] or false) == (kind.together or false)
    if not fits and kind.strict then return false end
    if not fits then regrets = regrets + 1 end
  end
  return true, regrets
end

-- As a VM's row has them.
function affinity.rows_of(m, vm)
  local out = m:array()
  for i, group in ipairs(vm.affinity or {}) do
    out[i] = { id = group.id, name = group.name, description = group.description, account = group.account.name }
  end
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

local function row(m, group)
  local ids = m:array()
  for i, vm in ipairs(members(m, group)) do ids[i] = vm.id end
  return accounts.show_owner({
    id = group.id, name = group.name, description = group.description, type = group.type,
    virtualmachineIds = #ids > 0 and ids or nil,
  }, group.account)
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local vm = arguments.virtualmachineid
  local found = m:rows("affinity_group", function(group)
    return (vm and is_in(vm, group) or not vm and mine(group)) and lists.fits(group, arguments)
      and (not arguments.type or lists.same(group.type, arguments.type))
  end)
  return lists.answer(m, call, "affinitygroup", found, function(group) return row(m, group) end)
end

local function refuse_type(m, name)
  if is_known(m, name) then return end
  local known = {}
  for _, one in ipairs(ORDER) do
    if is_known(m, one) then known[#known + 1] = one end
  end
  refusal.invalid("Unable to create affinity group, invalid affinity group type: %s. Valid values are %s", name,
    table.concat(known, ",") .. ",ExplicitDedication")
end

local function create(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  refuse_type(m, arguments.type)
  if of_owner(m, owner, arguments.name) then
    refusal.invalid("Unable to create affinity group, a group with name %s already exists.", arguments.name)
  end
  local group = m:add("affinity_group", {
    name = arguments.name, type = arguments.type, description = arguments.description, account = owner,
  })
  return jobs.created(jobs.start(m, call, {
    instance = group, instance_type = "AffinityGroup",
    finish = function() return { affinitygroup = row(m, group) } end,
  }), group)
end

local function delete(m, call)
  local arguments = call.arguments
  if not arguments.id and not arguments.name then
    refusal.invalid "Either the affinity group Id or group name must be specified to delete the group"
  end
  local owner = accounts.owner(m, call)
  return jobs.answer(jobs.start(m, call, {
    instance = arguments.id, instance_type = arguments.id and "AffinityGroup",
    finish = function()
      local group = arguments.id or of_owner(m, owner, arguments.name)
      if not group or group.removed then
        refusal.invalid("Unable to find affinity group %s", arguments.name or arguments.id.number)
      end
      for _, vm in ipairs(members(m, group)) do
        local kept = {}
        for _, one in ipairs(vm.affinity) do
          if one ~= group then kept[#kept + 1] = one end
        end
        vm.affinity = kept
      end
      m:remove(group)
      return { success = true }
    end,
  }))
end

local function list_types(m)
  local out = m:array()
  for _, name in ipairs(ORDER) do
    if is_known(m, name) then out[#out + 1] = { type = name } end
  end
  return { count = #out, affinityGroupType = out }
end

local PACKAGE = "org.apache.cloudstack.api.command.user.affinitygroup."

affinity.commands = {
  { name = "listAffinityGroups", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "affinity_group" }, { "name", "string" }, { "type", "string" },
    { "virtualmachineid", "uuid", of = "vm" },
  } },
  { name = "listAffinityGroupTypes", run = list_types, parameters = {} },
  { name = "createAffinityGroup", run = create, class = PACKAGE .. "CreateAffinityGroupCmd", parameters = {
    { "name", "string", required = true }, { "type", "string", required = true }, { "description", "string" },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "deleteAffinityGroup", run = delete, class = PACKAGE .. "DeleteAffinityGroupCmd", parameters = {
    { "id", "uuid", of = "affinity_group", acl = true }, { "name", "string" }, table.unpack(accounts.OWNER_PARAMETERS),
  } },
}

return affinity
