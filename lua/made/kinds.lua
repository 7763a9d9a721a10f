-- The kinds of things that the CPI makes in CloudStack: one table, a row a kind. Everything that deals with what was made goes
-- by it: recovery (what a dead process left, by its journal), gc (made/leftovers.lua: what is left by names and tags),
-- belongings (what goes with a VM), names (what a new object is called).
--
-- A new kind is one row: below, or in made/kinds_of_belongings.lua for what a VM has outside itself (whose end is a role in
-- made/belongings.lua). Nothing else in this room changes. The fields, each demanded of every row (spec/made/kinds_spec.lua):
--   name            what the journal and messages call it; entries of earlier versions have it too, so it never changes
--   in_gc           what cpi gc calls it
--   in_names        `kind` in the facts of the names policy, or false: it has no name of its own that a site could choose
--   in_cloudstack   CloudStack's name of the resource in createTags, or false: it can carry no tags
--   phase           how gc finds it: "leftovers" (it has a CID or a date of its own) or "orphans" (it is as old as its VM, and a
--                   role that never makes such things need not be allowed to list them)
--   list()          the request for all of the account's
--   find(cpi, record)          the row of a journal entry's object, by name, id or job -> row or nil [, true where there is
--                              none and there was one]; record: { kind, name, id, job, command, vm, ... }
--   is_used(cpi, row, record)  does BOSH know it, or does anybody use it?
--   is_wanted(cpi, row)        may the verb that runs still use what is left?
--   judge(cpi, row, search, rows)  what gc makes of a row of list(): nil (not ours, or in use), or { cid, why, is_suspect, gone }:
--                              is_suspect: BOSH may know it, so it is reported and never removed; gone: the CIDs of the VMs
--                              that it outlived. search: as leftovers.find has it; rows: the lists of that phase by kind
--   remove(cpi, row, name)     removes it with all that belongs to it; row nil: it is gone, what it left is looked for. -> a text
--                              where it stays for a while, whoever wants to remove it: why

local affinity_claims = require "made.affinity_claims"
local affinity_groups = require "cloudstack.affinity_groups"
local custody = require "made.custody"
local destruction = require "made.destruction"
local keeping = require "made.keeping"
local kinds_of_belongings = require "made.kinds_of_belongings"
local marks = require "made.marks"
local networks = require "cloudstack.networks"
local orphans = require "made.orphans"
local recognition = require "made.recognition"
local removal = require "made.removal"
local snapshots = require "cloudstack.snapshots"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"
local twins = require "stemcell.twins"
local untagged = require "made.untagged"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local function is_not_wanted() return false end
local function is_not_used() return false end

local function list_volumes() return { "listVolumes", {}, rows = "volume" } end

-- The CID of a row by its name, where the name is of the form of ours and the object is this director's; else nil.
local function own_name(cpi, row, form)
  return row.name:find(form) and recognition.ownership(cpi, tags.of(row), row.name) and row.name or nil
end

-- ---------------------------------------------------------------------------------------------------------

local vm = {
  name = "vm", in_gc = "vm", in_names = "vm", in_cloudstack = "UserVm", phase = "leftovers",
  list = function() return { "listVirtualMachines", {}, rows = "virtualmachine" } end,
  find = function(cpi, record) return vms.find(cpi, record.name) end,
  is_used = recognition.is_vm_used, is_wanted = is_not_wanted,
}

function vm.judge(cpi, row, search)
  local set = tags.of(row)
  local cid = set.bosh_cid or row.name
  local owned = cid:find "^cpivm%-" and recognition.ownership(cpi, set, cid)
  if not owned then return nil end
  if destruction.is_unfinished(row) then return { cid = cid, why = "its expunge failed half way, it holds its addresses" } end
  local is_kept, why = keeping.of(set, search.now)
  if is_kept then return nil end
  if why then return { cid = cid, why = why } end
  local is_used = recognition.is_vm_used(cpi, row)
  if search.known then return recognition.unlisted(search, row, cid, is_used) end
  if is_used then return nil end
  if owned == "tagged" then return { cid = cid, why = "BOSH never spoke of it" } end
  if recognition.never_ran(row) then return { cid = cid, why = "it never ran" } end
  return { cid = cid, why = "it has no tags: BOSH may know it", is_suspect = true }
end

-- As delete_vm does; and what a killed process did not come to tag.
function vm.remove(cpi, row, name)
  local found = cpi.cloudstack:gather(removal.requests(name))
  found.untagged = untagged.find(cpi, name, row)
  removal.everything(cpi, name, row, found)
end

local function remove_volume(cpi, row)
  if row then volumes.delete_all(cpi, { row }) end
end

local disk = {
  name = "disk", in_gc = "disk", in_names = "disk", in_cloudstack = "Volume", phase = "leftovers", list = list_volumes,
  find = function(cpi, record) return volumes.find(cpi, record.name) end,
  is_used = function(_, row) return row.virtualmachineid ~= nil or recognition.is_known(row) end, is_wanted = is_not_wanted,
  remove = remove_volume,
}

function disk.judge(cpi, row, search)
  if row.virtualmachineid or tags.of(row)[volumes.EPHEMERAL_TAG] then return nil end
  local cid, is_known = own_name(cpi, row, "^cpi%-disk%-"), recognition.is_known(row) or custody.is_taken(row)
  if not cid then return nil end
  if custody.is_given_back(row) then return { cid = cid, why = "BOSH gave it back, and it was not deleted then" } end
  if search.known then return recognition.unlisted(search, row, cid, is_known) end
  return not is_known and { cid = cid, why = "BOSH never spoke of it, and may know it", is_suspect = true } or nil
end

-- A disk that is made with its VM and goes with it; CloudStack gives it its name. Only the earlier CPIs named theirs.
local ephemeral_disk = {
  name = "ephemeral disk", in_gc = "disk", in_names = "ephemeral-disk", in_cloudstack = "Volume", phase = "leftovers",
  list = list_volumes,
  find = function(cpi, record) return volumes.find(cpi, record.name) end,
  is_used = function(_, row) return row.virtualmachineid ~= nil end, is_wanted = is_not_wanted, remove = remove_volume,
}

-- Is one with the tag of that VM left? It is this director's by its own tag, or by the mark in the VM's CID.
local function is_ephemeral_left(cpi, set, of, search)
  local is_own = set.director_uuid == nil and marks.is_on(cpi, of) or recognition.ownership(cpi, set, of) ~= nil
  return is_own and not search.vms[of]
end

function ephemeral_disk.judge(cpi, row, search)
  local set = tags.of(row)
  local of = set[volumes.EPHEMERAL_TAG]
  if row.virtualmachineid then return nil end
  if of then return is_ephemeral_left(cpi, set, of, search) and { cid = row.name, why = "its VM " .. of .. " is gone" } or nil end
  if row.name:find "^DATA%-%d+$" and next(set) == nil then
    return { cid = row.name, why = "made with a VM that is gone: whose is not known", is_suspect = true }
  elseif row.name:find "^cpi%-ephemeral%-disk%-" then
    return { cid = row.name, why = "an ephemeral disk of an earlier CPI, without a VM", is_suspect = not search.earlier_cpis }
  end
end

local stemcell = {
  name = "stemcell", in_gc = "stemcell", in_names = "stemcell", in_cloudstack = "Template", phase = "leftovers",
  list = function() return { "listTemplates", { templatefilter = "self" }, rows = "template" } end,
}

function stemcell.find(cpi, record)
  if record.id then
    local row = cpi.cloudstack:rows(templates.request_by_id(record.id))[1]
    -- A template of a hypervisor that no zone has is in no list, and is deleted by its id all the same.
    return row or not record.answered and { id = record.id, name = record.name } or nil
  end
  local others = {}
  for _, id in ipairs(record.others or {}) do others[id] = true end
  for _, row in ipairs(templates.named(cpi.cloudstack:rows(templates.request(record.name, "self")), record.name)) do
    if not others[row.id] then return row end
  end
end

-- While a VM is of it, CloudStack and templates.delete refuse its removal.
function stemcell.is_used(_, row) return twins.is_shared(row) end

-- A finished template is what the next create_stemcell of the same image would make: while one runs, it may take this.
function stemcell.is_wanted(cpi, row) return cpi.journal.verb == "create_stemcell" and twins.is_finished(row) end

function stemcell.judge(cpi, row, search)
  local cid = own_name(cpi, row, "^cpitemplate%-")
  if not cid then return nil end
  if search.known then return recognition.unlisted(search, row, cid, twins.is_shared(row)) end
  return not row.isready and { cid = cid, why = "it never became ready" } or nil
end

-- A template whose upload is not over is not waited for: that may take an hour.
function stemcell.remove(cpi, row)
  if not row or not twins.may_go(cpi, row) then return end
  if row.isready then return templates.delete(cpi, row) end
  if not templates.delete_unsent(cpi, row) then return "held by CloudStack until the time for its upload is over" end
end

-- CloudStack refuses to remove a network with VMs.
local network = {
  name = "network", in_gc = "network", in_names = "network", in_cloudstack = "Network", phase = "leftovers",
  list = networks.request,
  find = function(cpi, record) return networks.find(cpi, record.name) end, is_used = is_not_used, is_wanted = is_not_wanted,
}

function network.judge(cpi, row, search)
  local cid = own_name(cpi, row, "^cpi%-network%-")
  if not cid then return nil end
  if custody.is_given_back(row) then return { cid = cid, why = "BOSH gave it back, and VMs were in it then" } end
  if search.known then return recognition.unlisted(search, row, cid, false) end
  return { cid = cid, why = "BOSH may know it", is_suspect = true }
end

function network.remove(cpi, row, name)
  if row then networks.delete(cpi, row, name) end
end

local snapshot = {
  name = "snapshot", in_gc = "snapshot", in_names = "snapshot", in_cloudstack = "Snapshot", phase = "leftovers",
  list = function() return { "listSnapshots", {}, rows = "snapshot" } end,
  find = function(cpi, record) return snapshots.find(cpi, record.name) end, is_used = is_not_used, is_wanted = is_not_wanted,
}

function snapshot.judge(cpi, row, search)
  local cid = own_name(cpi, row, "^cpi%-snapshot%-")
  if not cid then return nil end
  if states.snapshot(row.state).failed then return { cid = cid, why = "it failed" } end
  if search.known then return recognition.unlisted(search, row, cid, false) end
  return { cid = cid, why = "BOSH may know it", is_suspect = true }
end

function snapshot.remove(cpi, row)
  if row then snapshots.delete(cpi, row.id) end
end

-- It carries no tags; its description says whose it is.
local affinity_group = {
  name = "affinity group", in_gc = "affinity group", in_names = false, in_cloudstack = false, phase = "orphans",
  list = affinity_groups.request, is_wanted = is_not_wanted,
}

function affinity_group.find(cpi, record)
  local row = affinity_groups.find(cpi, record.name)
  return row and affinity_groups.is_ours(row) and row or nil
end

function affinity_group.is_used(cpi, row) return not affinity_groups.is_empty(cpi, row) end

function affinity_group.judge(cpi, row, search)
  local is_left = orphans.is_old_and_ours(cpi, row, search) and affinity_groups.is_empty(cpi, row)
  return is_left and orphans.outlived(row, {}) or nil
end

function affinity_group.remove(cpi, row)
  if row then affinity_claims.remove(cpi, row) end
end

-- ---------------------------------------------------------------------------------------------------------

-- The rows in the order in which gc lists what it finds; and by name.
local kinds = { vm, disk, ephemeral_disk, stemcell, network, snapshot, table.unpack(kinds_of_belongings) }
kinds[#kinds + 1] = affinity_group
for _, kind in ipairs(kinds) do kinds[kind.name] = kind end

return kinds
