-- How an object is recognised: as one of this director's, as one that BOSH knows or uses.
-- The rows of made/kinds.lua are built of these.

local collation = require "base.collation"
local marks = require "made.marks"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"
local volumes = require "cloudstack.volumes"

local recognition = {}

-- Tags that a director sets, and always soon: set_vm_metadata follows create_vm, set_disk_metadata attach_disk.
local OF_BOSH = { director = true, deployment = true, instance_group = true, job = true, index = true, instance_index = true,
  id = true, instance_id = true, created_at = true, attached_at = true, name = true }

-- Has BOSH spoken of the object since it was made? row: of listVirtualMachines, listVolumes or listTemplates.
function recognition.is_known(row)
  for key in pairs(tags.of(row)) do
    if OF_BOSH[collation.fold(key)] then return true end
  end
  return false
end

-- given, without what shows that BOSH has spoken of an object: tags for one of which it has not.
function recognition.without_word_of_bosh(given)
  local some = {}
  for key, value in pairs(given) do
    if not OF_BOSH[collation.fold(tostring(key))] then some[key] = value end
  end
  return some
end

-- Has BOSH spoken of the VM, or is it at work? A VM that has a persistent disk is at work. vm: a row of listVirtualMachines.
function recognition.is_vm_used(cpi, vm)
  if recognition.is_known(vm) then return true end
  for _, volume in ipairs(cpi.cloudstack:rows(volumes.request_of_vm(vm))) do
    if volume.type ~= "ROOT" and not volumes.is_ephemeral(volume) then return true end
  end
  return false
end

-- Has a VM never run? BOSH gets the CID of one that runs only. CloudStack takes the detail away at the first start, and shows it
-- to users too: spec/sim/observed/deploy.lua.
function recognition.never_ran(vm)
  return states.vm(vm.state).failed or type(vm.details) == "table" and vm.details.deployvm == "true"
end

-- Does the object of that CID belong to this director? -> "tagged", "marked" (nobody came to tag it, and the director's mark
-- is in the CID), or nil for somebody else's. set: its tags.
function recognition.ownership(cpi, set, cid)
  if set.director_uuid then return set.director_uuid == cpi.context.director_uuid and "tagged" or nil end
  return next(set) == nil and marks.is_on(cpi, cid) and "marked" or nil
end

-- The id of what the job of a process that died has made, or nil. Raises where CloudStack does not say what the job did.
local function id_by_job(cpi, record)
  if type(record.job) ~= "string" then return nil end
  local id, failure = cpi.cloudstack:made_by(tostring(record.command), record.job, nil, 0)
  if failure and failure.unanswered then cpi.cloudstack.raise(failure) end
  return id
end

-- The row of a thing that has no name of its own: by the id in its journal record, or by the job that makes it where its
-- process died before it learnt the id. -> row or nil, was it there once?
function recognition.by_id_or_job(cpi, record, request_by_id)
  local id = record.id or id_by_job(cpi, record)
  return id and cpi.cloudstack:rows(request_by_id(id))[1], id ~= nil
end

-- What gc makes of an object when it has a list of BOSH's CIDs: nil, or a verdict as in made/kinds.lua. A list can be short of
-- a deployment: what BOSH has spoken of stays a suspect. search: as leftovers.find has it.
function recognition.unlisted(search, row, cid, is_used)
  if search.known[cid] or search.known[row.id] then return nil end
  if is_used then return { cid = cid, is_suspect = true, why = "BOSH spoke of it, and the list does not have it" } end
  return { cid = cid, why = "BOSH does not know it" }
end

return recognition
