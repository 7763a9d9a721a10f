-- info(): what this CPI speaks, without network or store, and whatever is wrong with the configuration.
-- api_version 3 is the highest that a director knows; callers lower it to theirs. The formats are those of
-- XenServer, KVM and VMware stemcells, under CloudStack's name; where the site takes stemcells of other infrastructures,
-- theirs too.

local OWN = { "cloudstack-vhdx", "cloudstack-vhd", "cloudstack-qcow2", "cloudstack-raw", "cloudstack-ova", "cloudstack-light" }
-- Those of the infrastructures that lua/stemcell/infrastructure.lua refuses, whose images CloudStack takes.
local OTHERS = { "openstack-qcow2", "openstack-raw", "vsphere-ova" }

return function(cpi)
  local formats = table.move(OWN, 1, #OWN, 1, {})
  if cpi.takes_any_infrastructure() then table.move(OTHERS, 1, #OTHERS, #formats + 1, formats) end
  return { api_version = 3, stemcell_formats = cpi.json.array(formats) }
end
