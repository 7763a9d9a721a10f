-- The infrastructure that a stemcell was published for. Its agent looks for the settings where that one has them; on CloudStack
-- the agents of all others find nothing, and their VMs would never answer.

local errors = require "errors"

local infrastructure = {}

-- Those that stemcells are published for (bosh-linux-stemcell-builder, lib/bosh/stemcell/infrastructure.rb). What is not among
-- them is of a site's own making, and the site knows.
local OTHERS = { openstack = true, vsphere = true, vcloud = true, aws = true, google = true, azure = true, alicloud = true,
  softlayer = true, warden = true }

function infrastructure.is_of_others(name) return OTHERS[name] == true end

-- Raises CloudError for a stemcell of another infrastructure, unless the site takes them.
function infrastructure.check(properties, takes_any)
  local name = properties.infrastructure and properties.infrastructure:lower()
  if takes_any or not infrastructure.is_of_others(name) then return end
  error(errors.cloud("stemcell '%s' was made for '%s': its agent would not find its settings on CloudStack; `cpi stemcell convert` "
    .. "makes one of it that does (cloudstack.stemcell.any_infrastructure takes it as it is)", properties.name or "", name))
end

return infrastructure
