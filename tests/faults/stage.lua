-- A director's machine with short ways to bring about what a scenario needs: networks, orders, VMs, disks.

local machine = require "machine"

local stage = setmetatable({}, { __index = machine })
stage.__index = stage

stage.NONE = {} -- a cloud property that is left out

function stage:template() return "light-" .. self.sim.state().templates[1].id end

function stage:env() return { bosh = { group = "bosh-group", password = machine.SECRETS["a secret of env"] } } end

-- One network of the manifest, and the whole of them for a VM with one.
function stage.network(_, ip, name, gateway)
  return { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = gateway or ip:gsub("%d+$", "1"),
    default = { "dns", "gateway" }, cloud_properties = { name = name } }
end

-- Another one, which may share the NIC of the first: an address of its own, or none where it is dynamic. more: laid over it.
function stage.further_network(_, ip, name, more)
  local network = { type = ip and "manual" or "dynamic", ip = ip, prefix = "32", cloud_properties = { name = name } }
  for key, value in pairs(more or {}) do network[key] = value end
  return network
end

function stage:networks(ip, name, gateway)
  return { default = self:network(ip or "10.0.0.11", name or "bosh-net", gateway) }
end

-- The arguments of a create_vm with all that a VM may have; changes are laid over the cloud_properties.
function stage:order(changes, networks, disks)
  local properties = { compute_offering = "shared.small", ephemeral_disk_offering = "shared.custom", disk = 2048 }
  for key, value in pairs(changes or {}) do properties[key] = value ~= stage.NONE and value or nil end
  return { self.uuid(), self:template(), properties, networks or self:networks(), machine.json.array(disks or {}), self:env() }
end

-- The same, without an ephemeral disk: what it is about is something else.
function stage:small_order(changes, networks, disks)
  local properties = { ephemeral_disk_offering = stage.NONE, disk = stage.NONE }
  for key, value in pairs(changes or {}) do properties[key] = value end
  return self:order(properties, networks, disks)
end

function stage:vm(...) return self:good("create_vm", self:order(...))[1] end
function stage:small_vm(...) return self:good("create_vm", self:small_order(...))[1] end

function stage:disk(size, offering)
  return self:good("create_disk", { size or 1024, { disk_offering = offering or "shared.custom" } })
end

-- BOSH speaks of what it has, and soon.
function stage:adopt(vm, disk)
  if vm then self:good("set_vm_metadata", { vm, { director = "d", deployment = "dep", name = "vm/0" } }) end
  if disk then self:good("set_disk_metadata", { disk, { director = "d", deployment = "dep" } }) end
end

-- A VM that has a disk, both known to BOSH by their metadata.
function stage:vm_with_disk()
  local vm, disk = self:vm(), self:disk()
  self:adopt(vm)
  self:good("attach_disk", { vm, disk })
  self:adopt(nil, disk)
  return vm, disk
end

-- A VM that BOSH knows, of the given order.
function stage:known_vm(arguments)
  local vm = self:good("create_vm", arguments)[1]
  self:adopt(vm)
  return vm
end

-- As CloudStack shows a VM or a disk to anybody.
function stage:find(kind, name)
  for _, object in ipairs(self.sim.state()[kind]) do
    if object.name == name then return object end
  end
end

-- A command to CloudStack that is nobody's verb, to its end.
function stage:send(command, params)
  local reply = self.sim.send({ { command = command, params = params } })[1]
  assert(reply.status == 200, command .. ": " .. tostring(reply.body or reply.fault))
  self.sim.advance(30)
end

return stage
