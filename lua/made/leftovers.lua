-- The phase of cpi gc: what is in CloudStack and belongs to nobody any more, found by what CloudStack alone knows, names and tags.
--
-- An object is this director's when it carries its uuid as a tag, or, where nobody came to tag it, its mark in the name
-- (made/marks.lua). It is in use when BOSH has spoken of it, when a list of BOSH's CIDs has it, or when a VM has it. What is
-- left is a leftover where BOSH cannot have got its CID, and a suspect where it can: without a list of BOSH's CIDs a suspect
-- is only reported, never removed. The rows of made/kinds.lua judge; here they are listed, asked and removed.

local belongings = require "made.belongings"
local clock = require "cloudstack.clock"
local dates = require "cloudstack.dates"
local destruction = require "made.destruction"
local errors = require "errors"
local kinds = require "made.kinds"
local orphans = require "made.orphans"
local refusals = require "cloudstack.refusals"
local removal = require "made.removal"
local tags = require "cloudstack.tags"
local untagged = require "made.untagged"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local leftovers = {}

-- One whose expunge failed half way is gone for BOSH alone.
local function is_gone(row)
  return not destruction.is_unfinished(row) and (vms.is_gone(row) or volumes.is_deleted(row))
end

-- The kinds of a phase as lists of those that have one CloudStack list in common, in the order of the table.
local function by_list(phase)
  local groups, of = {}, {}
  for _, kind in ipairs(kinds) do
    if kind.phase == phase then
      if not of[kind.list] then of[kind.list], groups[#groups + 1] = {}, kind.list end
      table.insert(of[kind.list], kind)
    end
  end
  for i, list in ipairs(groups) do groups[i] = of[list] end
  return groups
end

-- ---------------------------------------------------------------------------------------------------------
-- what has a CID or a date of its own

-- The rows of each list, by the name of its first kind.
local function look_up(cpi)
  local requests = {}
  for _, group in ipairs(by_list "leftovers") do requests[group[1].name] = group[1].list() end
  return cpi.cloudstack:gather(requests)
end

-- The first verdict on a row by the kinds that its list may show, and that kind.
local function judge(cpi, group, row, search)
  for _, kind in ipairs(group) do
    local verdict = kind.judge(cpi, row, search)
    if verdict then return verdict, kind end
  end
end

local function finding(kind, row, verdict)
  return { kind = kind.in_gc, made = kind, cid = verdict.cid, id = row.id, row = row, why = verdict.why,
    is_suspect = verdict.is_suspect or false, gone = verdict.gone }
end

-- Adds what was made for the VM and never tagged: it goes, or stays, with the VM.
local function add_untagged(cpi, vm, found)
  for _, item in ipairs(untagged.find(cpi, vm.cid, vm.row)) do
    found[#found + 1] = { kind = item.kind, cid = item.row.ipaddress or vm.cid, id = item.id, row = item.row,
      why = ("made for VM %s, and never tagged"):format(vm.cid), is_suspect = vm.is_suspect, untagged = item, vm = vm }
  end
end

-- The age of a row that is there and not yet looked at (a template has a row for each zone); nil for another.
local function age_of(row, search, seen)
  local made = dates.seconds(row.created)
  return made and not is_gone(row) and not seen[row.id] and search.now - made or nil
end

local function find_leftovers(cpi, rows, search)
  local found, seen = {}, {}
  for _, group in ipairs(by_list "leftovers") do
    for _, row in ipairs(rows[group[1].name]) do
      local age, verdict, kind = age_of(row, search, seen), nil, nil
      if age then verdict, kind = judge(cpi, group, row, search) end
      if verdict and not (search.busy and search.busy[verdict.cid]) then
        seen[row.id] = true
        if age < search.older_than then
          search.younger[#search.younger + 1] = finding(kind, row, verdict)
        else
          found[#found + 1] = finding(kind, row, verdict)
          if kind == kinds.vm then add_untagged(cpi, found[#found], found) end
        end
      end
    end
  end
  return found
end

-- ---------------------------------------------------------------------------------------------------------
-- what outlived its VM

-- The rows by kind. A role that never makes such things need not be allowed to list them.
local function look_up_orphans(cpi)
  local groups, requests, rows = by_list "orphans", {}, {}
  for i, group in ipairs(groups) do requests[i] = group[1].list() end
  for i, task in ipairs(cpi.cloudstack:start(requests)) do
    local failure = task.failure
    if failure and not refusals.is(failure, "command_not_allowed") then cpi.cloudstack.raise(failure) end
    if failure then cpi.log.warn("not looked at: %s", cpi.cloudstack.say(failure)) end
    rows[groups[i][1].name] = failure and {} or task.rows
  end
  return rows
end

local function find_orphans(cpi, rows, search)
  local found = {}
  for _, group in ipairs(by_list "orphans") do
    for _, row in ipairs(rows[group[1].name]) do
      local verdict = group[1].judge(cpi, row, search, rows)
      if verdict then found[#found + 1] = finding(group[1], row, verdict) end
    end
  end
  return found
end

-- Removes it with all else that its VMs left, as delete_vm would have; the disks among that are findings of their own.
local function remove_orphan(cpi, one)
  if #one.gone == 0 then return one.made.remove(cpi, one.row, one.cid) end
  for _, vm_cid in ipairs(one.gone) do
    if vms.find(cpi, vm_cid) then error(errors.cloud("VM %s is there", vm_cid)) end
    removal.everything(cpi, vm_cid, nil, { belongings = cpi.cloudstack:rows(belongings.request(vm_cid)), orphans = {} })
  end
end

-- ---------------------------------------------------------------------------------------------------------

-- find(cpi, { known = set of CIDs or nil, older_than = seconds, busy = set of CIDs that a living process is at,
--   earlier_cpis = true: what the earlier CPIs are known to leave is nobody's })
-- -> list of { kind, cid, id, row, why, is_suspect }, and a list of the same of what would be on it, were it older.
-- cpi.context.director_uuid says whose. Raises CloudError.
-- The judges of made/kinds.lua find more in that table: now (seconds since 1970, by CloudStack's clock), vms (set of the CIDs
-- of VMs that live), young (set of the CIDs of VMs for which an address was taken lately).
function leftovers.find(cpi, search)
  local of_vms = look_up_orphans(cpi) -- before the VMs: a VM whose tag is on something by now is among them
  local rows = look_up(cpi)
  search.vms, search.younger, search.now = {}, {}, clock.now(cpi)
  for _, vm in ipairs(rows.vm) do search.vms[tags.of(vm).bosh_cid or vm.name] = not is_gone(vm) or nil end
  search.young = orphans.young_vms(of_vms.address, search)
  local orphaned = find_orphans(cpi, of_vms, search)
  local found = find_leftovers(cpi, rows, search)
  return table.move(orphaned, 1, #orphaned, #found + 1, found), search.younger
end

-- Removes a leftover. Raises CloudError where it stays.
function leftovers.remove(cpi, one)
  assert(not one.is_suspect, "a suspect is never removed")
  if one.gone then return remove_orphan(cpi, one) end
  if one.untagged then return belongings.take_away(cpi, one.vm.cid, { one.untagged }, one.vm.row) end
  local why_kept = one.made.remove(cpi, one.row, one.cid)
  if type(why_kept) == "string" then error(errors.cloud("it is %s", why_kept)) end
end

return leftovers
