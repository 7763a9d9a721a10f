-- CloudStack's clock. What it makes has dates of that clock, and this machine's may be wrong: one that is ahead makes
-- everything look old, also what is being made just now.
--
-- No answer has the time (its web server is configured to send no Date). But it refuses, by a 401, what was signed for a time
-- that is over: a request that has expired by this clock, and is answered, shows that this clock is ahead.

local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local refusals = require "cloudstack.refusals"

local clock = {}

local FURTHEST = 30 -- 2^30 seconds are 34 years

-- Has the time come for CloudStack, for each of the times? Returns a list of booleans. Raises CloudError.
local function has_come(cpi, times)
  local requests, list = {}, {}
  for i, time in ipairs(times) do
    requests[i] = capabilities.request()
    requests[i].expires = time
  end
  for i, outcome in ipairs(cpi.cloudstack:wave(requests)) do
    local failure = outcome.failure
    if failure and not refusals.is(failure, "not_authenticated") then cpi.cloudstack.raise(failure) end
    list[i] = failure ~= nil
  end
  return list
end

-- Seconds since 1970 by this machine's clock, or earlier ones where that is ahead of CloudStack's: by then they have come
-- for CloudStack. Nothing is asked twice where the clocks agree. Raises CloudError.
function clock.now(cpi)
  local now, times = cpi.clock.utc() // 1, {}
  if has_come(cpi, { now - 1 })[1] then return now end
  for k = 1, FURTHEST do times[k] = math.max(now - (1 << k), 0) end
  for k, come in ipairs(has_come(cpi, times)) do
    if come then
      cpi.log.warn("this machine's clock is ahead of CloudStack's, by up to %d s", 1 << k)
      return times[k]
    end
  end
  error(errors.cloud("CloudStack accepts expired requests: how old anything is there cannot be determined"))
end

return clock
