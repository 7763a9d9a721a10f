-- How many calls an account may make in a while: the limit of the API, and a wait that a test has posted.
local refusal = require "sim.refusal"

local throttle = {}

local function refuse(seconds)
  refusal.throttled("The given user has reached his/her account api limit, please retry after [%d] ms.",
    math.max(1, math.ceil(seconds * 1000)))
end

local function count(m, account)
  local interval = m:setting "api.throttling.interval"
  local window = account.window
  if not window or m:now() >= window.ends then
    window = { ends = m:now() + interval, calls = 0 }
    account.window = window
  end
  window.calls = window.calls + 1
  if window.calls > m:setting "api.throttling.max" then refuse(window.ends - m:now()) end
end

-- Raises 429 with the milliseconds to wait. Root admins are exempt from the limit, not from a posted wait.
function throttle.check(m, account)
  if account.throttled_until and m:now() < account.throttled_until then refuse(account.throttled_until - m:now()) end
  if m:setting "api.throttling.enabled" and account.role ~= "admin" then count(m, account) end
end

function throttle.post(m, account, milliseconds)
  account.throttled_until = m:now() + milliseconds / 1000
end

return throttle
