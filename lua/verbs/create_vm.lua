-- create_vm(agent_id, stemcell_cid, cloud_properties, networks, disk_cids, env): a running VM whose user data
-- is the agent's settings; returns [vm_cid, networks]. A create_vm that fails leaves nothing.

local affinity = require "vm.affinity"
local arguments = require "request.arguments"
local aspects = require "vm.aspects"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local deployment = require "vm.deployment"
local director_mark = require "made.marks"
local disk_placement = require "disks.placement"
local environment = require "request.environment"
local errors = require "errors"
local naming = require "made.names"
local networks = require "vm.networks"
local on_demand = require "stemcell.on_demand"
local read_properties = require "request.cloud_properties"
local rollback = require "base.rollback"
local secrets = require "request.secrets"
local tables = require "base.tables"
local templates = require "cloudstack.templates"
local vms = require "cloudstack.vms"
local zones = require "cloudstack.zones"

-- What a VM has, in the order in which it is read, asked for, planned, verified and given: vm/aspects.lua says how.
local of_a_vm = {
  disk_placement, networks, require "vm.offering", require "vm.vips", require "vm.load_balancers",
  require "vm.security_groups", require "vm.routes", require "disks.with_vm", require "vm.key_pairs", affinity,
  require "vm.user_data",
}
local properties_of_a_vm = aspects.properties(of_a_vm)

-- -> the order, and the aspects that it has.
local function read_order(cpi, agent_id, stemcell_cid, cloud_properties, given_networks, disk_cids, env)
  local null = cpi.json.null
  local order = {
    agent_id = arguments.text("agent_id", agent_id), stemcell_cid = arguments.text("stemcell_cid", stemcell_cid),
    properties = read_properties(cloud_properties, properties_of_a_vm, "cloud_properties of the VM", null),
    given_networks = given_networks, disk_cids = arguments.list("disk_cids", disk_cids, null), env = arguments.object("env", env, null),
  }
  secrets.register_env(cpi.log.secret, order.env)
  return aspects.read(of_a_vm, cpi, order)
end

-- Everything that CloudStack must be asked, at once.
local function look_up(cpi, order, wanted)
  local requests = { zones = zones.request(), capabilities = capabilities.request(),
    templates = templates.request(order.stemcell_cid, "executable") }
  requests.templates.cached = true
  local found = cpi.cloudstack:gather(aspects.ask(wanted, cpi, order, requests))
  found.can = capabilities.read(found.capabilities)
  return found
end

-- A function that returns the choice { found, plan } of the zone to try next, of those that the manifest allows, or nil:
-- `wanted` is the one that the policy would have, else they come in their order. What is wrong in the first one is raised; a
-- later one that cannot do is passed over. All decisions fall here, before anything is created.
local function chooser(cpi, order, wanted_aspects, found)
  local left, place = disk_placement.of_vm(cpi, order, found)
  local earlier

  local function take(wanted)
    for i, name in ipairs(left) do
      if name == (wanted or left[1]) then return table.remove(left, i) end
    end
  end

  local function choose(name)
    local zone = zones.pick(found.zones, name)
    local template, is_to_copy = templates.pick(found.templates, order.stemcell_cid, zone)
    local seen = tables.with(found, { zone = zone, template = template, zones_left = left })
    local plan = aspects.plan(wanted_aspects, cpi, order, seen, earlier)
    if is_to_copy then on_demand.bring(cpi, order.stemcell_cid, template, zone)
    else on_demand.sweep(cpi, template, zone) end
    return { found = seen, plan = earlier and plan or tables.with(plan, { placement = place }) }
  end

  return function(wanted)
    while #left > 0 do
      local name = take(wanted) or take()
      local ok, choice = pcall(choose, name)
      if ok then
        earlier = earlier or choice.plan
        return choice
      end
      if not earlier or not errors.is(choice) then error(choice, 0) end
      cpi.log.warn("zone '%s' will not do: %s", name, errors.words(choice))
    end
  end
end

-- A fresh CID and names for every try, because CloudStack keeps the name of a failed VM.
local function christener(cpi, order)
  return function()
    local vm_cid = vms.new_cid(director_mark.uuid(cpi))
    local more = { agent_id = order.agent_id, group = environment.group(order.env) }
    return { vm_cid = vm_cid, names = naming.of(cpi, "vm", vm_cid, more) }
  end
end

return function(cpi, ...)
  local order, wanted = read_order(cpi, ...)
  cpi.journal.settle() -- what a dead process has, an address perhaps, is free before it is looked at
  local next_choice, memory = chooser(cpi, order, wanted, look_up(cpi, order, wanted)), {}
  local first = next_choice()
  local undo <close> = rollback(cpi)
  local announced <close> = affinity.announce(cpi, first.plan, memory) -- luacheck: ignore (until the VM is in them)
  local made = deployment.run(cpi, { order = order, aspects = wanted, undo = undo, memory = memory, next_choice = next_choice,
    christen = christener(cpi, order) }, first)
  local given = aspects.give(wanted, cpi, order, made.found, made.plan, function()
    return belongings.new(cpi, made.vm_cid, made.vm, undo)
  end)
  return cpi.json.array { made.vm_cid, networks.result(order, made.plan, made.vm, given.vips) }
end
