-- delete_network(network_cid): deletes the network, with the addresses and rules in it. One that is gone is
-- NetworkNotFound, upon which the director forgets it too. One with VMs stays, and the error names them.

local arguments = require "request.arguments"
local custody = require "made.custody"
local errors = require "errors"
local networks = require "cloudstack.networks"

return function(cpi, network_cid)
  arguments.text("network_cid", network_cid)
  local network = networks.find(cpi, network_cid)
  if not network then error(errors.network_not_found("network '%s' is not in CloudStack", network_cid)) end
  -- The director forgets the network whatever comes of it: cpi gc deletes it later by its mark.
  custody.delete(cpi, "Network", network, function() networks.delete(cpi, network, network_cid) end)
end
