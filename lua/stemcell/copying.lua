-- Copying a template to zones that do not have it. Its id and name stay; each zone has its own row.

local arrival = require "stemcell.arrival"
local errors = require "errors"
local templates = require "cloudstack.templates"
local zones = require "cloudstack.zones"

local copying = {}

local function has(rows, zone) return #zones.rows_in(rows, zone) > 0 end

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

-- begin(cpi, stemcell, rows, undo) -> the row that is copied from, and the zones where the template is on its way now.
-- stemcell: { cid, zones, from = zone to copy from or nil }; rows: the template's, one per zone. Copies that were begun are
-- removed by undo.
function copying.begin(cpi, stemcell, rows, undo)
  local requests, missing = {}, {}
  for _, zone in ipairs(stemcell.zones) do
    if not has(rows, zone) then missing[#missing + 1] = zone end
  end
  local source = #missing > 0 and source_of(rows, stemcell.from, stemcell.cid)
  for i, zone in ipairs(missing) do
    undo.add(("copy of %s in zone '%s'"):format(stemcell.cid, zone.name), function()
      copying.take_back(cpi, source, zone)
    end)
    requests[i] = { "copyTemplate", { id = source.id, sourcezoneid = source.zoneid, destzoneid = zone.id }, job = true,
      idempotent = true, timeout = cpi.settings.cloudstack.timeout.poll_template,
      what = ("copying template %s to zone '%s'"):format(source.name, zone.name) }
  end
  for _, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure then cpi.cloudstack.raise(task.failure, task.request.what) end
  end
  return source, missing
end

-- The same, and the template is ready in all the zones when it returns.
function copying.spread(cpi, stemcell, rows, undo)
  local source, missing = copying.begin(cpi, stemcell, rows, undo)
  if #missing > 0 then arrival.wait(cpi, stemcell.cid, source.id, missing) end
end

return copying
