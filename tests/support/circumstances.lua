-- Under what circumstances the suites run that end with "nothing is left": for how long CloudStack holds what was destroyed, and
-- whether the account may expunge it. A scenario that says something else itself has its way.
--   CPI_EXPUNGE   expunge.delay and expunge.interval, in seconds; CloudStack's own are 86400. Without it the simulator's 60
--   CPI_ROLE      "user", a plain one, who may not expunge (without it); "expunger", one who may (allow.user.expunge.recover.vm)
-- `make faults crash interruptions pairs histories` go through all four; `make test` has the first, and a part of the second.

local circumstances = {}

local SOON, ROLES = 60, { user = false, expunger = true }

local seconds = math.tointeger(tonumber(os.getenv "CPI_EXPUNGE" or SOON)) or error("CPI_EXPUNGE is a number of seconds", 0)
local role = os.getenv "CPI_ROLE" or "user"
if ROLES[role] == nil then error("CPI_ROLE is user or expunger", 0) end

-- Seconds in which all that is under way comes to its end, a create that was lost has come or never does, and what was destroyed is
-- expunged where CloudStack is quick.
circumstances.SETTLING = 600

-- Seconds after which CloudStack has expunged whatever was destroyed; a day at least.
circumstances.EXPUNGED = math.max(86400, 3 * seconds)

-- The same, ten minutes where CloudStack is quick.
circumstances.GONE = seconds == SOON and circumstances.SETTLING or circumstances.EXPUNGED

function circumstances.are_usual() return seconds == SOON and role == "user" end

-- In words, for the last line of a suite.
function circumstances.words()
  return ("expunge after %d s, %s"):format(seconds, role == "user" and "a user's key" or "a key that may expunge")
end

-- A world with the settings that the circumstances bring, under its own.
function circumstances.world(world)
  local changed, settings = {}, {}
  for key, value in pairs(world or {}) do changed[key] = value end
  if seconds ~= SOON then settings["expunge.delay"], settings["expunge.interval"] = seconds, seconds end
  if ROLES[role] then settings["allow.user.expunge.recover.vm"] = true end
  for name, value in pairs(changed.settings or {}) do settings[name] = value end
  if next(settings) then changed.settings = settings end
  return changed
end

return circumstances
