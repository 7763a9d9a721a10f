-- Network offerings, VPCs and lists of network ACLs: what a new network is made from.

local errors = require "errors"
local exact = require "cloudstack.exact"
local zones = require "cloudstack.zones"

local network_offerings = {}

-- CloudStack's own, where the manifest names none.
local DEFAULT = {
  isolated = "DefaultIsolatedNetworkOfferingWithSourceNatService", tier = "DefaultIsolatedNetworkOfferingForVpcNetworks",
  l2 = "DefaultL2NetworkOffering",
}

function network_offerings.request()
  return { "listNetworkOfferings", { state = "Enabled" }, rows = "networkoffering", cached = true }
end

function network_offerings.vpc_request()
  return { "listVPCs", {}, rows = "vpc" }
end

function network_offerings.acl_request()
  return { "listNetworkACLLists", {}, rows = "networkacllist" }
end

local function pick(rows, wanted, what)
  return exact.one(rows, wanted, what)
    or error(errors.cloud("%s '%s' is not in CloudStack; there are: %s", what, wanted, exact.names(rows)))
end

-- The offering with that id or name, or CloudStack's default one for a tier or an isolated network. Raises CloudError with
-- the names of those that fit.
function network_offerings.pick(rows, wanted, is_tier)
  local fitting = {}
  for _, row in ipairs(rows) do
    if row.guestiptype == "Isolated" and (row.forvpc or false) == is_tier then fitting[#fitting + 1] = row end
  end
  return pick(fitting, wanted or (is_tier and DEFAULT.tier or DEFAULT.isolated), "network offering")
end

-- An offering for a network without addresses that names no VLAN: CloudStack's own where it is there, which is any user's to
-- take. Raises CloudError.
function network_offerings.without_addresses(rows)
  local found
  for _, row in ipairs(rows) do
    local fits = row.guestiptype == "L2" and not row.specifyvlan
    if fits and (not found or row.name == DEFAULT.l2) then found = row end
  end
  return found or error(errors.cloud("there is no network offering of the type L2 that this account may use"))
end

-- The zone's VPC with that id or name.
function network_offerings.pick_vpc(rows, wanted, zone)
  return pick(zones.rows_in(rows, zone), wanted, "VPC")
end

function network_offerings.pick_acl(rows, wanted)
  return pick(rows, wanted, "network ACL list")
end

return network_offerings
