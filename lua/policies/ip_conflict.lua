-- What is done about an address that CloudStack would not give. One that a living VM has, or that is none of the network's,
-- is nobody's to wait for. A destroyed VM of ours is expunged where the account may; else its end is waited for, a while:
-- CloudStack expunges by itself, sooner or later. One that starts or stops may be on its way out: a create_vm whose caller went
-- away undoes its VM once it has started.

local PATIENCE = 180 -- seconds

local function decide(facts)
  local holder = facts.holder
  if holder and holder.movable then return "move" end
  if not facts.in_range or holder and not holder.leaving then return "fail" end
  if holder and holder.ours and holder.expunges and facts.may_expunge and facts.wanted then return "expunge" end
  return { answer = "wait", deadline = PATIENCE }
end

return { api = 1, decide = decide }
