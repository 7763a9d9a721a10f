-- Looking at a template until it is ready in all its zones.

local errors = require "errors"
local failures = require "cloudstack.failures"
local templates = require "cloudstack.templates"
local rows_in = require("cloudstack.zones").rows_in

local arrival = {}

local FIRST_LOOK, LONGEST_PAUSE = 0.1, 15 -- seconds

-- Is that the state of a template that nothing comes of any more?
function arrival.has_failed(status)
  status = (status or ""):lower()
  return status:find("error", 1, true) or status:find("abandoned", 1, true) or status:find("fail", 1, true)
    or status:find("not a valid", 1, true)
end

-- The first of the zones where the template is not ready yet, and its state there.
local function pending(rows, zones)
  for _, zone in ipairs(zones) do
    local there = rows_in(rows, zone)
    local row = there[#there]
    if not row or not row.isready then return zone, row and row.status or "unknown to CloudStack" end
  end
end

-- Is the template of that id ready in the zone?
function arrival.is_there(cpi, id, zone)
  return pending(cpi.cloudstack:rows(templates.request_by_id(id, zone.id)), { zone }) == nil
end

-- Seconds until the next look at a template that has been waited for so long; not less than `shortest`, where it is given.
function arrival.pause(age, shortest)
  return math.min(math.max(age * 0.1, shortest or FIRST_LOOK), LONGEST_PAUSE)
end

-- Raises CloudError: it is not there in time, and may still come.
function arrival.late(cid, zone, limit, status)
  local failure = errors.cloud("the template of stemcell %s is not ready in zone '%s' after %d s; its last state: %s", cid,
    zone.name, limit, status)
  error(failure:with { failure = failures.new("listTemplates", { kind = "late", text = failure.message }) }, 0)
end

-- Is that why it was raised?
function arrival.is_late(failure)
  return errors.is(failure) and failure.failure ~= nil and failure.failure.kind == "late"
end

-- wait(cpi, cid, id, zones [, is_abandoned]) -> true when the template of that id is ready in all zones ({ id, name }
-- each). Raises CloudError at once when it has failed in one, and when cloudstack.timeout.poll_template is over. Of a
-- template that others make: false when it is gone, or is_abandoned(row) says that nothing will come of it.
function arrival.wait(cpi, cid, id, zones, is_abandoned)
  local clock, limit = cpi.clock, cpi.settings.cloudstack.timeout.poll_template
  local began = clock.now()
  local request = templates.request_by_id(id, #zones == 1 and zones[1].id or nil)
  while true do
    local rows = cpi.cloudstack:rows(request)
    local zone, status = pending(rows, zones)
    if not zone then return true end
    if is_abandoned and (#rows == 0 or is_abandoned(rows[1])) then return false end
    if arrival.has_failed(status) then
      error(errors.cloud("the template of stemcell %s failed in zone '%s': %s", cid, zone.name, status))
    end
    local age = clock.now() - began
    if age >= limit then
      arrival.late(cid, zone, limit, status)
    end
    cpi.wait(arrival.pause(age), function()
      return ("waiting until the template of stemcell %s is ready in zone '%s' (%s)"):format(cid, zone.name, status)
    end, began)
  end
end

return arrival
