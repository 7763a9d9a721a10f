-- What happens by itself: actions with the time at which they fall due, run in order of time.
local schedule = {}
schedule.__index = schedule

-- new(clock): clock.read() -> seconds; a clock of our own also has clock.set(seconds)
function schedule.new(clock)
  return setmetatable({ clock = clock, actions = {} }, schedule)
end

-- Time as everything in the model sees it: while an action runs, the moment at which it fell due.
function schedule:now()
  return self.moment or self.clock.read()
end

-- Time as the callers' clocks have it: what they sign expires by it, even after time was let pass here.
function schedule:callers_now()
  return self.clock.callers and self.clock.callers() or self:now()
end

-- The actions stand in the order in which they fall due, the next one last.
function schedule:at(time, run)
  local actions, place = self.actions, #self.actions + 1
  while place > 1 and actions[place - 1].time <= time do place = place - 1 end
  table.insert(actions, place, { time = time, run = run })
end

function schedule:after(seconds, run)
  self:at(self:now() + seconds, run)
end

-- Runs all that is due up to a time; what that schedules is run too when it is due as well.
function schedule:run_until(limit)
  while true do
    local action = self.actions[#self.actions]
    if not action or action.time > limit then break end
    self.actions[#self.actions] = nil
    self.moment = math.max(action.time, self.moment or action.time)
    action.run()
  end
  self.moment = nil
end

-- Seconds until the next action, or nil when nothing is going to happen.
function schedule:next_due()
  local action = self.actions[#self.actions]
  return action and math.max(0, action.time - self:now()) or nil
end

return schedule
