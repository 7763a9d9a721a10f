-- Creating what may fail for a reason that passes: what a failed try left is removed, and the next one has another name.

local errors = require "errors"
local patience = require "cloudstack.patience"
local rollback = require "base.rollback"

local function once(cpi, make)
  local undo <close> = rollback(cpi)
  return make(undo)
end

-- creation(cpi, limit, make) -> what make(undo) returns. It is called again, as the retry policy says, within `limit` seconds,
-- where CloudStack's words mean that another try may do, and where nothing of the failed one was left behind. make adds to
-- undo what removes its things, and raises the errors of the client. Raises what the last try raised.
return function(cpi, limit, make)
  local began, attempt = cpi.clock.now(), 0
  while true do
    attempt = attempt + 1
    local ok, result = pcall(once, cpi, make)
    if ok then return result end
    local failure = errors.is(result) and not result.cause and result.failure
    local pause = failure and patience.of_create(cpi.cloudstack, failure, attempt, cpi.clock.now() - began, limit)
    if not pause then error(result, 0) end
    cpi.log.warn("%s; trying again in %.1f s", result.message, pause)
    cpi.wait(pause, function() return "waiting before another try" end, cpi.clock.now())
  end
end
