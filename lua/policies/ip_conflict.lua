-- What is done about an address that CloudStack would not give. One that a living VM has, or that is none of the network's,
-- is nobody's to wait for. A destroyed VM of ours is expunged where the account may; else its end is waited for, a while:
-- CloudStack expunges by itself, sooner or later.

local PATIENCE = 180 -- seconds

local leaving = { Destroyed = true, Expunging = true, Error = true }

local function decide(facts)
  local holder = facts.holder
  if not facts.in_range or holder and not leaving[holder.state] then return "fail" end
  if holder and holder.ours and holder.state ~= "Expunging" and facts.may_expunge and facts.wanted then return "expunge" end
  return { answer = "wait", deadline = PATIENCE }
end

return { api = 1, decide = decide }
