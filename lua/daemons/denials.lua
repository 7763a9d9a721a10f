-- Lines about requests that were denied: the first at once, those after it as a number, once in a minute. Whoever floods a
-- daemon does not fill its log.

local denials = {}
denials.__index = denials

local EVERY = 60 -- seconds

-- new(log, clock: the host's)
function denials.new(log, clock)
  return setmetatable({ log = log, clock = clock, count = 0, next = 0 }, denials)
end

-- Writes the line, or counts it.
function denials:add(format, ...)
  local now = self.clock.now()
  if self.count == 0 and now >= self.next then
    self.next = now + EVERY
    return self.log.warn(format, ...)
  end
  self.count, self.last = self.count + 1, format:format(...)
end

-- Seconds until tick() has something to say; nil when there is nothing.
function denials:next_due()
  return self.count > 0 and math.max(self.next - self.clock.now(), 0) or nil
end

function denials:tick()
  if self.count == 0 then return end
  self.log.warn("%d more denied in %d s, the last: %s", self.count, EVERY, self.last)
  self.count, self.last, self.next = 0, nil, self.clock.now() + EVERY
end

return denials
