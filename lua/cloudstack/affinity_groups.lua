-- Affinity groups: VMs that CloudStack is to put on one host or on different ones. A group is made by whoever needs it
-- first and goes with its last VM; what others made stays.

local collation = require "base.collation"
local errors = require "errors"
local made_by = require "cloudstack.made_by"
local refusals = require "cloudstack.refusals"
local vms = require "cloudstack.vms"

local groups = {}

groups.TYPES = { "host anti-affinity", "host affinity", "non-strict host anti-affinity", "non-strict host affinity" }

-- Groups cannot carry tags, so the mark is in the description.
function groups.is_ours(group)
  return made_by.read(group.description) ~= nil
end

-- All groups of the owner, or the one of a name.
function groups.request(name)
  return { "listAffinityGroups", { name = name }, rows = "affinitygroup" }
end

-- The group of that name among rows, or nil; names are unique per owner, in whatever case.
function groups.named(rows, name)
  for _, row in ipairs(rows) do
    if collation.same(row.name, name) then return row end
  end
end

-- Raises CloudError when the group is of another type than the one that is wanted (nil: any will do).
function groups.check_type(group, wanted)
  if wanted and group.type ~= wanted then
    error(errors.cloud("affinity group '%s' is of type '%s', '%s' is wanted; it is left as it is", group.name,
      tostring(group.type), wanted))
  end
end

-- The group of that name as CloudStack has it now, or nil.
function groups.find(cpi, name)
  return groups.named(cpi.cloudstack:rows(groups.request(name)), name)
end

-- Makes a group, or takes the one that another process has made meanwhile. entry: of the journal. -> group, whether it
-- is new. Raises CloudError.
function groups.create(cpi, name, kind, entry)
  local function again() return groups.find(cpi, name) end
  local task = cpi.cloudstack:run {
    "createAffinityGroup", { name = name, type = kind, description = made_by.text(cpi) }, job = true, find = again, entry = entry,
    what = "creating affinity group " .. name, timeout = cpi.settings.cloudstack.timeout.global,
  }
  local failure = task.failure
  if not failure then
    return { id = task.id, name = name, type = kind }, true
  end
  local there = refusals.is(failure, "affinity_group_is_there") and again()
  if not there then cpi.cloudstack.raise(failure, task.request.what) end
  groups.check_type(there, kind)
  return there, false
end

local function members_request(group)
  return { "listVirtualMachines", { affinitygroupid = group.id, details = "min" }, rows = "virtualmachine" }
end

local function has_none(rows)
  for _, vm in ipairs(rows) do
    if not vms.is_gone(vm) then return false end
  end
  return true
end

-- Is it without a living VM?
function groups.is_empty(cpi, group)
  return has_none(cpi.cloudstack:rows(members_request(group)))
end

-- Does the refusal of a look at a group say that another process has deleted it? CloudStack does not know the id then.
local function is_gone(cpi, group, failure)
  return refusals.is(failure, "bad_parameter") and groups.find(cpi, group.name) == nil
end

-- Deletes those of the groups in which no living VM is. CloudStack deletes a group that is in use without a word, so it
-- is looked at first. -> what could not be done: a list of { group, words }; the rows of the VMs in those that are not empty.
function groups.delete_empty(cpi, list)
  local client, requests, tasks, empty, left, members = cpi.cloudstack, {}, {}, {}, {}, {}
  for i, group in ipairs(list) do requests[i] = members_request(group) end
  for i, task in ipairs(#requests > 0 and client:start(requests) or {}) do
    if task.failure then
      local is_there = not is_gone(cpi, list[i], task.failure)
      left[#left + 1] = is_there and { group = list[i], words = client.say(task.failure) } or nil
    elseif has_none(task.rows) then
      empty[#empty + 1], tasks[#tasks + 1] = list[i], { "deleteAffinityGroup", { id = list[i].id }, job = true,
        idempotent = true, what = "deleting affinity group " .. list[i].name,
        timeout = cpi.settings.cloudstack.timeout.global }
    else
      table.move(task.rows, 1, #task.rows, #members + 1, members)
    end
  end
  for i, task in ipairs(client:run_all(tasks)) do
    -- A job that failed may have done it, and another process may have been faster.
    if task.failure and groups.find(cpi, empty[i].name) then
      left[#left + 1] = { group = empty[i], words = client.say(task.failure) }
    end
  end
  return left, members
end

return groups
