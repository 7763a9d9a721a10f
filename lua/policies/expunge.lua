-- How a VM leaves, so that its address and name are free for the next one.
--   facts   { vm = { id, name, state, zone }, addresses = { { address, network, network_id }, ... },
--             may_expunge = this account may expunge, wanted = cloudstack.expunge_vm, version }
--   answer  { strategy = one of
--               "now"      destroy and expunge at once (needs the right)
--               "release"  stop, give each NIC another address, rename, destroy: free at once for everybody
--               "wait"     destroy, then wait until CloudStack has expunged it
--               "leave"    destroy; address and name stay taken until CloudStack expunges it
--             deadline = seconds ("wait" only; 3600 by default),
--             addresses = { [network id] = the address to park a NIC on } ("release" only; CloudStack picks one) }
--           or just the strategy's name

local function decide(facts)
  if facts.may_expunge and facts.wanted then return { strategy = "now" } end
  return { strategy = "release" }
end

return { api = 1, decide = decide }
