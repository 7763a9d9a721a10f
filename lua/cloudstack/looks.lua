-- When to look at jobs: so that the end of each is noticed within a tenth of its duration, or one round trip where that is longer,
-- with as few looks as that takes.
--
--   looks.pause(client, tasks) -> seconds until the next look at these tasks, none of them over; each gets `lately`, what is known
--                                 of the length of such jobs, unless one of them is lost
--
-- Where the length of a kind of job is known (cloudstack/durations.lua) nothing is looked at before the shortest that was lately
-- seen, but for a few looks at a quarter, a sixteenth ... of it: a job that fails early is not waited for to the end of one that
-- succeeds. Several tasks are waited for together, and none counts before the last is over: the latest look decides.

local looks = {}

local SHORTEST = 0.02 -- seconds
local LONGEST = 10
local SHARE = 0.1     -- of a job's age
local EARLY = { 1 / 64, 1 / 16, 1 / 4 } -- of the shortest that is known, in ascending order
local EARLIEST = 1    -- seconds before which no such look is worth it

local function by_age(client, age)
  return math.min(math.max(age * SHARE, client.round_trip, SHORTEST), LONGEST)
end

-- The next look at a job of known length, or nil where its age is beyond all that is known.
local function by_length(known, age)
  for _, share in ipairs(EARLY) do
    local look = known.from * share
    if look >= EARLIEST and look > age then return look - age end
  end
  if age < known.from then return known.from - age end
  return age < known.to and age * SHARE or nil
end

-- The first task of which nobody knows whether it was begun, or nil.
local function first_lost(tasks)
  for _, task in ipairs(tasks) do
    if task.lost then return task end
  end
end

function looks.pause(client, tasks)
  local now, durations, latest, youngest = client.parts.clock.now(), client.parts.durations, 0, math.huge
  local lost = first_lost(tasks)
  if lost then return by_age(client, now - lost.began) end -- whether it was begun at all is to be found out first
  local left = math.huge -- seconds until the first of them is given up
  for _, task in ipairs(tasks) do
    local age = now - task.began
    task.lately = task.lately or durations and durations:of(task.request[1]) or nil
    local pause = task.lately and by_length(task.lately, age)
    if pause then latest = math.max(latest, pause, client.round_trip) else youngest = math.min(youngest, age) end
    left = math.min(left, task.deadline - now)
  end
  if youngest < math.huge then latest = math.max(latest, by_age(client, youngest)) end
  return math.max(math.min(latest, left), SHORTEST)
end

return looks
