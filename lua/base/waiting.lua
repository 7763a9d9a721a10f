-- Waiting that a person can follow: on a terminal a status line says what is waited for and for how long, elsewhere a line in the
-- log does so every half a minute.

local EVERY = 30   -- seconds between two lines in the log
local TURN = 1     -- seconds between two status lines
local PATIENCE = 1 -- seconds of a wait of which nothing is said

-- new{ clock, log } -> wait(seconds, words, since); what clock.sleep raises passes through
--   seconds  to wait
--   words()  what is waited for: "creating VM cpivm-1"
--   since    the time (clock.now) at which the whole wait began, of which this may be a part
return function(parts)
  local clock, log = parts.clock, parts.log

  -- A turn of a wait that is `age` seconds old -> the seconds it takes, at most `left`.
  local function turn(age, left, words)
    if age < PATIENCE then return math.min(left, math.max(PATIENCE - age, 0.001)) end
    if log.status(("%s: %d s"):format(words(), age // 1)) then return math.min(left, TURN) end
    return math.min(left, math.max(EVERY - age % EVERY, 0.001))
  end

  return function(seconds, words, since)
    local over = clock.now() + seconds
    while true do
      local now = clock.now()
      if now >= over then return end
      local age = now - since
      local before = age // EVERY
      clock.sleep(turn(age, over - now, words))
      age = clock.now() - since
      if age // EVERY > before and not log.status() then log.info("%s: %d s", words(), age // 1) end
    end
  end
end
