-- Scenarios of the verbs about networks. The form: tests/faults/scenarios.lua.

local circumstances = require "tests.support.circumstances"
local clouds = require "tests.faults.clouds"

local ISOLATED = { type = "manual", range = "10.7.1.0/24", gateway = "10.7.1.1", cloud_properties = {} }
local TIER = { type = "manual", range = "10.90.1.0/24", gateway = "10.90.1.1",
  cloud_properties = { vpc = "vpc1", acl = "default_allow" } }
local ANY = { type = "manual", netmask_bits = 24, cloud_properties = {} }

-- A network that a VM was in.
local function used(s, definition, ip)
  local network = s:good("create_network", { definition })[1]
  s:good("delete_vm", { s:small_vm(nil, s:networks(ip, network)) })
  s.sim.advance(circumstances.GONE)
  return { network }
end

local verbs = {}

verbs.create_network = {
  { what = "isolated", arrange = function() return { ISOLATED } end },
  { what = "a tier of a VPC", world = clouds.VPC, arrange = function() return { TIER } end },
  { what = "of a range to be found", arrange = function() return { ANY } end },
}
verbs.delete_network = {
  { what = "isolated", answers = "NetworkNotFound", arrange = function(s) return used(s, ISOLATED, "10.7.1.11") end },
  { what = "a tier of a VPC", answers = "NetworkNotFound", world = clouds.VPC,
    arrange = function(s) return used(s, TIER, "10.90.1.11") end },
}
verbs.configure_networks = { { answers = "NotSupported", arrange = function(s) return { s:vm(), s:networks() } end } }

return verbs
