-- info(): what this CPI speaks, without network or store, and whatever is wrong with the configuration.
-- api_version 3 is the highest that a director knows; callers lower it to theirs. The formats are those of
-- XenServer, KVM and VMware stemcells, under CloudStack's name; where the site takes stemcells of other infrastructures,
-- theirs too.

local infrastructure = require "stemcell.infrastructure"

return function(cpi)
  local formats = table.move(infrastructure.FORMATS, 1, #infrastructure.FORMATS, 1, {})
  if cpi.takes_any_infrastructure then
    table.move(infrastructure.FORMATS_OF_OTHERS, 1, #infrastructure.FORMATS_OF_OTHERS, #formats + 1, formats)
  end
  return { api_version = 3, stemcell_formats = cpi.json.array(formats) }
end
