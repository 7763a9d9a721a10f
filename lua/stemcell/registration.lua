-- Registering a stemcell by URL: CloudStack fetches the image itself, into several zones at once where it is new enough.

local capabilities = require "cloudstack.capabilities"
local making = require "stemcell.making"

local registration = {}

-- of(url, checksum) -> a way of making for lua/stemcell/making.lua. checksum: "{SHA-256}hex", nil, or true for that of the
-- stemcell's own image.
function registration.of(url, checksum)
  return {
    start = function(cpi, stemcell)
      local params, zones = making.parameters(cpi, stemcell), { stemcell.zones[1] }
      params.url, params.zoneid = url, zones[1].id
      params.checksum = checksum == true and "{SHA-256}" .. stemcell.file.checksum() or checksum
      if #stemcell.zones > 1 and capabilities.at_least(stemcell.cloudstack_version, 4, 11) then
        local ids = {}
        for i, zone in ipairs(stemcell.zones) do ids[i] = zone.id end
        params.zoneid, params.zoneids, zones = nil, table.concat(ids, ","), stemcell.zones
      end
      local payload = making.begin(cpi, stemcell, "registerTemplate", params)
      local row = type(payload.template) == "table" and (payload.template[1] or payload.template) or {}
      return row.id, zones
    end,
  }
end

return registration
