-- What cpi doctor says of VMs that leave without being expunged: where their addresses go, how many are held so now, what it costs.

local configuration = require "setup.configuration"

local parked = {}

local LONGEST = 2 * 86400 -- seconds for which a note counts: made/parking.lua

-- How many addresses the store has noted as held by deleted VMs; nil without a store, or where it cannot be read.
local function count(host, settings)
  if settings.store.path == "" or not host.store.check(settings.store.path) then return nil end
  local store = configuration.store(host, settings)
  local rows = store and store.rows "parked"
  local held, now = rows and 0 or nil, host.clock.utc()
  for _, row in ipairs(rows or {}) do
    local note = host.json.decode(row.value)
    if type(note) == "table" and type(note.at) == "number" and now - note.at <= LONGEST then held = held + 1 end
  end
  return held
end

local REMEDY = "keep room at the end of each network; or name addresses that BOSH does not give out (cloudstack.parking.ranges), let "
  .. "VMs leave by a network without addresses (cloudstack.parking.network), or allow expunging (allow.user.expunge.recover.vm)"

-- check(found, host, settings, can): found: findings; can: as cloudstack/capabilities.lua reads it.
function parked.check(found, host, settings, can)
  local site = settings.cloudstack
  if can.may_expunge and site.expunge_vm then return found:good("expunge", "this account may expunge VMs") end
  if site.parking.network ~= "" then
    return found:good("expunge", ("VMs leave by network '%s', and hold no address until they are expunged"):format(site.parking.network))
  end
  local held = count(host, settings)
  local words = "each deleted VM holds another address until CloudStack expunges it"
  if held then words = ("%s (%d noted in the last two days)"):format(words, held) end
  if next(site.parking.ranges or {}) then return found:good("expunge", words .. ", in cloudstack.parking.ranges") end
  found:remark("expunge", words, REMEDY)
end

return parked
