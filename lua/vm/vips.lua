-- Vip networks: a public address for the VM by static NAT, and what may come in by it.

local addresses = require "cloudstack.addresses"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local firewall = require "cloudstack.firewall"
local firewall_rules = require "vm.firewall_rules"
local ipv4 = require "base.ipv4"
local job_ids = require "made.job_ids"
local networks = require "cloudstack.networks"
local tables = require "base.tables"

local vips = { name = "vips" }

-- ---------------------------------------------------------------------------------------------------------
-- what is asked for

-- The vips among the networks, each { network, ip (nil: any), rules }.
function vips.read(cpi, order)
  local found = {}
  for _, network in ipairs(order.networks) do
    if network.kind == "vip" then
      local ip = network.given.ip
      ip = type(ip) == "string" and ip ~= "" and ip or nil
      if not ip and not network.properties.acquire then
        error(errors.cpi("network '%s' is a vip and has no ip; with cloud_properties.acquire the CPI takes one", network.name))
      elseif ip and not ipv4.number(ip) then
        error(errors.cpi("network '%s': '%s' is not an IPv4 address", network.name, ip))
      end
      found[#found + 1] = { network = network, ip = ip, rules = firewall_rules.read(network, cpi.json.null) }
    end
  end
  return found
end

-- The address of each vip that names one.
function vips.ask(_, order)
  local requests = {}
  for i, vip in ipairs(order.vips) do
    if vip.ip then requests["vip " .. i] = addresses.request(vip.ip) end
  end
  return requests
end

-- ---------------------------------------------------------------------------------------------------------
-- which NIC

local function refuse_address(vip, row, version)
  if not row and vip.network.properties.acquire and not capabilities.at_least(version, 4, 13) then
    error(errors.cloud("address %s of network '%s' cannot be acquired: CloudStack %s cannot assign a specific address; that needs 4.13",
      vip.ip, vip.network.name, version))
  elseif not row and not vip.network.properties.acquire then
    error(errors.cloud("address %s of network '%s' is not one of this account's in the zone: acquire it first, or set "
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

-- What was read of each vip, with the address's row (nil: to be acquired). Raises CloudError.
local function with_rows(list, found)
  local twins = {}
  for i, vip in ipairs(list) do
    local row = vip.ip and addresses.pick(found["vip " .. i], vip.ip, found.zone)
    if vip.ip then refuse_address(vip, row, found.can.version) end
    twins[i] = tables.with(vip, { row = row })
  end
  return twins
end

-- What was read of each vip, with its row and its nic. Raises CloudError before anything is created.
function vips.plan(_, order, found, plan)
  local planned, taken = with_rows(order.vips, found), {}
  for _, vip in ipairs(by_choice(planned)) do
    local nic = nic_for(vip, plan.networks, found, taken)
    if taken[nic] then
      error(errors.cloud("vips '%s' and '%s' are for one NIC, in network '%s'; a NIC has one public address", taken[nic],
        vip.network.name, nic.target.name))
    end
    vip.nic, taken[nic] = nic, vip.network.name
    refuse_services(vip, nic.target)
  end
  return planned
end

-- ---------------------------------------------------------------------------------------------------------
-- giving them

-- Takes the addresses that are to be taken, all at once. Only now: the first address of a network without a VM would
-- become its router's. -> { vip = { row, item } }
local function acquire(cpi, list, belongs)
  local requests, open, acquired = {}, {}, {}
  for _, vip in ipairs(list) do
    if not vip.row then
      local entry = belongs.open("address", vip.ip or "(any)")
      local request = addresses.acquire_request(cpi, vip.nic.target, vip.ip, entry)
      requests[#requests + 1] = request
      request.jobid = job_ids.of(cpi, belongs.vm_cid, "address", #requests)
      open[#open + 1] = { vip = vip, entry = entry }
    end
  end
  if #requests == 0 then return acquired end
  local tasks, failed = cpi.cloudstack:start(requests), nil
  for i, task in ipairs(tasks) do
    if task.id then belongs.add("address", task.id, "acquired", open[i].entry) end
  end
  for i, task in ipairs(cpi.cloudstack:wait(tasks)) do
    local row = not task.failure and (task.result.ipaddress or task.result)
    if type(row) ~= "table" then row = not task.failure and task.result end -- found again by its text
    if row then
      acquired[open[i].vip] = { row = row, item = belongs.add("address", row.id, "acquired", open[i].entry) }
    else
      if not task.id then
        belongs.ask("address", "acquired", open[i].vip.ip or "(any)", task, open[i].entry)
      else
        belongs.add("address", task.id, "acquired", open[i].entry)
      end
      failed = failed or { task, requests[i] }
    end
  end
  if failed then cpi.cloudstack.raise(failed[1].failure, failed[2].what) end
  return acquired
end

-- Tags, static NAT and firewall rules of a vip as requests, each with what to make of its task.
local function requests_for(cpi, vip, acquired, belongs)
  local id = acquired and acquired.row.id or vip.row.id
  local item = acquired and acquired.item or belongs.add("address", id, "vip")
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

-- The steps of all vips, the jobs of their rules numbered.
local function steps_of(cpi, list, acquired, belongs)
  local steps, number = {}, 0
  for _, vip in ipairs(list) do
    for _, step in ipairs(requests_for(cpi, vip, acquired[vip], belongs)) do
      if step.rule then
        number = number + 1
        step[1].jobid = job_ids.of(cpi, belongs.vm_cid, "firewall rule", number)
      end
      steps[#steps + 1] = step
    end
  end
  return steps
end

-- Takes the steps, all at once. Raises CloudError.
local function take(cpi, steps, belongs)
  local requests, rules, failed = {}, {}, nil
  for i, step in ipairs(steps) do requests[i] = step[1] end
  local tasks = cpi.cloudstack:start(requests)
  for i, task in ipairs(tasks) do
    if steps[i].rule and task.id then belongs.add("firewall rule", task.id, "rule", steps[i].entry) end
  end
  for i, task in ipairs(cpi.cloudstack:wait(tasks)) do
    local step, is_asked = steps[i], false
    if step.rule and task.id then rules[#rules + 1] = belongs.add("firewall rule", task.id, "rule", step.entry)
    elseif step.rule then is_asked = belongs.ask("firewall rule", "rule", firewall.described(step.rule), task, step.entry) end
    if task.failure and not is_asked then belongs.doubt(task) end
    if task.failure and not (step.is_fine and step.is_fine(task.failure)) and not is_there(cpi, step, task.failure) then
      failed = failed or { task.failure, requests[i].what }
    end
  end
  if failed then cpi.cloudstack.raise(failed[1], failed[2]) end
  tag_rules(cpi, rules, belongs)
end

-- Addresses, static NAT and firewall rules -> { network name = address }. Raises CloudError.
function vips.give(cpi, _, _, plan, belongs)
  local acquired, given = acquire(cpi, plan.vips, belongs), {}
  take(cpi, steps_of(cpi, plan.vips, acquired, belongs), belongs)
  for _, vip in ipairs(plan.vips) do given[vip.network.name] = (acquired[vip] or vip).row.ipaddress end
  return given
end

return vips
