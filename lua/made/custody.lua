-- In whose hands a disk or a network is, as tags say: what BOSH has taken is never removed by cpi gc, whatever list of CIDs it is
-- given; what BOSH has given back, and CloudStack did not delete then, is a leftover, also without a list.
--
-- CloudStack itself shows the one thing that needs no tag: a disk that no VM has ever had.

local states = require "cloudstack.states"
local tags = require "cloudstack.tags"

local custody = {}

local TAKEN, GIVEN_BACK, YES = "bosh_taken", "bosh_given_back", "true"

-- Has BOSH the disk, or had it ever? volume: a row of listVolumes.
function custody.is_taken(volume)
  return tags.of(volume)[TAKEN] ~= nil or not states.volume(volume.state).fresh
end

-- Has BOSH given the object back? row: of listVolumes or listNetworks.
function custody.is_given_back(row) return tags.of(row)[GIVEN_BACK] ~= nil end

-- The requests by which a disk is marked as taken; none where it is so already. They go with the attach.
function custody.requests_of_taking(cpi, volume)
  local set, list = tags.of(volume), {}
  if not set[TAKEN] then list[1] = tags.create_request(cpi, "Volume", volume.id, { [TAKEN] = YES }) end
  if set[GIVEN_BACK] then list[#list + 1] = tags.delete_request(cpi, "Volume", volume.id, { GIVEN_BACK }) end
  return list
end

-- Marks a disk that has its VM already as taken. A mark that fails is a warning.
function custody.take(cpi, volume)
  for _, task in ipairs(cpi.cloudstack:run_all(custody.requests_of_taking(cpi, volume))) do
    if task.failure then cpi.log.warn("%s", cpi.cloudstack.say(task.failure)) end
  end
end

-- Marks what BOSH wants deleted and CloudStack does not delete now. kind: CloudStack's name of the resource. A mark that fails
-- changes nothing of the error that is to come.
function custody.give_back(cpi, kind, row)
  if custody.is_given_back(row) then return end
  local failure = cpi.cloudstack:run(tags.create_request(cpi, kind, row.id, { [GIVEN_BACK] = YES })).failure
  if failure then
    cpi.log.warn("%s was not marked as given back, cpi gc will not remove it by itself: %s", tostring(row.name),
      cpi.cloudstack.say(failure))
  end
end

-- Deletes it by delete(), and marks it as given back where that fails. Raises what delete() raises.
function custody.delete(cpi, kind, row, delete)
  local ok, why = pcall(delete)
  if ok then return end
  custody.give_back(cpi, kind, row)
  error(why, 0)
end

return custody
