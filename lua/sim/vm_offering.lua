-- Another service offering for a VM that exists: changeServiceForVirtualMachine at once, scaleVirtualMachine by a job.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local parameters = require "sim.parameters"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local vm_resources = require "sim.vm_resources"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"

local vm_offering = {}

local USER = "org.apache.cloudstack.api.command.user.vm."
local ADMIN = "org.apache.cloudstack.api.command.admin.vm."

local function refuse_offering(vm, offering)
  vm_running.refuse_unknown(vm)
  if offering == vm.offering and not offering.customized then
    refusal.invalid("Not upgrading vm %s since it already has the requested service offering (%s)", placement.described(vm),
      offering.name)
  end
  if offering.storage ~= vm.offering.storage then
    refusal.invalid("Unable to upgrade Instance %s, cannot switch between local storage and shared storage service offerings.  "
      .. "Current offering useLocalStorage=%s, target offering useLocalStorage=%s", placement.described(vm),
      tostring(vm.offering.storage == "local"), tostring(offering.storage == "local"))
  end
  vm_resources.refuse_foreign_zone(accounts.described(vm.account), offering, vm.zone, "Service offering")
end

local function upgrade(m, vm, arguments)
  local offering = arguments.serviceofferingid
  refuse_offering(vm, offering)
  local details = parameters.merged(arguments.details)
  local cpu, mhz, memory = vm_resources.compute(offering, details)
  limits.check(m, vm.account, { cpu = math.max(0, cpu - vm.cpu), memory = math.max(0, memory - vm.memory) })
  vm.offering, vm.cpu, vm.mhz, vm.load, vm.memory = offering, cpu, mhz, cpu * mhz, memory
  for name, value in pairs(details) do vm.details[name] = value end
end

local function change(m, call)
  local vm = call.arguments.id
  vm_running.refuse_unknown(vm)
  if vm.state ~= "Stopped" then
    refusal.invalid("Unable to upgrade Instance %s  in state %s; make sure the Instance is stopped", placement.described(vm),
      vm.state)
  end
  upgrade(m, vm, call.arguments)
  return { virtualmachine = vm_rows.row(m, vm, call.account) }
end

local function refuse_scale(vm)
  vm_running.refuse_unknown(vm)
  if vm.state == "Running" then
    refusal.internal("Unable to scale %s as it does not have tools to support dynamic scaling.", placement.described(vm))
  elseif vm.state ~= "Stopped" then
    refusal.invalid("Unable to scale %s in state %s", placement.described(vm), vm.state)
  end
end

local function scale(m, call)
  local vm = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = vm, instance_type = "VirtualMachine", queue = vm,
    check = function() refuse_scale(vm) end,
    finish = function()
      refuse_scale(vm)
      upgrade(m, vm, call.arguments)
      return { virtualmachine = vm_rows.row(m, vm, call.account) }
    end,
  }))
end

local PARAMETERS = {
  { "id", "uuid", of = "vm", required = true, acl = true },
  { "serviceofferingid", "uuid", of = "service_offering", required = true }, { "details", "map" },
}

local function with_own(...)
  local out = table.move(PARAMETERS, 1, #PARAMETERS, 1, {})
  for _, spec in ipairs { ... } do out[#out + 1] = spec end
  return out
end

vm_offering.commands = {
  { name = "changeServiceForVirtualMachine", run = change, parameters = with_own() },
  { name = "scaleVirtualMachine", run = scale, class = USER .. "ScaleVMCmd", admin_class = ADMIN .. "ScaleVMCmdByAdmin",
    parameters = with_own({ "shrinkok", "boolean", since = "4.17" }, { "automigrate", "boolean", since = "4.17" }) },
}

return vm_offering
