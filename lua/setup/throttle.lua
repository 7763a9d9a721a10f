-- No more at once, and no faster, than the site allows, over all processes that share the store; and when CloudStack
-- asks one of them to wait, all wait.

local throttle = {}

-- host.throttle where nobody waits for a turn, and no file is made for taking turns.
throttle.none = {
  open = function() return true end, enter = function(wanted) return wanted, 0 end, leave = function() end,
  pause = function() end,
}

-- new(parts) -> send, hold: send as parts.send, in turns; hold(seconds) stops everybody for so long.
--   parts  { send, throttle = host.throttle, patience (seconds), warn }
function throttle.new(parts)
  local slots = parts.throttle

  -- One turn: as many of the requests from `at` on as may go out now.
  local function turn(requests, at)
    local granted, waited = slots.enter(#requests - at + 1)
    local over <close> = setmetatable({}, { __close = slots.leave }) -- luacheck: ignore over
    if waited > parts.patience then
      parts.warn("no turn within %d s (cloudstack.throttle); sending all the same", parts.patience)
    end
    return parts.send(table.move(requests, at, at + granted - 1, 1, {}))
  end

  local function send(requests)
    local replies = {}
    while #replies < #requests do
      local some = turn(requests, #replies + 1)
      table.move(some, 1, #some, #replies + 1, replies)
    end
    return replies
  end

  return send, slots.pause
end

return throttle
