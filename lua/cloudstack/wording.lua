-- A request to CloudStack in words, for the debug log.

local wording = {}

local LONGEST = 60 -- bytes of a value

-- What is not for a log: user data has the passwords of agents in it.
local WITHHELD = { userdata = true }

local function value_of(name, value)
  value = tostring(value)
  if WITHHELD[name] then return ("(%d bytes)"):format(#value) end
  return #value > LONGEST and value:sub(1, LONGEST) .. "..." or value
end

local request = {}

-- "listVirtualMachines id=… listall=true". Its secrets are for the log to mask.
function request.__tostring(self)
  local words = {}
  for name, value in pairs(self.sent.params) do words[#words + 1] = ("%s=%s"):format(name, value_of(name, value)) end
  table.sort(words)
  table.insert(words, 1, self.sent.command)
  return table.concat(words, " ")
end

-- of{ command, params } -> a value that tostring() puts into words: what nobody reads costs nothing.
function wording.of(sent)
  return setmetatable({ sent = sent }, request)
end

-- One line of the debug log for each request of a wave, with what came of it.
function wording.log(log, requests, replies)
  for i, reply in ipairs(replies) do
    log.debug("%s: %s after %d ms", wording.of(requests[i]), reply.status or reply.fault, math.floor((reply.seconds or 0) * 1000))
  end
end

return wording
