-- updateVirtualMachine: name, user data, details and the like, at once and without a job.
local nics = require "sim.nics"
local parameters = require "sim.parameters"
local refusal = require "sim.refusal"
local userdata = require "sim.userdata"
local vm_names = require "sim.vm_names"
local vm_networks = require "sim.vm_networks"
local vm_rows = require "sim.vm_rows"

local vm_update = {}

-- A new name is a new display name as well, unless one is given.
local function rename(m, vm, name)
  if not vm_names.is_good(name) then refusal.invalid(vm_names.INVALID) end
  local networks = {}
  for i, nic in ipairs(nics.of(m, vm)) do networks[i] = nic.network end
  vm_networks.refuse_taken_name(m, name, networks, vm)
  vm.name, vm.displayname = name, name
end

local function check_userdata(m, text)
  if not text then return end
  if text:find("%", 1, true) then refusal.parameter "URLDecoder: Incomplete trailing escape (%) pattern" end
  userdata.check(m, text)
end

local function update(m, call)
  local arguments, vm = call.arguments, call.arguments.id
  if vm.ghost or vm.removed then refusal.failed("Unable to find virtual machine with id %d", vm.number) end
  if arguments.haenable ~= nil and call.account.role ~= "admin" then
    refusal.failed "Parameter haenable can only be set by a Root Admin"
  end
  check_userdata(m, arguments.userdata)
  if arguments.name and arguments.name ~= vm.name then rename(m, vm, arguments.name) end
  vm.displayname = arguments.displayname or vm.displayname
  vm.userdata = arguments.userdata or vm.userdata
  vm.group = arguments.group or vm.group
  if arguments.details then
    local key = vm.details["SSH.PublicKey"]
    vm.details = parameters.merged(arguments.details)
    vm.publickeys = key or vm.publickeys
  end
  if arguments.deleteprotection ~= nil then vm.protected = arguments.deleteprotection end
  return { virtualmachine = vm_rows.row(m, vm, call.account) }
end

vm_update.commands = {
  { name = "updateVirtualMachine", run = update, parameters = {
    { "id", "uuid", of = "vm", required = true, acl = true }, { "name", "string" }, { "displayname", "string" },
    { "userdata", "string", max = 1048576 }, { "group", "string" }, { "details", "map" }, { "haenable", "boolean" },
    { "deleteprotection", "boolean", since = "4.20" },
  } },
}

return vm_update
