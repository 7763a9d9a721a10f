-- What a request leaves when it is over: its last line in the log (how long it took, what it cost at CloudStack, what the site's
-- policies decided), and with a store its metrics.

local errors = require "errors"

local function decided_by_site(cpi)
  local names = rawget(cpi, "decided") or {}
  if #names == 0 then return "" end
  table.sort(names)
  return "; decided by the site's policies: " .. table.concat(names, ", ")
end

-- Writes the text file of metrics, where one is wanted and it is time.
local function expose(host, settings, store)
  local path = settings.metrics.textfile
  if path == "" or not require("setup.metrics").is_due(store, host.clock.utc()) then return end
  local all = require("setup.metrics").all(store, host.json)
  if not all then return end
  local ok, why = host.files.replace(path, require "setup.exposition"(all))
  if not ok then host.log.warn("metrics.textfile: %s", why) end
end

local function count(cpi, host, verb, seconds, failure)
  if cpi.settings.store.path == "" or not cpi.store then return end
  require("setup.metrics").record(cpi.store, host.json, host.clock.utc(), verb, seconds, failure, cpi.cloudstack.tally)
  expose(host, cpi.settings, cpi.store)
end

-- closing(cpi, host, verb, began [, failure]): began is a time of host.clock.now; failure: what the verb raised. A request that
-- asked CloudStack for nothing leaves nothing.
return function(cpi, host, verb, began, failure)
  local client = rawget(cpi, "cloudstack")
  if not client or client.tally.requests == 0 then return end
  local outcome = failure and "failed with " .. (errors.is(failure) and failure.type or "a bug") or "done"
  local seconds = host.clock.now() - began
  cpi.log.info("%s in %.1f s: %s%s", outcome, seconds, client.tally:words(), decided_by_site(cpi))
  count(cpi, host, verb, seconds, failure)
end
