-- Whether a request that CloudStack did not answer well, or a job that failed, is tried again. Asked only where trying again
-- cannot do anything twice.

local PATIENCE = { busy = 300, garbled = 60, transport = 60 } -- seconds in all; a restart takes about a minute
local LONGEST_PAUSE = 8

-- Something else is under way, for as long as it takes: the verb's own time limit is the end.
local UNDER_WAY = { other_snapshot = true, later = true }

-- These words may also mean a state that does not pass. CloudStack looks once a minute at uploads that failed.
local SHORT = { disk_is_not_at_rest = 60, template_is_on_its_way = 180 }

local function patience_of(facts)
  return SHORT[facts.meaning] or UNDER_WAY[facts.meaning] and facts.limit or PATIENCE[facts.kind] or 0
end

local function decide(facts)
  if facts.kind == "elsewhere" then return nil end -- said on purpose: it does not pass by waiting
  if facts.fault == "tls" or facts.fault == "toolarge" then return nil end
  if facts.fault == "timeout" and facts.attempt >= 2 then return nil end
  if facts.fault == "resolve" and facts.attempt >= 3 then return nil end
  if facts.elapsed >= patience_of(facts) then return nil end
  return { after = facts.wanted or math.min(0.25 * 2 ^ (facts.attempt - 1), LONGEST_PAUSE) }
end

return { api = 1, decide = decide }
