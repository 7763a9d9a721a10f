-- A stemcell's template in a zone that has none: copied there for the first VM that needs it, once for all processes.
--
-- BOSH asks for a stemcell once per CPI, and the VMs of one CPI may be in several zones. The process that copies
-- announces it first by a tag of the template: CloudStack gives a key once, so one process has it and the others wait for
-- its copy. A tag that is older than a copy may take belongs to a process that died.

local arrival = require "stemcell.arrival"
local copying = require "stemcell.copying"
local errors = require "errors"
local refusals = require "cloudstack.refusals"
local rollback = require "base.rollback"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"
local zones = require "cloudstack.zones"

local on_demand = {}

local FIRST_PAUSE = 0.5 -- seconds

local function rows_of(cpi, source)
  return cpi.cloudstack:rows(templates.request_by_id(source.id))
end

local function key_of(zone) return "bosh_copy_to_" .. zone.id end

local function release(cpi, source, key)
  local failure = cpi.cloudstack:run(tags.delete_request(cpi, "Template", source.id, { key })).failure
  if failure and not refusals.is(failure, "tag_is_not_there") then
    cpi.log.warn("tag %s of template %s stays: %s", key, source.name, cpi.cloudstack.say(failure))
  end
end

-- Has this process the tag now? false: another one has it. Without the right to tag it is believed to be alone.
local function claim(cpi, source, key)
  local request = tags.create_request(cpi, "Template", source.id, { [key] = tostring(math.floor(cpi.clock.utc())) })
  local failure = cpi.cloudstack:run(request).failure
  if not failure then return true end
  if refusals.is(failure, "tag_is_there") then return false end
  cpi.log.warn("%s", cpi.cloudstack.say(failure))
  return true
end

-- Waits for the copy in the zone. One that failed is taken away; one that is merely slow goes on, for the next VM.
local function await(cpi, cid, source, zone)
  local ok, why = pcall(arrival.wait, cpi, cid, source.id, { zone })
  if ok then return end
  local row = zones.rows_in(rows_of(cpi, source), zone)[1]
  if row and arrival.has_failed(row.status) then copying.take_back(cpi, source, zone) end
  error(why, 0)
end

-- Copies, unless it was done meanwhile or another process is at it: then false.
local function copy_once(cpi, cid, source, zone, key)
  if not claim(cpi, source, key) then return false end
  local claimed <close> = setmetatable({}, { __close = function() release(cpi, source, key) end }) -- luacheck: ignore
  local rows = rows_of(cpi, source)
  if #zones.rows_in(rows, zone) > 0 then return false end
  cpi.log.info("stemcell %s has no template in zone '%s': it is copied there", cid, zone.name)
  local late
  do
    local undo <close> = rollback(cpi, true) -- the copy is the stemcell's, and any VM's
    late = select(3, copying.begin(cpi, { cid = cid, zones = { zone } }, rows, undo))
  end
  if late then arrival.late(cid, zone, cpi.settings.cloudstack.timeout.poll_template, "being copied") end
  await(cpi, cid, source, zone)
  return true
end

-- When the tag of a process that may still be at it was set, or nil; one that counts for nothing is taken away.
local function claimed_at(cpi, source, rows, key, limit)
  local value = tags.of(rows[1])[key]
  local at = value and tonumber(value) or nil
  if at and cpi.clock.utc() - at < limit then return at end
  if value then release(cpi, source, key) end
end

-- bring(cpi, cid, source, zone): the template of that CID is ready in the zone when it returns. source: its row of another
-- zone. Raises CloudError; a copy that failed is gone then, one that is not there in time comes all the same.
function on_demand.bring(cpi, cid, source, zone)
  local began, limit = cpi.clock.now(), cpi.settings.cloudstack.timeout.poll_template
  local key = key_of(zone)
  while true do
    local rows = rows_of(cpi, source)
    if #rows == 0 then templates.refuse_absent(cid, zone, { source }) end
    if #zones.rows_in(rows, zone) > 0 then
      await(cpi, cid, source, zone)
      break
    end
    if not claimed_at(cpi, source, rows, key, limit) and copy_once(cpi, cid, source, zone, key) then break end
    local age = cpi.clock.now() - began
    if age >= limit then
      error(errors.cloud("stemcell '%s' is copied to zone '%s' by another process, and is not there after %d s", cid,
        zone.name, limit))
    end
    cpi.wait(arrival.pause(age, FIRST_PAUSE), function()
      return ("waiting until another process has copied stemcell %s to zone '%s'"):format(cid, zone.name)
    end, began)
  end
  if cpi.cache then cpi.cache:drop() end -- it has the template without this zone
end

-- A tag that somebody could not take away goes with the next VM. template: the row of the zone, ready.
function on_demand.sweep(cpi, template, zone)
  if tags.of(template)[key_of(zone)] then release(cpi, template, key_of(zone)) end
end

return on_demand
