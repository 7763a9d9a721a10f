-- How a VM leaves, so that its address and name are free for the next one.

local function decide(facts)
  if facts.may_expunge and facts.wanted then return { strategy = "now" } end
  if facts.parking_network then return { strategy = "network", network = facts.parking_network } end
  return { strategy = "release" }
end

return { api = 1, decide = decide }
