-- The last line that a request leaves in the log: how long it took, what it cost at CloudStack, what the site's policies decided.

local errors = require "errors"

local function decided_by_site(cpi)
  local names = rawget(cpi, "decided") or {}
  if #names == 0 then return "" end
  table.sort(names)
  return "; decided by the site's policies: " .. table.concat(names, ", ")
end

-- closing(cpi, seconds [, failure]): a request that asked CloudStack for nothing leaves no such line.
return function(cpi, seconds, failure)
  local client = rawget(cpi, "cloudstack")
  if not client or client.tally.requests == 0 then return end
  local outcome = failure and "failed with " .. (errors.is(failure) and failure.type or "a bug") or "done"
  cpi.log.info("%s in %.1f s: %s%s", outcome, seconds, client.tally:words(), decided_by_site(cpi))
end
