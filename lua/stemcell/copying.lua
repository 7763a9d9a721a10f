-- Copying a template to zones that do not have it. Its id and name stay; each zone has its own row.

local arrival = require "stemcell.arrival"
local errors = require "errors"
local refusals = require "cloudstack.refusals"
local templates = require "cloudstack.templates"
local zones = require "cloudstack.zones"

local copying = {}

local function has(rows, zone) return #zones.rows_in(rows, zone) > 0 end

-- Is one of the rows, ready or on its way, in each of the zones?
function copying.is_everywhere(rows, zones_wanted)
  for _, zone in ipairs(zones_wanted) do
    if not has(rows, zone) then return false end
  end
  return true
end

-- The row to copy from: of the zone that is asked for (name or id), else any that is ready.
local function source_of(rows, from, cid)
  for _, row in ipairs(rows) do
    if row.isready and (not from or row.zoneid == from or row.zonename == from) then return row end
  end
  error(errors.cloud("the template of stemcell %s is not ready in %s: nothing can be copied", cid,
    from and ("zone '%s'"):format(from) or "any zone"))
end

-- Deletes the copy in one zone. Raises CloudError.
function copying.take_back(cpi, source, zone)
  local task = cpi.cloudstack:run { "deleteTemplate", { id = source.id, zoneid = zone.id }, job = true, idempotent = true,
    what = ("deleting the copy of template %s in zone '%s'"):format(source.name, zone.name),
    timeout = cpi.settings.cloudstack.timeout.global }
  local failure = task.failure
  if failure and not templates.is_gone(failure) then
    cpi.cloudstack.raise(failure, task.request.what)
  end
end

-- Why a copy failed: raises it.
local function refuse(cpi, task)
  local failure = task.failure
  if not refusals.is(failure, "template_cannot_be_copied") then cpi.cloudstack.raise(failure, task.request.what) end
  local words = ("%s: the image was uploaded, and this CloudStack does not copy uploaded templates to another zone: name the zone "
    .. "in cloudstack.stemcell.zones and upload the stemcell again (bosh upload-stemcell --fix); %s"):format(
    task.request.what, cpi.cloudstack.say(failure))
  error(errors.cloud("%s", words):with { failure = failure }, 0)
end

-- Can CloudStack not copy that template at all? failure: what begin or spread raised.
function copying.is_impossible(failure)
  return errors.is(failure) and failure.failure ~= nil and refusals.is(failure.failure, "template_cannot_be_copied")
end

-- Does CloudStack still work at a copy that was not done in time? Only where its last look at the job said so: one that could not
-- be asked may not have begun.
local function is_coming(task) return task.failure.kind == "late" and task.last == "pending" end

-- begin(cpi, stemcell, rows, undo) -> the row that is copied from, the zones where the template is on its way now, and the first of
-- them where the copy was not done in time, if any: it goes on.
-- stemcell: { cid, zones, from = zone to copy from or nil }; rows: the template's, one per zone. Copies that were begun are
-- removed by undo. Raises CloudError where one failed.
function copying.begin(cpi, stemcell, rows, undo)
  local requests, missing, late, refused = {}, {}, nil, {}
  for _, zone in ipairs(stemcell.zones) do
    if not has(rows, zone) then missing[#missing + 1] = zone end
  end
  local source = #missing > 0 and source_of(rows, stemcell.from, stemcell.cid)
  for i, zone in ipairs(missing) do
    undo.add(("copy of %s in zone '%s'"):format(stemcell.cid, zone.name), function()
      if not refused[zone] then copying.take_back(cpi, source, zone) end
    end)
    requests[i] = { "copyTemplate", { id = source.id, sourcezoneid = source.zoneid, destzoneid = zone.id }, job = true,
      idempotent = true, timeout = cpi.settings.cloudstack.timeout.poll_template,
      what = ("copying template %s to zone '%s'"):format(source.name, zone.name) }
  end
  local failed
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    local failure = task.failure
    if failure and is_coming(task) then
      late = late or missing[i]
    elseif failure then
      failed, refused[missing[i]] = failed or task, refusals.is(failure, "template_cannot_be_copied")
    end
  end
  if failed then refuse(cpi, failed) end
  return source, missing, late
end

-- The same, and waits until the template is ready in all the zones. Where it is not in time is a warning: it comes all the same, or
-- with the first VM there.
function copying.spread(cpi, stemcell, rows, undo)
  local source, missing, late = copying.begin(cpi, stemcell, rows, undo)
  local limit = cpi.settings.cloudstack.timeout.poll_template
  local ok, why = pcall(function()
    if late then arrival.late(stemcell.cid, late, limit, "being copied") end
    if #missing > 0 then arrival.wait(cpi, stemcell.cid, source.id, missing) end
  end)
  if ok then return end
  if not arrival.is_late(why) then error(why, 0) end
  cpi.log.warn("%s; going on: a VM there waits for it", why.message)
end

return copying
