-- Which disk offering a disk gets when the manifest names none: the configured one; else the configured
-- customised one (fallback); else the smallest fixed offering that is large enough; else a customised one. An
-- offering on local storage is never chosen by itself.

local function named(offerings, name)
  for _, offering in ipairs(offerings) do
    if offering.name == name or offering.id == name then return offering end
  end
end

local function fits(offering, size)
  return offering.iscustomized or (offering.disksize or 0) >= size
end

local function smallest_fixed(offerings, size)
  local best
  for _, offering in ipairs(offerings) do
    local is_better = not best or (offering.disksize or 0) < best.disksize
    if not offering.iscustomized and offering.storagetype ~= "local" and fits(offering, size) and is_better then
      best = offering
    end
  end
  return best
end

-- The first by name, so that the same facts give the same answer.
local function any_customised(offerings)
  local best
  for _, offering in ipairs(offerings) do
    if offering.iscustomized and offering.storagetype ~= "local" and (not best or offering.name < best.name) then
      best = offering
    end
  end
  return best
end

local function answer(offering, size)
  return { offering = offering, size = offering.iscustomized and size or nil }
end

local function decide(facts)
  local size = facts.size or 1
  if facts.wanted then
    local offering = named(facts.offerings, facts.wanted)
    if not offering then return nil, ("the configured disk offering '%s' does not exist"):format(facts.wanted) end
    if fits(offering, size) then return answer(offering, size) end
    return nil, ("the configured disk offering '%s' gives %d GB, asked were %d GB"):format(offering.name,
      offering.disksize or 0, size)
  end
  local offering = facts.fallback and named(facts.offerings, facts.fallback)
    or smallest_fixed(facts.offerings, size) or any_customised(facts.offerings)
  if offering and fits(offering, size) then return answer(offering, size) end
  return nil, ("no disk offering gives %d GB"):format(size)
end

return { api = 1, decide = decide }
