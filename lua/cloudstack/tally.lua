-- What a request of BOSH cost at CloudStack: requests, looks at jobs, and the seconds that were spent waiting for jobs.
--
-- new() -> tally { requests, looks, commands, waited, slow, slowest }
--   commands  { COMMAND = { count, seconds } } of the replies
--   waited    { COMMAND = { count, seconds } } of the waits for jobs
--   slow      { { command, seconds, from, to }, ... }: jobs that took much longer than such jobs lately did
--   slowest   { command, seconds } of the request whose reply took longest

local MUCH = 3          -- times what jobs of a kind lately took at most
local WORTH_SAYING = 5  -- seconds

local tally = {}
tally.__index = tally

local function new()
  return setmetatable({ requests = 0, looks = 0, commands = {}, waited = {}, slow = {} }, tally)
end

local function add(list, command, seconds)
  local one = list[command] or { count = 0, seconds = 0 }
  one.count, one.seconds = one.count + 1, one.seconds + seconds
  list[command] = one
end

-- A wave was sent: requests { command }, and their replies in the same order.
function tally:sent(requests, replies)
  self.requests = self.requests + #requests
  for i, request in ipairs(requests) do
    local command, seconds = request.command, replies[i].seconds or 0
    add(self.commands, command, seconds)
    if command == "queryAsyncJobResult" then self.looks = self.looks + 1 end
    if seconds > (self.slowest and self.slowest.seconds or 0) then self.slowest = { command = command, seconds = seconds } end
  end
end

-- A wait for jobs is over: the last of them was of that command. seconds: of the wait; age: of that job; lately: what such jobs
-- lately took, as cloudstack/durations.lua has it, or nil.
function tally:waited_for(command, seconds, age, lately)
  add(self.waited, command, seconds)
  if lately and age > lately.to * MUCH and age >= WORTH_SAYING then
    self.slow[#self.slow + 1] = { command = command, seconds = age, from = lately.from, to = lately.to }
  end
end

local function by_seconds(waited)
  local list = {}
  for command, one in pairs(waited) do list[#list + 1] = { command = command, seconds = one.seconds } end
  table.sort(list, function(a, b)
    if a.seconds ~= b.seconds then return a.seconds > b.seconds end
    return a.command < b.command
  end)
  return list
end

-- "8 requests (3 of them looks at jobs), 15.2 s in startVirtualMachine, 0.4 s in deployVirtualMachine"
function tally:words()
  local words = { ("%d requests (%d of them looks at jobs)"):format(self.requests, self.looks) }
  for _, one in ipairs(by_seconds(self.waited)) do words[#words + 1] = ("%.1f s in %s"):format(one.seconds, one.command) end
  for _, one in ipairs(self.slow) do
    words[#words + 1] = ("a job of %s took %.1f s, lately %.1f to %.1f s"):format(one.command, one.seconds, one.from, one.to)
  end
  if self.slowest and self.slowest.seconds >= WORTH_SAYING then
    words[#words + 1] = ("a reply to %s took %.1f s"):format(self.slowest.command, self.slowest.seconds)
  end
  return table.concat(words, ", ")
end

return new
