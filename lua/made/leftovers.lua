-- What is in CloudStack and belongs to nobody any more, found by what CloudStack alone knows: names and tags.
--
-- An object is this director's when it carries its uuid as a tag, or, where nobody came to tag it, its mark in the name
-- (director_mark). It is in use when BOSH has spoken of it (recovery.is_known), when a list of BOSH's CIDs has it, or
-- when a VM has it. What is left is a leftover where BOSH cannot have got its CID, and a suspect where it can: without
-- a list of BOSH's CIDs a suspect is told and never touched.

local belongings = require "made.belongings"
local clock = require "cloudstack.clock"
local dates = require "cloudstack.dates"
local director_mark = require "made.marks"
local orphans = require "made.orphans"
local recovery = require "made.recovery"
local tags = require "cloudstack.tags"
local untagged = require "made.untagged"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local leftovers = {}

-- "tagged", "marked", or nil for somebody else's.
local function ownership(cpi, set, cid)
  if set.director_uuid then return set.director_uuid == cpi.context.director_uuid and "tagged" or nil end
  return next(set) == nil and director_mark.is_on(cpi, cid) and "marked" or nil
end

-- By a list of BOSH's CIDs. A list can be short of a deployment: what BOSH spoke of stays a suspect.
local function unlisted(search, row, cid, is_used)
  if search.known[cid] or search.known[row.id] then return nil end
  if is_used then return "BOSH spoke of it, and the list does not have it", cid, true end
  return "BOSH does not know it", cid
end

local judges = {}

function judges.vm(cpi, row, list, search)
  local cid = list.tags.bosh_cid or row.name
  local owned = cid:find "^cpivm%-" and ownership(cpi, list.tags, cid)
  if not owned then return end
  local is_used = recovery.kinds.vm.is_used(cpi, row)
  if search.known then return unlisted(search, row, cid, is_used) end
  if is_used then return end
  if owned == "tagged" then return "BOSH never spoke of it", cid end
  if row.state == "Error" then return "it never ran", cid end
  return "it has no tags: BOSH may know it", cid, true
end

function judges.disk(cpi, row, list, search)
  if row.virtualmachineid then return end
  local of = list.tags[volumes.EPHEMERAL_TAG]
  if of then
    local owned = list.tags.director_uuid == nil and director_mark.is_on(cpi, of) or ownership(cpi, list.tags, of)
    return owned and not search.vms[of] and "its VM " .. of .. " is gone", row.name
  elseif row.name:find "^DATA%-%d+$" and next(list.tags) == nil then
    return "made with a VM that is gone: whose is not known", row.name, true
  elseif row.name:find "^cpi%-ephemeral%-disk%-" then
    return "an ephemeral disk of an earlier CPI, without a VM", row.name, not search.earlier_cpis
  elseif not row.name:find "^cpi%-disk%-" or not ownership(cpi, list.tags, row.name) then
    return
  elseif search.known then
    return unlisted(search, row, row.name, recovery.is_known(row))
  elseif recovery.is_known(row) then
    return
  end
  return "BOSH never spoke of it, and may know it", row.name, true
end

function judges.stemcell(cpi, row, list, search)
  local owned = row.name:find "^cpitemplate%-" and ownership(cpi, list.tags, row.name)
  if not owned then return end
  if search.known then return unlisted(search, row, row.name, recovery.kinds.stemcell.is_used(cpi, row)) end
  return not row.isready and "it never became ready", row.name
end

function judges.network(cpi, row, list, search)
  if not row.name:find "^cpi%-network%-" or not ownership(cpi, list.tags, row.name) then return end
  if search.known then return unlisted(search, row, row.name, false) end
  return "BOSH may know it", row.name, true
end

function judges.snapshot(cpi, row, list, search)
  if not row.name:find "^cpi%-snapshot%-" or not ownership(cpi, list.tags, row.name) then return end
  if row.state == "Error" then return "it failed", row.name end
  if search.known then return unlisted(search, row, row.name, false) end
  return "BOSH may know it", row.name, true
end

local REQUESTS = {
  { "vm", { "listVirtualMachines", {}, rows = "virtualmachine" } },
  { "disk", { "listVolumes", {}, rows = "volume" } },
  { "stemcell", { "listTemplates", { templatefilter = "self" }, rows = "template" } },
  { "network", { "listNetworks", {}, rows = "network" } },
  { "snapshot", { "listSnapshots", {}, rows = "snapshot" } },
}

local function look_up(cpi)
  local requests = {}
  for _, one in ipairs(REQUESTS) do requests[one[1]] = one[2] end
  return cpi.cloudstack:gather(requests)
end

-- Adds what was made for the VM and never tagged: it goes, or stays, with the VM.
local function add_untagged(cpi, vm, found)
  for _, item in ipairs(untagged.find(cpi, vm.cid, vm.row)) do
    found[#found + 1] = { kind = item.word, cid = item.row.ipaddress or vm.cid, id = item.id, row = item.row,
      why = ("made for VM %s, and never tagged"):format(vm.cid), is_suspect = vm.is_suspect, untagged = item, vm = vm }
  end
end

-- find(cpi, { known = set of CIDs or nil, older_than = seconds, busy = set of CIDs that a living process is at,
--   earlier_cpis = true: what the earlier CPIs are known to leave is nobody's })
-- -> list of { kind, cid, id, row, why, is_suspect }. cpi.context.director_uuid says whose.
function leftovers.find(cpi, search)
  local of_vms = orphans.look_up(cpi) -- before the VMs: who has a tag by now is among them
  local rows, found, seen = look_up(cpi), {}, {}
  search.vms, search.now = {}, clock.now(cpi)
  for _, vm in ipairs(rows.vm) do search.vms[tags.of(vm).bosh_cid or vm.name] = not vms.is_gone(vm) or nil end
  local orphaned = orphans.find(cpi, of_vms, search)
  for _, one in ipairs(REQUESTS) do
    for _, row in ipairs(rows[one[1]]) do
      local list = { tags = tags.of(row) }
      local made = dates.seconds(row.created)
      local is_old = made and search.now - made >= search.older_than
      if is_old and not vms.is_gone(row) and not volumes.is_deleted(row) and not seen[row.id] then
        local why, cid, is_suspect = judges[one[1]](cpi, row, list, search)
        if why and not (search.busy and search.busy[cid]) then
          found[#found + 1] = { kind = one[1], cid = cid, id = row.id, row = row, why = why, is_suspect = is_suspect or false }
          seen[row.id] = true
          if one[1] == "vm" then add_untagged(cpi, found[#found], found) end
        end
      end
    end
  end
  return table.move(orphaned, 1, #orphaned, #found + 1, found)
end

-- Removes a leftover; raises where it stays.
function leftovers.remove(cpi, one)
  assert(not one.is_suspect, "a suspect is never removed")
  if one.gone then return orphans.remove(cpi, one) end
  if one.untagged then return belongings.take_away(cpi, one.vm.cid, { one.untagged }, one.vm.row) end
  recovery.kinds[one.kind].remove(cpi, one.row, one.cid)
end

return leftovers
