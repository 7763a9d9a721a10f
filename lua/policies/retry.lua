-- Whether a request that CloudStack did not answer well is sent again. Asked only where sending again cannot
-- do anything twice.

local PATIENCE = { busy = 300, garbled = 60, transport = 60 } -- seconds in all; a restart takes about a minute
local LONGEST_PAUSE = 8

local function decide(facts)
  if facts.kind == "elsewhere" then return nil end -- said on purpose: it does not pass by waiting
  if facts.fault == "tls" or facts.fault == "toolarge" then return nil end
  if facts.fault == "timeout" and facts.attempt >= 2 then return nil end
  if facts.fault == "resolve" and facts.attempt >= 3 then return nil end
  if facts.elapsed >= (PATIENCE[facts.kind] or 0) then return nil end
  return { after = facts.wanted or math.min(0.25 * 2 ^ (facts.attempt - 1), LONGEST_PAUSE) }
end

return { api = 1, decide = decide }
