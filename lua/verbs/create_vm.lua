-- create_vm(agent_id, stemcell_cid, cloud_properties, networks, disk_cids, env): a running VM whose user data
-- is the agent's settings; answers [vm_cid, networks]. A create_vm that fails leaves nothing.

local affinity = require "vm.affinity"
local affinity_claims = require "made.affinity_claims"
local arguments = require "request.arguments"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local deployment = require "vm.deployment"
local director_mark = require "made.marks"
local disk_placement = require "disks.placement"
local errors = require "errors"
local key_pairs = require "cloudstack.key_pairs"
local load_balancers = require "vm.load_balancers"
local naming = require "made.names"
local offerings = require "cloudstack.offerings"
local networks_of = require "vm.networks"
local on_demand = require "stemcell.on_demand"
local read_properties = require "request.cloud_properties"
local registry = require "registry.settings"
local rollback = require "base.rollback"
local routes = require "vm.routes"
local secrets = require "request.secrets"
local security_groups = require "vm.security_groups"
local templates = require "cloudstack.templates"
local user_data = require "vm.user_data"
local vips = require "vm.vips"
local vm_disks = require "disks.with_vm"
local vms = require "cloudstack.vms"
local zones = require "cloudstack.zones"

local properties_of_a_vm = {
  compute_offering = "text", cpu = "count", cpu_speed = "count", ram = "count",
  disk = "megabytes", ephemeral_disk_offering = "text", root_disk_size = "megabytes", disk_offering = "text",
  zone = "text", zones = "names", key_name = "text", key_names = "list",
  affinity_group = affinity.properties.affinity_group, affinity_group_type = affinity.properties.affinity_group_type,
  lbs = "list", routes = "object", security_groups = "list",
}

local function read_order(cpi, agent_id, stemcell_cid, cloud_properties, networks, disk_cids, env)
  local null = cpi.json.null
  local order = {
    agent_id = arguments.text("agent_id", agent_id), stemcell_cid = arguments.text("stemcell_cid", stemcell_cid),
    properties = read_properties(cloud_properties, properties_of_a_vm, "cloud_properties of the VM", null),
    networks = networks_of.read(networks, cpi.json),
    disk_cids = arguments.list("disk_cids", disk_cids, null), env = arguments.object("env", env, null),
  }
  secrets.register_env(cpi.log.secret, order.env)
  order.vips = vips.read(order.networks, cpi.json)
  order.lbs = load_balancers.read(order.properties.lbs, null)
  routes.apply(order.properties.routes, order.networks, cpi.json)
  affinity.check(order.properties)
  registry.check(cpi)
  return order
end

-- Everything that CloudStack must be asked, at once.
local function look_up(cpi, order)
  local requests = {
    zones = zones.request(), services = offerings.service_request(), networks = networks_of.request(),
    templates = templates.request(order.stemcell_cid, "executable"), capabilities = capabilities.request(),
  }
  requests.networks.cached, requests.templates.cached = true, true
  vm_disks.add_requests(requests, order)
  disk_placement.add_requests(requests, order)
  affinity.add_requests(requests, cpi, order)
  vips.add_requests(requests, order.vips)
  load_balancers.add_requests(requests, order.lbs)
  security_groups.add_requests(requests, order)
  local found = cpi.cloudstack:gather(requests)
  found.can = capabilities.read(found.capabilities)
  return found
end

-- env.bosh.group: the names of director, deployment and instance group, with dashes.
local function group_of(order)
  local bosh = type(order.env.bosh) == "table" and order.env.bosh or {}
  return type(bosh.group) == "string" and bosh.group or nil
end

-- The names of the zones that the VM may be in, best first: `zone`, then `zones`, or the configured one.
local function zone_names(cpi, order)
  local properties, names, seen = order.properties, {}, {}
  for _, name in ipairs { properties.zone or false, table.unpack(properties.zones or {}) } do
    if name and not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  return #names > 0 and names or { cpi.settings.cloudstack.default_zone }
end

-- What was found, as it looks from one zone.
local function in_zone(order, found, name)
  local zone = zones.pick(found.zones, name)
  local template, is_to_copy = templates.pick(found.templates, order.stemcell_cid, zone)
  return setmetatable({ zone = zone, template = template, is_to_copy = is_to_copy }, { __index = found })
end

-- A function that answers the service offerings to try next, best first, for the ids of those that had no room: the one
-- that the manifest names, else what the policy says; nil when there is no more. The first time it raises.
local function service_offerings(cpi, order, found, zones_left)
  local properties = order.properties
  if properties.compute_offering then
    local only = offerings.pick(offerings.in_zone(found.services, found.zone), properties.compute_offering, "service")
    return function(refused) return #refused == 0 and { only } or nil end
  elseif not properties.cpu or not properties.ram then
    error(errors.cloud("cloud_properties of the VM must name 'compute_offering', or both 'cpu' and 'ram'"))
  end
  local usable = offerings.usable(found.services, found.zone)
  return function(refused)
    return cpi.decide("service_offering", {
      cpu = properties.cpu, ram = properties.ram, offerings = usable, refused = refused,
      zone = { id = found.zone.id, name = found.zone.name }, zones = zones_left, group = group_of(order),
    })
  end
end

-- The parameters of the deploy that do not change from try to try. All decisions fall here, before anything
-- is created.
local function plan(cpi, order, found, zones_left)
  vm_disks.check_persistent(order, found)
  local nics = networks_of.plan(cpi, order.networks, found)
  local offered = service_offerings(cpi, order, found, zones_left)
  local public = vips.plan(order.vips, found, nics)
  return {
    offered = offered, candidates = offered {}, order = order, zone = found.zone, template = found.template, is_to_copy = found.is_to_copy,
    nics = nics, vips = public, lbs = load_balancers.plan(order.lbs, found, nics, public),
    security_groups = security_groups.plan(order, found, nics), ephemeral = vm_disks.ephemeral(cpi, order, found), can = found.can,
    root_gb = (order.properties.root_disk_size or 0) > 0 and offerings.gigabytes(order.properties.root_disk_size) or nil,
    key_pairs = key_pairs.plan(order.properties, cpi.settings.cloudstack.default_key_name, found.can.version),
  }
end

-- A function that answers the plan for the zone to try next, of those that the manifest allows, or nil: `wanted` is the
-- one that the policy would have, else they come in their order. What is wrong in the first one is raised; a later one
-- that cannot do is passed over.
local function planner(cpi, order, found)
  local left, place = disk_placement.for_vm(cpi, order, found, zone_names(cpi, order))
  local is_first, groups = true, nil

  local function take(wanted)
    for i, name in ipairs(left) do
      if name == (wanted or left[1]) then return table.remove(left, i) end
    end
  end

  return function(wanted)
    while #left > 0 do
      local name = take(wanted) or take()
      local made, result = pcall(function()
        local planned = plan(cpi, order, in_zone(order, found, name), left)
        groups = groups or affinity.plan(cpi, order, found)
        if planned.is_to_copy then on_demand.bring(cpi, order.stemcell_cid, planned.template, planned.zone)
        else on_demand.sweep(cpi, planned.template, planned.zone) end
        return planned
      end)
      if made then
        result.groups, result.place, is_first = groups, is_first and place or nil, false
        return result
      end
      if is_first or not errors.is(result) then error(result, 0) end
      cpi.log.warn("zone '%s' will not do: %s", name, errors.words(result))
    end
  end
end

-- The CID and what hangs on it: a fresh one for every try, because CloudStack keeps the name of a failed VM, and its MACs.
local function christen(cpi, plan_of_vm)
  local order = plan_of_vm.order
  if plan_of_vm.is_tried then networks_of.renew_macs(cpi, plan_of_vm.nics) end
  plan_of_vm.is_tried = true
  local vm_cid = vms.new_cid(director_mark.uuid(cpi))
  local text, settings = user_data.of(cpi, order, vm_cid, plan_of_vm.nics, plan_of_vm.ephemeral ~= nil)
  return {
    vm_cid = vm_cid, user_data = text, registry_settings = settings,
    names = naming.of(cpi, "vm", vm_cid, { agent_id = order.agent_id, group = group_of(order) }),
  }
end

-- What the VM has outside itself, once it runs.
local function give_belongings(cpi, plan_of_vm, vm_cid, vm, undo)
  if #plan_of_vm.vips + #plan_of_vm.lbs == 0 then return end
  local belongs = belongings.new(cpi, vm_cid, vm, undo)
  vips.give(cpi, plan_of_vm.vips, belongs)
  load_balancers.join(cpi, plan_of_vm.lbs, belongs)
end

return function(cpi, ...)
  local order = read_order(cpi, ...)
  cpi.journal.settle() -- what a dead process has, an address perhaps, is free before it is looked at
  local found = look_up(cpi, order)
  local next_plan = planner(cpi, order, found)
  local first = next_plan()
  local undo <close> = rollback(cpi)
  local announced <close> = affinity_claims.announce(cpi, first.groups) -- luacheck: ignore (until the VM is in them)
  local vm_cid, vm, plan_of_vm = deployment.run(cpi, first, next_plan, christen, undo)
  give_belongings(cpi, plan_of_vm, vm_cid, vm, undo)
  return cpi.json.array { vm_cid, networks_of.result(order.networks, plan_of_vm.nics, vm) }
end
