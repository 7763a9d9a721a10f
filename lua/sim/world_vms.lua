-- The VMs that a world has from the beginning, in whatever state.
local guests = require "sim.guests"
local nics = require "sim.nics"
local placement = require "sim.placement"
local secondary_addresses = require "sim.secondary_addresses"
local states = require "sim.states"

local world_vms = { commands = {} }

local GIB = 1024 * 1024 * 1024

local function owner_of(m, spec)
  local project = spec.project and m:named("project", spec.project)
  return project and project.account or m:named("account", spec.account or m.world.default_account)
end

local function tags_of(owner, map)
  local names, out = {}, {}
  for key in pairs(map or {}) do names[#names + 1] = key end
  table.sort(names)
  for i, key in ipairs(names) do out[i] = { key = key, value = tostring(map[key]), account = owner } end
  return #out > 0 and out or nil
end

local function add_vm(m, spec)
  local owner = owner_of(m, spec)
  local offering = spec.service_offering and m:named("service_offering", spec.service_offering)
    or m:rows("service_offering")[1]
  local vm = m:add("vm", {
    id = m:id_of("vm:" .. spec.name), name = spec.name, displayname = spec.displayname or spec.name, account = owner,
    zone = m:named("zone", spec.zone or m.world.zones[1].name),
    template = spec.template and m:named("template", spec.template) or m:rows("template")[1], offering = offering,
    cpu = offering.cpu or 1, mhz = offering.mhz, load = (offering.cpu or 1) * offering.mhz,
    memory = offering.memory or 1024, state = "Stopped", details = {},
    keypairs = {}, userdata = spec.userdata, group = spec.group, ever_started = true, security_groups = {}, affinity = {},
    protected = spec.deleteprotection, tags = tags_of(owner, spec.tags), of_world = true,
  })
  vm.instance_name = ("i-%d-%d-VM"):format(owner.number, vm.number)
  return vm
end

-- networks = { "name", { name =, ip =, mac =, secondary = { addresses } }, ... }
local function add_nics(m, vm, list)
  for i, entry in ipairs(list) do
    local fields = type(entry) == "table" and entry or { name = entry }
    local nic = nics.add(m, vm, {
      network = m:named("network", fields.name), ip = fields.ip, mac = fields.mac, device = i - 1, is_default = i == 1,
    })
    nic.of_world = true
    for _, address in ipairs(fields.secondary or {}) do secondary_addresses.give(m, nic, address) end
  end
end

-- disks = { { name =, size = GB, offering = }, ... } beside the root disk
local function add_disks(m, vm, list)
  m:add("volume", {
    id = m:id_of("root:" .. vm.name), name = "ROOT-" .. vm.number, type = "ROOT", vm = vm, device = 0, template = vm.template,
    size = vm.template.size, state = "Allocated", account = vm.account, zone = vm.zone, of_world = true,
  })
  for i, disk in ipairs(list or {}) do
    m:add("volume", {
      id = m:id_of(("disk:%s:%d"):format(vm.name, i)), name = disk.name or ("DATA-%d-%d"):format(vm.number, i),
      type = "DATADISK", vm = vm, device = i < 3 and i or i + 1, size = (disk.size or 1) * GIB, state = "Allocated",
      offering = disk.offering and m:named("disk_offering", disk.offering) or m:rows("disk_offering")[1],
      account = vm.account, zone = vm.zone, of_world = true,
    })
  end
end

function world_vms.seed(m)
  for _, spec in ipairs(m.world.vms) do
    local fine, why = pcall(function()
      local vm = add_vm(m, spec)
      add_nics(m, vm, spec.networks)
      add_disks(m, vm, spec.disks)
      placement.settle(m, vm, placement.host(m, vm, {})) -- it ran once
      states.put(m, "vm", vm, spec.state or "Running")
      if vm.state == "Running" then guests.start(m, vm) end
    end)
    if not fine then error(("world: vms '%s': %s"):format(spec.name, tostring(why)), 0) end
  end
end

return world_vms
