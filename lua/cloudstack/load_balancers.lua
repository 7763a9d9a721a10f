-- Load balancer rules: a public port of an address, spread over VMs.

local errors = require "errors"
local made_by = require "cloudstack.made_by"
local zones = require "cloudstack.zones"

local load_balancers = {}

function load_balancers.request(name)
  return { "listLoadBalancerRules", { name = name }, rows = "loadbalancerrule" }
end

function load_balancers.request_all()
  return { "listLoadBalancerRules", {}, rows = "loadbalancerrule" }
end

function load_balancers.request_on(address_id)
  return { "listLoadBalancerRules", { publicipid = address_id }, rows = "loadbalancerrule" }
end

function load_balancers.request_by_id(id)
  return { "listLoadBalancerRules", { id = id }, rows = "loadbalancerrule" }
end

function load_balancers.members_request(id)
  return { "listLoadBalancerRuleInstances", { id = id }, rows = "loadbalancerruleinstance" }
end

-- The rules of exactly that name in the zone, the lowest id first.
function load_balancers.named(rows, name, zone)
  local there = {}
  for _, row in ipairs(zones.rows_in(rows, zone)) do
    if row.name == name then there[#there + 1] = row end
  end
  table.sort(there, function(a, b) return a.id < b.id end)
  return there
end

-- wanted: { name, algorithm, private_port, public_port, public_ip }. Raises CloudError when the rule that is there does
-- something else: it is somebody's, so it is not changed.
function load_balancers.check(rule, wanted)
  local wrong = {}
  local function compare(what, is, should)
    if should ~= nil and is ~= nil and tostring(is) ~= tostring(should) then
      wrong[#wrong + 1] = ("%s %s, not %s"):format(what, tostring(is), tostring(should))
    end
  end
  compare("public_port", rule.publicport, wanted.public_port)
  compare("private_port", rule.privateport, wanted.private_port)
  compare("algorithm", rule.algorithm, wanted.algorithm)
  compare("public_ip", rule.publicip, wanted.public_ip)
  if #wrong > 0 then
    error(errors.cloud("load balancer '%s' exists and has %s; it is left as it is", wanted.name, table.concat(wrong, ", ")))
  end
end

-- address: the id of one, or nil where CloudStack shall choose (elastic load balancing).
function load_balancers.create_request(cpi, wanted, network, address, entry)
  return { "createLoadBalancerRule", {
    name = wanted.name, description = made_by.text(cpi), algorithm = wanted.algorithm,
    privateport = wanted.private_port, publicport = wanted.public_port,
    networkid = network.id, publicipid = address, zoneid = network.zoneid,
    openfirewall = not network.vpcid and wanted.open_firewall or false,
  }, job = true, entry = entry, what = ("creating load balancer '%s'"):format(wanted.name),
    timeout = cpi.settings.cloudstack.timeout.global }
end

function load_balancers.delete_request(cpi, id)
  return { "deleteLoadBalancerRule", { id = id }, job = true, idempotent = true, what = "deleting a load balancer",
    timeout = cpi.settings.cloudstack.timeout.global }
end

function load_balancers.assign_request(cpi, id, vm)
  return { "assignToLoadBalancerRule", { id = id, virtualmachineids = vm.id }, job = true, idempotent = true,
    what = "joining a load balancer", timeout = cpi.settings.cloudstack.timeout.global }
end

function load_balancers.leave_request(cpi, id, vm)
  return { "removeFromLoadBalancerRule", { id = id, virtualmachineids = vm.id }, job = true, idempotent = true,
    what = "leaving a load balancer", timeout = cpi.settings.cloudstack.timeout.global }
end

-- Is the VM among the rows of members_request?
function load_balancers.has(rows, vm)
  for _, row in ipairs(rows) do
    if row.id == vm.id then return true end
  end
  return false
end

return load_balancers
