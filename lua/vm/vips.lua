-- Vip networks: a public address for the VM by static NAT, and what may come in by it.

local addresses = require "cloudstack.addresses"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local firewall = require "cloudstack.firewall"
local ipv4 = require "base.ipv4"
local job_ids = require "made.job_ids"
local networks = require "cloudstack.networks"
local read_properties = require "request.cloud_properties"

local vips = {}

local properties_of_a_rule = {
  protocol = "text", start_port = "port", end_port = "port", icmp_type = "any", icmp_code = "any", cidrs = "list",
}
local PROTOCOLS = { tcp = true, udp = true, icmp = true }

-- ---------------------------------------------------------------------------------------------------------
-- what is asked for

local function icmp_number(rule, key, where)
  local value = rule[key] == nil and -1 or math.type(rule[key]) and math.tointeger(rule[key])
  if not value or value < -1 or value > 255 then
    error(errors.cloud("%s: '%s' must be a number from -1 (all) to 255", where, key))
  end
  return value
end

-- Is it an IPv4 network, or does it look like an IPv6 one?
local function is_network(cidr)
  if type(cidr) ~= "string" then return false end
  local size = cidr:match "^%x*:[%x:]*/(%d+)$"
  return ipv4.range(cidr) ~= nil or size ~= nil and #size <= 3 and tonumber(size) <= 128
end

local function read_cidrs(list, where)
  for _, cidr in ipairs(list) do
    if not is_network(cidr) then
      error(errors.cloud("%s: 'cidrs' must be a list of networks such as 10.0.0.0/8", where))
    end
  end
  return list
end

local function read_rule(given, where, null)
  local rule = read_properties(given, properties_of_a_rule, where, null)
  local protocol = (rule.protocol or "tcp"):lower()
  if not PROTOCOLS[protocol] then
    error(errors.cloud("%s: 'protocol' must be tcp, udp or icmp, got '%s'", where, rule.protocol))
  end
  local read = { protocol = protocol, cidrs = read_cidrs(rule.cidrs or { "0.0.0.0/0" }, where) }
  if protocol == "icmp" then
    read.icmp_type, read.icmp_code = icmp_number(rule, "icmp_type", where), icmp_number(rule, "icmp_code", where)
    return read
  end
  read.start_port = rule.start_port or error(errors.cloud("%s: 'start_port' is missing", where))
  read.end_port = rule.end_port or rule.start_port
  if read.end_port < read.start_port then error(errors.cloud("%s: 'end_port' is below 'start_port'", where)) end
  return read
end

local function read_rules(network, null)
  local rules = {}
  for i, given in ipairs(network.properties.firewall_rules or {}) do
    rules[i] = read_rule(given, ("firewall_rules[%d] of network '%s'"):format(i, network.name), null)
  end
  return rules
end

-- The vips among the networks, each { network, ip (nil: any), rules }; networks: what vm_networks.read answers.
function vips.read(list, json)
  local found = {}
  for _, network in ipairs(list) do
    if network.kind == "vip" then
      local ip = network.given.ip
      ip = type(ip) == "string" and ip ~= "" and ip or nil
      if not ip and not network.properties.acquire then
        error(errors.cpi("network '%s' is a vip and has no ip; with cloud_properties.acquire the CPI takes one", network.name))
      elseif ip and not ipv4.number(ip) then
        error(errors.cpi("network '%s': '%s' is no IPv4 address", network.name, ip))
      end
      found[#found + 1] = { network = network, ip = ip, rules = read_rules(network, json.null) }
    end
  end
  return found
end

-- Adds to a gather the address of each vip.
function vips.add_requests(requests, list)
  for i, vip in ipairs(list) do
    if vip.ip then requests["vip " .. i] = addresses.request(vip.ip) end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- which NIC

local function refuse_address(vip, row, version)
  if not row and vip.network.properties.acquire and not capabilities.at_least(version, 4, 13) then
    error(errors.cloud("address %s of network '%s' can't be acquired: CloudStack %s gives any one, it takes 4.13 to ask for one",
      vip.ip, vip.network.name, version))
  elseif not row and not vip.network.properties.acquire then
    error(errors.cloud("address %s of network '%s' is none of this account's in the zone: acquire it first, or set "
      .. "cloud_properties.acquire", vip.ip, vip.network.name))
  elseif row and row.issourcenat then
    error(errors.cloud("address %s of network '%s' is a router's (source NAT); it can't be a vip", vip.ip, vip.network.name))
  elseif row and row.isstaticnat then
    error(errors.cloud("address %s of network '%s' is already the vip of VM '%s' (%s)", vip.ip, vip.network.name,
      tostring(row.virtualmachinename), tostring(row.virtualmachineid)))
  end
end

local function first_nic(nics, fits)
  for _, nic in ipairs(nics) do
    if fits(nic.target, nic) then return nic end
  end
end

local function names_of(nics)
  local names = {}
  for i, nic in ipairs(nics) do names[i] = nic.target.name end
  return table.concat(names, ", ")
end

-- The NIC in the network (or the VPC) that the address belongs to; for one that belongs to none yet the one that the
-- manifest names, else the first that can have a vip and has none yet. taken: { nic = the vip that it has }
local function nic_for(vip, nics, found, taken)
  local row, wanted = vip.row or {}, vip.network.properties.name
  local target = wanted and networks.pick(found.networks, wanted, found.zone)
  if target and row.associatednetworkid and row.associatednetworkid ~= target.id then
    error(errors.cloud("address %s of network '%s' belongs to network '%s', not to '%s'", vip.ip, vip.network.name,
      tostring(row.associatednetworkname), target.name))
  end
  local id = target and target.id or row.associatednetworkid
  local function fits(network)
    if id then return network.id == id end
    if row.vpcid then return network.vpcid == row.vpcid end
    return networks.offers(network, "StaticNat")
  end
  local nic = first_nic(nics, function(network, one) return not taken[one] and fits(network) end) or first_nic(nics, fits)
  if nic then return nic end
  error(errors.cloud("vip '%s' (%s) needs a NIC in %s; the VM has NICs in: %s", vip.network.name, vip.ip or "any address",
    id and ("network '%s'"):format(target and target.name or tostring(row.associatednetworkname))
    or row.vpcid and ("VPC '%s'"):format(tostring(row.vpcname)) or "a network with static NAT", names_of(nics)))
end

local function refuse_services(vip, target)
  local name = vip.network.name
  if not networks.offers(target, "StaticNat") then
    error(errors.cloud("network '%s' has no static NAT, which vip '%s' needs", target.name, name))
  elseif #vip.rules > 0 and target.vpcid then
    error(errors.cloud("network '%s' is a tier of a VPC: there the tier's network ACLs say what may come in, vip '%s' can't "
      .. "have firewall_rules", target.name, name))
  elseif #vip.rules > 0 and not networks.offers(target, "Firewall") then
    error(errors.cloud("network '%s' has no firewall, vip '%s' can't have firewall_rules", target.name, name))
  end
end

-- The vips that have no choice of a network first.
local function by_choice(list)
  local bound, free = {}, {}
  for _, vip in ipairs(list) do
    local is_bound = vip.network.properties.name or vip.row and vip.row.associatednetworkid
    table.insert(is_bound and bound or free, vip)
  end
  return table.move(free, 1, #free, #bound + 1, bound)
end

-- Finds address and NIC of each vip. Raises CloudError before anything is created.
function vips.plan(list, found, nics)
  local taken = {}
  for i, vip in ipairs(list) do
    vip.row = vip.ip and addresses.pick(found["vip " .. i], vip.ip, found.zone)
    if vip.ip then refuse_address(vip, vip.row, found.can.version) end
  end
  for _, vip in ipairs(by_choice(list)) do
    local nic = nic_for(vip, nics, found, taken)
    if taken[nic] then
      error(errors.cloud("vips '%s' and '%s' are for one NIC, in network '%s'; a NIC has one public address", taken[nic],
        vip.network.name, nic.target.name))
    end
    vip.nic, taken[nic] = nic, vip.network.name
    refuse_services(vip, nic.target)
  end
  return list
end

-- ---------------------------------------------------------------------------------------------------------
-- giving them

-- Takes the addresses that are to be taken, all at once. Only now: the first address of a network without a VM would
-- become its router's.
local function acquire(cpi, list, belongs)
  local requests, open = {}, {}
  for _, vip in ipairs(list) do
    if not vip.row then
      local entry = belongs.open("address", vip.ip or "(any)")
      local request = addresses.acquire_request(cpi, vip.nic.target, vip.ip, entry)
      requests[#requests + 1] = request
      request.jobid = job_ids.of(cpi, belongs.vm_cid, "address", #requests)
      open[#open + 1] = { vip = vip, entry = entry }
    end
  end
  if #requests == 0 then return end
  local tasks, failed = cpi.cloudstack:start(requests), nil
  for i, task in ipairs(tasks) do
    if task.id then belongs.add("PublicIpAddress", task.id, "acquired", open[i].entry) end
  end
  for i, task in ipairs(cpi.cloudstack:wait(tasks)) do
    local row = not task.failure and (task.result.ipaddress or task.result)
    if type(row) ~= "table" then row = not task.failure and task.result end -- found again by its text
    if row then
      open[i].vip.row = row
      open[i].vip.item = belongs.add("PublicIpAddress", row.id, "acquired", open[i].entry)
    else
      if not task.id then
        belongs.ask("PublicIpAddress", "acquired", open[i].vip.ip or "(any)", task, open[i].entry)
      else
        belongs.add("PublicIpAddress", task.id, "acquired", open[i].entry)
      end
      failed = failed or { task, requests[i] }
    end
  end
  if failed then cpi.cloudstack.raise(failed[1].failure, failed[2].what) end
end

-- Tags, static NAT and firewall rules of a vip as requests, each with what to make of its task.
local function requests_for(cpi, vip, belongs)
  local id = vip.row.id
  local item = vip.item or belongs.add("PublicIpAddress", id, "vip")
  local list = {
    { belongings.tag_request(cpi, item, belongs.vm_cid), is_fine = belongings.is_tagged },
    { addresses.enable_request(id, belongs.vm, vip.nic.target),
      is_fine = function(failure) return addresses.is_enabled(failure, id) end },
  }
  for _, rule in ipairs(vip.rules) do
    local entry = belongs.open("firewall rule", firewall.described(rule))
    list[#list + 1] = { firewall.create_request(cpi, id, rule, entry), rule = rule, address = id, entry = entry }
  end
  return list
end

-- A rule that does the same was there before: it stays what it is, somebody else's.
local function is_there(cpi, step, failure)
  return step.rule and firewall.is_conflict(failure)
    and firewall.same(cpi.cloudstack:rows(firewall.request(step.address)), step.rule) ~= nil
end

local function tag_rules(cpi, items, belongs)
  local requests = {}
  for i, item in ipairs(items) do requests[i] = belongings.tag_request(cpi, item, belongs.vm_cid) end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure and not belongings.is_tagged(task.failure) then cpi.cloudstack.raise(task.failure, requests[i].what) end
  end
end

-- Puts the address into what the director is told of the network.
local function tell(vip)
  local twin = {}
  for key, value in pairs(vip.network.given) do twin[key] = value end
  twin.ip = vip.row.ipaddress
  vip.network.given = twin
end

-- give(cpi, vips, belongs): addresses, static NAT and firewall rules; belongs as belongings.new gives it. Raises CloudError.
function vips.give(cpi, list, belongs)
  acquire(cpi, list, belongs)
  local steps, requests, rules, failed, number = {}, {}, {}, nil, 0
  for _, vip in ipairs(list) do
    for _, step in ipairs(requests_for(cpi, vip, belongs)) do
      if step.rule then
        number = number + 1
        step[1].jobid = job_ids.of(cpi, belongs.vm_cid, "firewall rule", number)
      end
      steps[#steps + 1], requests[#requests + 1] = step, step[1]
    end
    tell(vip)
  end
  if #requests == 0 then return end
  local tasks = cpi.cloudstack:start(requests)
  for i, task in ipairs(tasks) do
    if steps[i].rule and task.id then belongs.add("FirewallRule", task.id, "rule", steps[i].entry) end
  end
  for i, task in ipairs(cpi.cloudstack:wait(tasks)) do
    local step, is_asked = steps[i], false
    if step.rule and task.id then rules[#rules + 1] = belongs.add("FirewallRule", task.id, "rule", step.entry)
    elseif step.rule then is_asked = belongs.ask("FirewallRule", "rule", firewall.described(step.rule), task, step.entry) end
    if task.failure and not is_asked then belongs.doubt(task) end
    if task.failure and not (step.is_fine and step.is_fine(task.failure)) and not is_there(cpi, step, task.failure) then
      failed = failed or { task.failure, requests[i].what }
    end
  end
  if failed then cpi.cloudstack.raise(failed[1], failed[2]) end
  tag_rules(cpi, rules, belongs)
end

return vips
