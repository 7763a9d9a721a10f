-- Templates: a stemcell's CID is a template's name (cpitemplate-...), or light-ID for a template that
-- somebody else made and we only use.

local errors = require "errors"
local exact = require "cloudstack.exact"
local zones = require "cloudstack.zones"
local refusals = require "cloudstack.refusals"
local vms = require "cloudstack.vms"

local templates = {}

local OURS = "^cpitemplate%-"
local LIGHT = "^light%-(.+)$"

-- A fresh CID: the first three groups of a uuid, as the Go CPI has it (template names were limited to 32).
function templates.new_cid(uuid)
  return "cpitemplate-" .. uuid:match "^%x+%-%x+%-%x+"
end

-- The CID for using an existing template.
function templates.light_cid(template)
  return "light-" .. template.id
end

-- The CID of a template that exists: its name where this CPI (or an earlier one) made it for a stemcell.
function templates.cid_of(template)
  return template.name:find(OURS) and template.name or templates.light_cid(template)
end

function templates.is_ours(stemcell_cid)
  return stemcell_cid:find(OURS) ~= nil
end

-- The template's name or id behind a CID.
function templates.wanted(stemcell_cid)
  return stemcell_cid:match(LIGHT) or stemcell_cid
end

-- A list request: filter is CloudStack's templatefilter ("executable": what may be deployed, "self": our own
-- in every state). One row per zone of each template.
function templates.request(stemcell_cid, filter)
  local params = exact.filter(templates.wanted(stemcell_cid))
  params.templatefilter = filter
  return { "listTemplates", params, rows = "template" }
end

-- All rows of one of our own templates by CloudStack's id, in every state; zone_id: those of that zone, nil for all.
function templates.request_by_id(id, zone_id)
  return { "listTemplates", { id = id, templatefilter = "self", zoneid = zone_id }, rows = "template" }
end

-- The templates of exactly that name among rows, a row each: a stemcell is in several zones by one template with copies, or by
-- several, where it was uploaded to each.
function templates.named(rows, name)
  local list, seen = {}, {}
  for _, row in ipairs(rows) do
    if row.name == name and not seen[row.id] then list[#list + 1], seen[row.id] = row, true end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- Raises CloudError: the stemcell cannot be used in the zone. rows: those of its template elsewhere.
function templates.refuse_absent(stemcell_cid, zone, rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = { name = row.zonename } end
  error(errors.cloud("stemcell '%s' has no template in zone '%s'; zones that have it: %s", stemcell_cid, zone.name,
    exact.names(names)))
end

-- The rows that are ready, by id: the same stemcell may have come to zones as several templates of one name.
local function ready_ones(rows, wanted)
  local list = {}
  for _, row in ipairs(rows) do
    if row.isready and (row.name == wanted or row.id == wanted) then list[#list + 1] = row end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- The template that a VM can be made of, and whether it has to be copied to the zone before: one of ours that is ready in
-- another. Raises CloudError when it is not in the zone or not ready.
function templates.pick(rows, stemcell_cid, zone)
  local wanted = templates.wanted(stemcell_cid)
  local template, ready = exact.one(zones.rows_in(rows, zone), wanted, "stemcell"), ready_ones(rows, wanted)
  if template and template.isready then return template, false end
  if templates.is_ours(stemcell_cid) and ready[1] then return ready[1], true end
  if not template then templates.refuse_absent(stemcell_cid, zone, ready) end
  error(errors.cloud("the template of stemcell '%s' is not ready in zone '%s': %s", stemcell_cid, zone.name,
    template.status or "no status given"))
end

local function is_in_use(failure)
  return refusals.is(failure, "template_is_used")
end

-- Does the failure of a delete say that there is nothing to delete?
function templates.is_gone(failure)
  return refusals.is(failure, "template_is_gone")
end

local function delete(cpi, template, forced, is_once)
  local task = cpi.cloudstack:run {
    "deleteTemplate", { id = template.id, forced = forced }, job = true, idempotent = not is_once,
    what = "deleting template " .. tostring(template.name), timeout = cpi.settings.cloudstack.timeout.global,
  }
  return task.failure, task
end

-- VMs of the template that live, as far as this account sees.
local function living_vms(cpi, template)
  local names = {}
  for _, vm in ipairs(cpi.cloudstack:rows {
    "listVirtualMachines", { templateid = template.id }, rows = "virtualmachine",
  }) do
    if not vms.is_gone(vm) then names[#names + 1] = vm.name end
  end
  return names
end

-- Deletes a template whose image was never sent, if CloudStack lets it go at once. -> false: it is held until the time for its upload
-- is over. Raises CloudError.
function templates.delete_unsent(cpi, template)
  local failure, task = delete(cpi, template, nil, true)
  if not failure or templates.is_gone(failure) then return true end
  if refusals.is(failure, "template_is_on_its_way") then return false end
  cpi.cloudstack.raise(failure, task.request.what)
end

-- Deletes the template in all zones; one that is gone already is deleted. CloudStack refuses it while a VM
-- of it is destroyed and not yet expunged, which a user cannot even see: then it is forced, after a look that
-- no living VM is of it. Raises CloudError.
function templates.delete(cpi, template)
  local failure, task = delete(cpi, template)
  if failure and is_in_use(failure) then
    local names = living_vms(cpi, template)
    if #names > 0 then
      error(errors.cloud("stemcell '%s' is in use by VM %s", template.name, table.concat(names, ", ")))
    end
    failure, task = delete(cpi, template, true)
  end
  if failure and not templates.is_gone(failure) then cpi.cloudstack.raise(failure, task.request.what) end
end

return templates
