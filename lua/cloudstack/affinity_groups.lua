-- Affinity groups: VMs that CloudStack is to put on one host or on different ones. A group is made by whoever needs it
-- first and goes with its last VM; what others made stays.

local errors = require "errors"

local groups = {}

groups.TYPES = { "host anti-affinity", "host affinity", "non-strict host anti-affinity", "non-strict host affinity" }

-- Groups cannot carry tags, so the mark is in the description.
local MARK = "made by cloudstack_cpi"

function groups.is_ours(group)
  return type(group.description) == "string" and group.description:sub(1, #MARK) == MARK
end

local function made_for(director)
  return ("%s for director %s"):format(MARK, director:sub(1, 64))
end

-- When we made it for this request's director, in seconds since 1970 (0: long ago); nil for a group that is none of ours.
-- CloudStack tells no date of groups.
function groups.made_at(cpi, group)
  local director = cpi.context.director_uuid
  local mine = type(director) == "string" and made_for(director)
  local text = mine and type(group.description) == "string" and group.description or ""
  if text == mine then return 0 end
  return mine and text:sub(1, #mine) == mine and math.tointeger(tonumber(text:sub(#mine + 1):match "^ at (%d+)$")) or nil
end

-- All groups of the owner, or the one of a name.
function groups.request(name)
  return { "listAffinityGroups", { name = name }, rows = "affinitygroup" }
end

-- The group of exactly that name among rows, or nil; names are unique per owner.
function groups.named(rows, name)
  for _, row in ipairs(rows) do
    if row.name == name then return row end
  end
end

-- Raises CloudError when the group is of another type than the one that is wanted (nil: any will do).
function groups.check_type(group, wanted)
  if wanted and group.type ~= wanted then
    error(errors.cloud("affinity group '%s' is of type '%s', '%s' is wanted; it is left as it is", group.name,
      tostring(group.type), wanted))
  end
end

local function description(cpi)
  local director = cpi.context.director_uuid
  return type(director) == "string" and director ~= "" and ("%s at %d"):format(made_for(director), cpi.clock.utc() // 1) or MARK
end

-- Makes a group, or takes the one that another process has made meanwhile. -> group, whether it is new. Raises
-- CloudError.
function groups.create(cpi, name, kind)
  local client = cpi.cloudstack
  local function again() return groups.named(client:rows(groups.request(name)), name) end
  local task = client:start({ {
    "createAffinityGroup", { name = name, type = kind, description = description(cpi) }, job = true, find = again,
    what = "creating affinity group " .. name, timeout = cpi.settings.cloudstack.timeout.global,
  } })[1]
  client:wait { task }
  local failure = task.failure
  if not failure then
    return { id = task.id, name = name, type = kind }, true
  end
  local there = failure.text:find("already exists", 1, true) and again()
  if not there then client.raise(failure, task.request.what) end
  groups.check_type(there, kind)
  return there, false
end

local gone = { Destroyed = true, Expunging = true }

local function members_request(group)
  return { "listVirtualMachines", { affinitygroupid = group.id, details = "min" }, rows = "virtualmachine" }
end

local function has_none(vms)
  for _, vm in ipairs(vms) do
    if not gone[vm.state] then return false end
  end
  return true
end

-- Is no living VM in it?
function groups.is_empty(cpi, group)
  return has_none(cpi.cloudstack:rows(members_request(group)))
end

-- Deletes those of the groups in which no living VM is. CloudStack deletes a group that is in use without a word, so it
-- is looked at first. What goes wrong is a warning: a group that stays costs nothing.
function groups.delete_empty(cpi, list)
  local client, requests, tasks = cpi.cloudstack, {}, {}
  for i, group in ipairs(list) do
    requests[i] = members_request(group)
  end
  for i, task in ipairs(#requests > 0 and client:start(requests) or {}) do
    if not task.failure and has_none(task.rows) then
      tasks[#tasks + 1] = { "deleteAffinityGroup", { id = list[i].id }, job = true, idempotent = true,
        what = "deleting affinity group " .. list[i].name, timeout = cpi.settings.cloudstack.timeout.global }
    end
  end
  if #tasks == 0 then return end
  for _, task in ipairs(client:wait(client:start(tasks))) do
    local failure = task.failure
    if failure and failure.code ~= 431 then cpi.log.warn("%s: %s", task.request.what, client.say(failure)) end
  end
end

return groups
