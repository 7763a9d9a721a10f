-- Which disk offering a disk gets when the manifest names none: the configured one; else the configured
-- customised one (fallback); else the smallest fixed offering that is large enough; else a customised one. An
-- offering on local storage is chosen by itself only where none on shared storage is large enough. A disk that is there
-- already (current) keeps its offering where that gives the size and no other is configured.

local function named(offerings, name)
  for _, offering in ipairs(offerings) do
    if offering.name == name or offering.id == name then return offering end
  end
end

local function fits(offering, size, most)
  if offering.iscustomized then return not most or size <= most end
  return (offering.disksize or 0) >= size
end

-- Shared before local, fixed before customised, small before large, then by name: the same facts give the same answer.
local function rank(offering)
  return { offering.storagetype == "local" and 1 or 0, offering.iscustomized and 1 or 0,
    offering.iscustomized and 0 or offering.disksize or 0, offering.name }
end

local function is_better(a, b)
  for i, value in ipairs(a) do
    if value ~= b[i] then return value < b[i] end
  end
  return false
end

local function best(offerings, size, most)
  local found, lowest
  for _, offering in ipairs(offerings) do
    local own = rank(offering)
    if fits(offering, size, most) and (not found or is_better(own, lowest)) then found, lowest = offering, own end
  end
  return found
end

local function answer(offering, size)
  return { offering = offering, size = offering.iscustomized and size or nil }
end

local function decide(facts)
  local size, most = facts.size or 1, facts.custom_most
  if facts.wanted then
    local offering = named(facts.offerings, facts.wanted)
    if offering and fits(offering, size, most) then return answer(offering, size) end
    if not facts.current and not offering then
      return nil, ("the configured disk offering '%s' does not exist"):format(facts.wanted)
    elseif not facts.current then
      return nil, ("the configured disk offering '%s' gives %d GB, %d GB are asked for"):format(offering.name,
        offering.iscustomized and most or offering.disksize or 0, size)
    end
  end
  for _, name in ipairs { facts.current or false, facts.fallback or false } do
    local offering = named(facts.offerings, name)
    if offering and fits(offering, size, most) then return answer(offering, size) end
  end
  local offering = best(facts.offerings, size, most)
  if offering then return answer(offering, size) end
  return nil, ("no disk offering gives %d GB"):format(size)
end

return { api = 1, decide = decide }
