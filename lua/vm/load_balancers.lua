-- The load balancers that a VM joins (`lbs` of its cloud_properties): found by name or made, by one of several at once.

local addresses = require "cloudstack.addresses"
local belongings = require "made.belongings"
local errors = require "errors"
local made_by = require "cloudstack.made_by"
local networks = require "cloudstack.networks"
local read_properties = require "request.cloud_properties"
local rules = require "cloudstack.load_balancers"
local spelling = require "base.spelling"
local tables = require "base.tables"
local tags = require "cloudstack.tags"

local vm_load_balancers = { name = "lbs", optional = true }

vm_load_balancers.properties = { lbs = "list" }

local properties_of_one = {
  name = "text", algorithm = "text", private_port = "port", public_port = "port", open_firewall = "boolean",
  public_ip = "text",
}
local ALGORITHMS = { "leastconn", "roundrobin", "source" }
local DEFAULT = "roundrobin"
local TRIES = 4 -- a rule may vanish with its last VM while we join

-- ---------------------------------------------------------------------------------------------------------
-- what is asked for

local function check_algorithm(lb, where)
  for _, known in ipairs(ALGORITHMS) do
    if lb.algorithm == nil or lb.algorithm == known then return end
  end
  error(errors.cloud("%s: 'algorithm' must be one of %s, got '%s'%s", where, table.concat(ALGORITHMS, ", "), lb.algorithm,
    spelling.suggestion(lb.algorithm, ALGORITHMS)))
end

-- The list `lbs` -> { { name, algorithm (nil: any), private_port, public_port, open_firewall, public_ip }, ... }
function vm_load_balancers.read(cpi, order)
  local list, seen = {}, {}
  for i, one in ipairs(order.properties.lbs) do
    local where = ("lbs[%d]"):format(i)
    local lb = read_properties(one, properties_of_one, where, cpi.json.null)
    for _, key in ipairs { "name", "private_port", "public_port" } do
      if lb[key] == nil then error(errors.cloud("%s: '%s' is missing", where, key)) end
    end
    if seen[lb.name] then error(errors.cloud("%s: '%s' is named twice", where, lb.name)) end
    check_algorithm(lb, where)
    list[i], seen[lb.name] = lb, true
  end
  return list
end

-- Each rule by its name, and its address where one is wanted.
function vm_load_balancers.ask(_, order)
  local requests = {}
  for i, lb in ipairs(order.lbs) do
    requests["lb " .. i] = rules.request(lb.name)
    if lb.public_ip then requests["lb address " .. i] = addresses.request(lb.public_ip) end
  end
  return requests
end

-- ---------------------------------------------------------------------------------------------------------
-- which rule, which network

-- Of several rules of one name the one with the lowest id counts, for everybody.
local function existing(rows, lb, zone)
  local rule = rules.named(rows, lb.name, zone)[1]
  if rule then rules.check(rule, lb) end
  return rule
end

local function nic_in(nics, id)
  for _, nic in ipairs(nics) do
    if nic.target.id == id then return nic end
  end
end

local function nic_for(lb, rule, address, nics)
  local id = rule and rule.networkid or address and address.associatednetworkid
  if id then
    return nic_in(nics, id) or error(errors.cloud("load balancer '%s' is for VMs of network '%s', in which the VM has no NIC",
      lb.name, address and address.associatednetworkname or id))
  end
  for _, nic in ipairs(nics) do
    local fits = not address or not address.vpcid or nic.target.vpcid == address.vpcid
    if fits and networks.offers(nic.target, "Lb") then return nic end
  end
  error(errors.cloud("load balancer '%s' needs a NIC in a network that offers load balancing; the VM has none", lb.name))
end

-- Ports that CloudStack's virtual router has for itself: it shows its statistics there.
local OF_THE_ROUTER = { [8081] = true }

local function is_of_router(target)
  local names = networks.providers(target, "Lb")
  for _, name in ipairs(names) do
    if name:find("virtualrouter", 1, true) then return true end -- also a VPC's
  end
  return #names == 0
end

local function refuse(lb, rule, address, target)
  if rule then return end
  if OF_THE_ROUTER[lb.public_port] and is_of_router(target) then
    error(errors.cloud("load balancer '%s': public_port %d is the virtual router's own; choose another one", lb.name, lb.public_port))
  end
  if lb.public_ip and not address then
    error(errors.cloud("load balancer '%s': address %s is not one of this account's in the zone", lb.name, lb.public_ip))
  elseif address and address.isstaticnat then
    error(errors.cloud("load balancer '%s': address %s is the vip of VM '%s'", lb.name, lb.public_ip,
      tostring(address.virtualmachinename)))
  elseif target.vpcid and not address then
    error(errors.cloud("load balancer '%s' is in a VPC (network '%s'): it needs 'public_ip'", lb.name, target.name))
  elseif target.vpcid and lb.open_firewall then
    error(errors.cloud("load balancer '%s' is in a VPC (network '%s'): the tier's network ACLs say what may come in, not "
      .. "'open_firewall'", lb.name, target.name))
  end
end

-- The VM's own vips, as vm/vips.lua plans them: their addresses have static NAT by then.
local function refuse_vip(lb, address, vips)
  for _, vip in ipairs(vips) do
    if address and vip.row and vip.row.id == address.id then
      error(errors.cloud("load balancer '%s': address %s is the VM's vip '%s'", lb.name, lb.public_ip, vip.network.name))
    end
  end
end

-- What was read of each, with its zone, the rule and the address that are there, the network (target), and what a new rule
-- would be (new_rule). Raises CloudError before anything is created.
function vm_load_balancers.plan(_, order, found, plan)
  local planned = {}
  for i, lb in ipairs(order.lbs) do
    local address = lb.public_ip and addresses.pick(found["lb address " .. i], lb.public_ip, found.zone)
    local rule = existing(found["lb " .. i], lb, found.zone)
    local target = nic_for(lb, rule, address, plan.networks).target
    refuse(lb, rule, address, target)
    refuse_vip(lb, address, plan.vips)
    planned[i] = tables.with(lb, { zone = found.zone, rule = rule, address = address, target = target, new_rule = {
      name = lb.name, algorithm = lb.algorithm or DEFAULT, private_port = lb.private_port,
      public_port = lb.public_port, open_firewall = lb.open_firewall or false } })
  end
  return planned
end

-- ---------------------------------------------------------------------------------------------------------
-- joining

local function look(cpi, lb)
  return existing(cpi.cloudstack:rows(rules.request(lb.name)), lb, lb.zone)
end

-- Without an address of the manifest's the network's own is taken: it is the same for everybody, so that CloudStack
-- itself refuses a second rule for the port. A network without one has CloudStack choose (elastic load balancing).
local function address_of(cpi, lb)
  if lb.address then return lb.address.id end
  local row = cpi.cloudstack:rows(addresses.request_source_nat(lb.target))[1]
  return row and row.id
end

-- Makes the rule, and looks again: a process that finds several of that name removes its own unless that has the lowest id.
local function make(cpi, lb, belongs)
  local entry = belongs.open("load balancer", lb.name)
  local request = rules.create_request(cpi, lb.new_rule, lb.target, address_of(cpi, lb), entry)
  local task = cpi.cloudstack:run(request)
  if task.id then belongs.add("load balancer", task.id, "member", entry, lb.name).made = true end
  if not task.id then belongs.ask("load balancer", "member", lb.name, task, entry) end
  local ok, rule = pcall(look, cpi, lb)
  if not ok then error(errors.cloud("%s: %s", request.what, errors.words(rule))) end
  if task.id and rule and rule.id == task.id then return rule, true end
  if task.id then cpi.cloudstack:run(rules.delete_request(cpi, task.id)) end
  if task.id then entry.close() end
  if rule then return rule, false end
  if task.failure then cpi.cloudstack.raise(task.failure, request.what) end
  return nil
end

-- Was the rule made for this director by a process that did not come to tag it?
local function is_abandoned(cpi, rule)
  return made_by.us(cpi, rule.description) ~= nil and next(tags.of(rule)) == nil
end

-- Tags first: whoever empties the rule meanwhile sees that somebody is coming. The VM's tag and the director's are set each by
-- a request of its own, because several may set the second. -> true, or nil and why not
local function enter(cpi, rule, is_made, belongs)
  local item = belongs.add("load balancer", rule.id, "member", nil, rule.name)
  item.made = item.made or is_made
  local tagging = { belongings.tag_request(cpi, { kind = item.kind, id = item.id, role = item.role }, belongs.vm_cid) }
  if item.made or is_abandoned(cpi, rule) then tagging[2] = belongings.mark_request(cpi, item) end
  for _, wave in ipairs { tagging, { rules.assign_request(cpi, rule.id, belongs.vm) } } do
    for i, task in ipairs(cpi.cloudstack:run_all(wave)) do
      local failure = task.failure
      if failure then belongs.doubt(task) end
      if failure and not belongings.is_tagged(failure)
        and not rules.has(cpi.cloudstack:rows(rules.members_request(rule.id)), belongs.vm) then
        return nil, failure, wave[i].what
      end
    end
  end
  return true
end

-- Has the rule gone since it was found?
local function is_gone(cpi, rule)
  return #cpi.cloudstack:rows(rules.request_by_id(rule.id)) == 0
end

local function join_one(cpi, lb, belongs)
  local rule, is_made = lb.rule, false
  for try = 1, TRIES do
    if not rule then rule, is_made = make(cpi, lb, belongs) end
    local done, failure, what
    if rule then
      done, failure, what = enter(cpi, rule, is_made, belongs)
      if done then return end
    end
    if try == TRIES or rule and not is_gone(cpi, rule) then
      if failure then cpi.cloudstack.raise(failure, ("%s '%s'"):format(what, lb.name)) end
      error(errors.cloud("load balancer '%s' vanishes whenever it is made", lb.name))
    end
    rule = look(cpi, lb)
  end
end

-- The VM joins each. Raises CloudError.
function vm_load_balancers.give(cpi, _, _, plan, belongs)
  for _, lb in ipairs(plan.lbs) do join_one(cpi, lb, belongs) end
end

return vm_load_balancers
