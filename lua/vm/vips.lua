-- Vip networks: a public address for the VM by static NAT, and what may come in by it.

local address = require "base.address"
local addresses = require "cloudstack.addresses"
local belongings = require "made.belongings"
local errors = require "errors"
local firewall = require "cloudstack.firewall"
local firewall_rules = require "vm.firewall_rules"
local job_ids = require "made.job_ids"
local vip_places = require "vm.vip_places"

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
      elseif ip and address.family(ip) == 6 or network.family == 6 then
        error(errors.not_supported("network '%s' is an IPv6 vip; CloudStack has static NAT for IPv4 only", network.name))
      elseif ip and not address.family(ip) then
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

-- What was read of each vip, with the address's row (nil: to be acquired), its nic and guest, the address on it (nil: its own one).
-- Raises CloudError before anything is created.
function vips.plan(_, order, found, plan)
  return vip_places(order.vips, found, plan.networks)
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
    { addresses.enable_request(id, belongs.vm, vip.nic.target, vip.guest),
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

-- The steps of all vips, in rounds, the jobs of their rules numbered. The rules of one address come one after the other: CloudStack
-- keeps those that are asked for at once waiting, five seconds each (seen on 4.22).
local function rounds_of(cpi, list, acquired, belongs)
  local rounds, number = { {} }, 0
  for _, vip in ipairs(list) do
    local rules = 0
    for _, step in ipairs(requests_for(cpi, vip, acquired[vip], belongs)) do
      if step.rule then
        number, rules = number + 1, rules + 1
        step[1].jobid = job_ids.of(cpi, belongs.vm_cid, "firewall rule", number)
      end
      local round = math.max(rules, 1)
      rounds[round] = rounds[round] or {}
      table.insert(rounds[round], step)
    end
  end
  return rounds
end

-- Takes the steps of a round, all at once, and adds the rules that they made. Raises CloudError.
local function take(cpi, steps, belongs, rules)
  local requests, failed = {}, nil
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
end

-- Addresses, static NAT and firewall rules -> { network name = address }. Raises CloudError.
function vips.give(cpi, _, _, plan, belongs)
  local acquired, given, rules = acquire(cpi, plan.vips, belongs), {}, {}
  for _, steps in ipairs(rounds_of(cpi, plan.vips, acquired, belongs)) do take(cpi, steps, belongs, rules) end
  tag_rules(cpi, rules, belongs)
  for _, vip in ipairs(plan.vips) do given[vip.network.name] = (acquired[vip] or vip).row.ipaddress end
  return given
end

return vips
