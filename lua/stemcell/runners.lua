-- Whether a zone runs a stemcell: it has hosts of the stemcell's hypervisor. Asked before anything is made: a template of another one is
-- taken, hidden from every list, and never becomes ready.

local errors = require "errors"
local refusals = require "cloudstack.refusals"

local runners = {}

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = tostring(row.name) end
  table.sort(names)
  return names
end

local function has(names, wanted)
  for _, name in ipairs(names) do
    if name:lower() == wanted:lower() then return true end
  end
  return false
end

-- of(cpi, zones, hypervisor) -> those of the zones ({ id, name }) that run it; CloudStack's word for the hypervisor. Raises CloudError
-- where the first does not; that another one does not is a warning. An account that may not ask goes on without an answer.
function runners.of(cpi, zones, hypervisor)
  local requests, kept = {}, {}
  -- it has neither pages nor ids, and so is not a list to the client
  for i, zone in ipairs(zones) do requests[i] = { "listHypervisors", { zoneid = zone.id } } end
  for i, outcome in ipairs(cpi.cloudstack:wave(requests)) do
    local failure, zone = outcome.failure, zones[i]
    if failure and not refusals.is(failure, "command_not_allowed") then cpi.cloudstack.raise(failure) end
    local names = names_of(not failure and outcome.payload.hypervisor or {})
    if failure or has(names, hypervisor) then
      kept[#kept + 1] = zone
    else
      local words = ("the stemcell is for hypervisor %s, which zone '%s' does not have; it has: %s"):format(hypervisor, zone.name,
        #names > 0 and table.concat(names, ", ") or "none")
      if i == 1 then error(errors.cloud("%s", words)) end
      cpi.log.warn("%s; the stemcell is not brought there", words)
    end
  end
  return kept
end

return runners
