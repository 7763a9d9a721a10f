-- The affinity groups of a VM: those that its cloud_properties name, and what the affinity policy adds, by default one
-- per BOSH instance group. A VM that needs none costs no request.

local affinity_claims = require "made.affinity_claims"
local collation = require "base.collation"
local errors = require "errors"
local groups = require "cloudstack.affinity_groups"
local refusals = require "cloudstack.refusals"
local spelling = require "base.spelling"
local tables = require "base.tables"
local tags = require "cloudstack.tags"

local affinity = { name = "affinity", everywhere = true }

affinity.properties = { affinity_group = "names", affinity_group_type = "text" }

local LONGEST = 255 -- bytes of a group's name
local DEFAULT_TYPE = "host anti-affinity" -- the Go CPI's

-- The name of the group that all VMs of an instance group share, as the Go CPI made it. Compilation VMs have no
-- instance group.
local function auto_name(cpi, order)
  local group = order.instance.group
  if not cpi.settings.cloudstack.enable_auto_anti_affinity or not group then return nil end
  local name = ("%s-%s"):format(tostring(cpi.context.director_uuid or ""), group)
  if #name <= LONGEST then return name end
  local digest = cpi.bytes.sha256(name):sub(1, 40)
  return ("%s-%s"):format(tags.cut(name, LONGEST - #digest - 1), digest)
end

-- Raises CloudError when the type is not one of CloudStack's.
function affinity.read(_, order)
  local wanted = order.properties.affinity_group_type
  if not wanted then return end
  for _, known in ipairs(groups.TYPES) do
    if known == wanted then return end
  end
  error(errors.cloud("cloud_properties of the VM: affinity_group_type '%s' is not known%s; there are: %s", wanted,
    spelling.suggestion(wanted, groups.TYPES), table.concat(groups.TYPES, ", ")))
end

-- The groups that there are, where the VM will be in one.
function affinity.ask(cpi, order)
  local names, auto = order.properties.affinity_group or {}, auto_name(cpi, order)
  if #names + (auto and 1 or 0) == 0 then return {} end
  return { affinity_groups = groups.request(#names == 1 and not auto and names[1] or #names == 0 and auto or nil) }
end

local function facts(cpi, order, rows)
  local there = {}
  for i, row in ipairs(rows) do
    there[i] = { id = row.id, name = row.name, type = tostring(row.type), vms = #(row.virtualmachineIds or {}) }
  end
  return {
    names = order.properties.affinity_group or {}, type = order.properties.affinity_group_type,
    auto = auto_name(cpi, order),
    auto_type = cpi.settings.cloudstack.auto_anti_affinity_type, groups = there,
  }
end

-- The groups to be in: { { name, type (nil: any), row (nil: to be looked for or made), is_known }, ... }; is_known: without a
-- row there is no such group. Raises CloudError when one that exists is of another type.
function affinity.plan(cpi, order, found)
  local rows, list, seen = found.affinity_groups or {}, {}, {}
  local function add(name, kind)
    local fold = collation.fold(name)
    if seen[fold] then return end
    seen[fold] = true
    local row = groups.named(rows, name)
    if row then groups.check_type(row, kind) end
    list[#list + 1] = { name = row and row.name or name, type = kind, row = row, is_known = found.affinity_groups ~= nil }
  end
  for _, name in ipairs(order.properties.affinity_group or {}) do add(name, order.properties.affinity_group_type) end
  for _, more in ipairs(cpi.decide("affinity", facts(cpi, order, rows), order.instance)) do add(more.name, more.type) end
  return list
end

-- What becomes of the groups from try to try: { NAME = { name, type, row, is_known, vm_cids (a set) } }, in the try's memory.
local function memory_of(plan, memory)
  if memory.affinity then return memory.affinity end
  memory.affinity = {}
  for _, one in ipairs(plan.affinity) do memory.affinity[one.name] = tables.with(one, { vm_cids = {} }) end
  return memory.affinity
end

-- Announces to other processes that the groups are about to be used, until what it returns is closed. A group that
-- another process deletes just now is waited for, and looked for anew.
function affinity.announce(cpi, plan, memory)
  local claims, deleted = affinity_claims.announce(cpi, plan.affinity)
  local remembered = memory_of(plan, memory)
  for name in pairs(deleted) do remembered[name].row, remembered[name].is_known = nil, false end
  return claims
end

-- Deletes a group that we made, unless others are in it by now. vm_cids: a set of the VMs that were to be in it; one that is
-- there still, because it could not be removed, keeps the group as well. Raises CloudError.
local function unmake(cpi, row, vm_cids)
  local left, members = groups.delete_empty(cpi, { row })
  if left[1] then error(errors.cloud("%s", left[1].words)) end
  for _, vm in ipairs(members) do
    if vm_cids[vm.name] then error(errors.cloud("VM %s is in it", vm.name)) end
  end
end

-- Makes the group `one` of the memory. It is unmade again by undo, also where the reply was lost; one that others made stays.
local function make(cpi, one, undo)
  local entry = cpi.journal.open { kind = "affinity group", name = one.name }
  local is_new = true
  undo.add("affinity group " .. one.name, function()
    if not is_new then return end
    local row = groups.find(cpi, one.name)
    if row and groups.is_ours(row) then unmake(cpi, row, one.vm_cids) end
    entry.close()
  end)
  one.row, is_new = groups.create(cpi, one.name, one.type or DEFAULT_TYPE, entry)
  if not is_new then entry.close() end
end

-- The id of one group; it is made where it is not there.
local function join(cpi, one, undo)
  if not one.row and not one.is_known then
    one.row = groups.find(cpi, one.name)
    if one.row then groups.check_type(one.row, one.type) end
  end
  if not one.row then make(cpi, one, undo) end
  return one.row.id
end

-- Groups that are not there are made. Raises CloudError.
function affinity.parameters(cpi, _, _, plan, try)
  local ids, remembered = {}, memory_of(plan, try.memory)
  for i, one in ipairs(plan.affinity) do
    remembered[one.name].vm_cids[try.vm_cid] = true
    ids[i] = join(cpi, remembered[one.name], try.undo)
  end
  return { affinitygroupids = #ids > 0 and table.concat(ids, ",") or nil }
end

-- Did the deploy fail because a group went meanwhile? Then its row is forgotten, for another look.
function affinity.has_gone(memory, failure)
  if next(memory.affinity or {}) == nil or not refusals.is(failure, "affinity_group_is_gone") then return false end
  for _, one in pairs(memory.affinity) do one.row, one.is_known = nil, false end
  return true
end

-- The VM is in its groups; a group may have been deleted while the VM was made. Raises a VMCreationFailed that is worth
-- another try.
function affinity.verify(_, _, _, plan, try, vm)
  if #plan.affinity == 0 or not vm.affinitygroup then return end
  local remembered = memory_of(plan, try.memory)
  local present = {}
  for _, group in ipairs(vm.affinitygroup) do present[group.id] = true end
  for _, one in ipairs(plan.affinity) do
    if not present[remembered[one.name].row.id] then
      error(errors.vm_creation_retriable("VM %s is not in affinity group '%s': somebody deleted the group meanwhile",
        try.vm_cid, one.name))
    end
  end
end

return affinity
