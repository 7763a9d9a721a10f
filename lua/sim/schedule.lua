-- What happens by itself: actions with the time at which they fall due, run in order of time.
local schedule = {}
schedule.__index = schedule

-- new(clock): clock.read() -> seconds; a clock of our own also has clock.set(seconds)
function schedule.new(clock)
  return setmetatable({ clock = clock, actions = {}, count = 0 }, schedule)
end

-- Time as everything in the model sees it: while an action runs, the moment at which it fell due.
function schedule:now()
  return self.moment or self.clock.read()
end

-- Time as the callers' clocks have it: what they sign expires by it, even after time was let pass here.
function schedule:callers_now()
  return self.clock.callers and self.clock.callers() or self:now()
end

function schedule:at(time, run)
  self.count = self.count + 1
  local action = { time = time, order = self.count, run = run }
  self.actions[#self.actions + 1] = action
  return action
end

function schedule:after(seconds, run)
  return self:at(self:now() + seconds, run)
end

local function earliest(actions)
  local best, at
  for i, action in ipairs(actions) do
    if not best or action.time < best.time or (action.time == best.time and action.order < best.order) then
      best, at = action, i
    end
  end
  return best, at
end

-- Runs all that is due up to a time; what that schedules is run too when it is due as well.
function schedule:run_until(limit)
  while true do
    local action, at = earliest(self.actions)
    if not action or action.time > limit then break end
    table.remove(self.actions, at)
    self.moment = math.max(action.time, self.moment or action.time)
    action.run()
  end
  self.moment = nil
end

-- Seconds until the next action, or nil when nothing is going to happen.
function schedule:next_due()
  local action = earliest(self.actions)
  return action and math.max(0, action.time - self:now()) or nil
end

return schedule
