-- create_vm(agent_id, stemcell_cid, cloud_properties, networks, disk_cids, env): a running VM whose user data
-- is the agent's settings; returns [vm_cid, networks]. A create_vm that fails leaves nothing.

local admission = require "vm.admission"
local admitted = require "request.admitted"
local affinity = require "vm.affinity"
local arguments = require "request.arguments"
local aspects = require "vm.aspects"
local capabilities = require "cloudstack.capabilities"
local deployment = require "vm.deployment"
local director_mark = require "made.marks"
local environment = require "request.environment"
local naming = require "made.names"
local networks = require "vm.networks"
local new_belongings = require "made.new_belongings"
local on_demand = require "stemcell.on_demand"
local recognition = require "made.recognition"
local read_properties = require "request.cloud_properties"
local rollback = require "base.rollback"
local secrets = require "request.secrets"
local tables = require "base.tables"
local templates = require "cloudstack.templates"
local vms = require "cloudstack.vms"
local zone_choice = require "vm.zone_choice"
local zones = require "cloudstack.zones"

-- What a VM has, in the order in which it is read, asked for, planned, verified and given: vm/aspects.lua says how.
local of_a_vm = {
  (require "disks.placement"),
  networks,
  (require "vm.offering"),
  (require "vm.vips"),
  (require "vm.load_balancers"),
  (require "vm.security_groups"),
  (require "vm.routes"),
  (require "disks.with_vm"),
  (require "vm.key_pairs"),
  affinity,
  (require "vm.user_data"),
}
-- The decisions that fall before the VM is made; what their policies need is asked for with the rest.
local DECISIONS = { "disk_placement", "networks", "service_offering", "disk_offering", "affinity", "names" }

local properties_of_a_vm = tables.with(aspects.properties(of_a_vm), admission.properties)

-- -> the order, and the aspects that it has.
local function read_order(cpi, agent_id, stemcell_cid, cloud_properties, given_networks, disk_cids, env)
  local null = cpi.json.null
  local order = {
    agent_id = arguments.text("agent_id", agent_id), stemcell_cid = arguments.text("stemcell_cid", stemcell_cid),
    properties = read_properties(cloud_properties, properties_of_a_vm, "cloud_properties of the VM", null),
    given_properties = cloud_properties, given_networks = given_networks,
    disk_cids = arguments.list("disk_cids", disk_cids, null), env = arguments.object("env", env, null),
  }
  secrets.register_env(cpi.log.secret, order.env)
  order.instance = tables.with(environment.instance(order.env), { policy = admitted.site_keys(order.properties, null) })
  order = admission.admit(cpi, order, properties_of_a_vm)
  return admitted.in_its_name(order, aspects.read, of_a_vm, cpi, order)
end

-- Everything that CloudStack must be asked, at once; and the order with what policies need to know.
local function look_up(cpi, order, wanted)
  local requests = { zones = zones.request(), capabilities = capabilities.request(),
    templates = templates.request(order.stemcell_cid, "executable") }
  requests.templates.cached = true
  local usage = next(cpi.decide.needs(DECISIONS)) and require "cloudstack.usage"
  for name, request in pairs(usage and usage.requests(cpi, DECISIONS, order.instance) or {}) do requests[name] = request end
  local found = cpi.cloudstack:gather(aspects.ask(wanted, cpi, order, requests))
  found.can = capabilities.read(found.capabilities)
  return found, usage and tables.with(order, { instance = usage.read(cpi, found, order.instance) }) or order
end

-- A function that makes the stemcell's template ready in the zone of found.
local function preparer(cpi, order)
  return function(found, is_to_copy)
    if is_to_copy then return on_demand.bring(cpi, order.stemcell_cid, found.template, found.zone) end
    return on_demand.sweep(cpi, found.template, found.zone)
  end
end

-- A fresh CID and names for every try, because CloudStack keeps the name of a failed VM.
local function christener(cpi, order)
  return function()
    local vm_cid = vms.new_cid(director_mark.uuid(cpi))
    return { vm_cid = vm_cid, names = naming.of(cpi, "vm", vm_cid, { agent_id = order.agent_id, instance = order.instance,
      given_tags = recognition.without_word_of_bosh(order.instance.tags or {}) }) }
  end
end

return function(cpi, ...)
  local order, wanted = read_order(cpi, ...)
  cpi.journal.settle() -- what a dead process has, an address perhaps, is free before it is looked at
  local found
  found, order = look_up(cpi, order, wanted)
  local next_choice = zone_choice(cpi, order, wanted, found, preparer(cpi, order))
  local first, memory = admitted.in_its_name(order, next_choice), {}
  local undo <close> = rollback(cpi)
  local announced <close> = affinity.announce(cpi, first.plan, memory) -- luacheck: ignore (until the VM is in them)
  local made = deployment.run(cpi, { order = order, aspects = wanted, undo = undo, memory = memory,
    next_choice = next_choice, christen = christener(cpi, order) }, first)
  local given = aspects.give(wanted, cpi, order, made.found, made.plan, function()
    return new_belongings(cpi, made.vm_cid, made.vm, undo)
  end)
  return cpi.json.array { made.vm_cid, networks.result(order, made.plan, made.vm, given.vips) }
end
