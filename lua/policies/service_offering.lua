-- Which service offerings a VM of a wanted size is tried with, best first: the smallest that fits, the next
-- one when CloudStack has no room for it. A customised offering fits everything and comes last. A volatile one, whose VMs lose
-- their root disk at each reboot, is for those that name it.

local TRIES = 3
local MOST = 2147483647 -- CloudStack counts CPUs and MB in 32 bits

local function has(list, value)
  for _, one in ipairs(list) do
    if one == value then return true end
  end
  return false
end

local function smaller(a, b)
  if (a.iscustomized or false) ~= (b.iscustomized or false) then return not a.iscustomized end
  if a.iscustomized then return a.name < b.name end
  if a.memory ~= b.memory then return a.memory < b.memory end
  if a.cpunumber ~= b.cpunumber then return a.cpunumber < b.cpunumber end
  return a.name < b.name
end

-- Can a customised offering have that much of a thing? Some fix it, some have a limit.
local function takes(offering, thing, wanted)
  local there = offering[thing]
  if there or not offering.iscustomized then return (there or 0) >= wanted end
  return wanted <= (tonumber((offering.serviceofferingdetails or {})["max" .. thing]) or MOST)
end

local function decide(facts)
  if #facts.refused >= TRIES then return nil, "CloudStack has no room" end
  local fitting = {}
  for _, offering in ipairs(facts.offerings) do
    local fits = takes(offering, "cpunumber", facts.cpu) and takes(offering, "memory", facts.ram)
    if fits and not offering.isvolatile and not has(facts.refused, offering.id) then fitting[#fitting + 1] = offering end
  end
  table.sort(fitting, smaller)
  if #fitting == 0 then
    return nil, ("no service offering has %d CPUs and %d MB"):format(facts.cpu, facts.ram)
  end
  return table.move(fitting, 1, math.min(TRIES, #fitting), 1, {})
end

return { api = 1, decide = decide }
