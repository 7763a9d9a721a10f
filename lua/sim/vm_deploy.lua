-- deployVirtualMachine: what is checked before anything exists, what the request itself makes (VM, NICs, disks),
-- and the job that starts the VM. A refusal after the first row is written leaves that row behind.
local accounts = require "sim.accounts"
local affinity = require "sim.affinity"
local jobs = require "sim.jobs"
local keys = require "sim.keys"
local leases = require "sim.leases"
local limits = require "sim.limits"
local nics = require "sim.nics"
local parameters = require "sim.parameters"
local refusal = require "sim.refusal"
local security_groups = require "sim.security_groups"
local templates = require "sim.template_access"
local userdata = require "sim.userdata"
local vm_names = require "sim.vm_names"
local vm_networks = require "sim.vm_networks"
local vm_resources = require "sim.vm_resources"
local vm_rows = require "sim.vm_rows"
local vm_running = require "sim.vm_running"

local vm_deploy = {}

-- ---------------------------------------------------------------------------------------------------------
-- before anything exists

local function refuse_host(call)
  if call.arguments.hostid and call.account.role ~= "admin" then
    refusal.denied "Parameter hostid can only be specified by a Root Admin, permission denied"
  end
end

local function key_pairs(m, owner, arguments)
  local names = arguments.keypairs or (arguments.keypair and { arguments.keypair }) or {}
  local found, seen = {}, {}
  for _, name in ipairs(names) do
    local key = not seen[name] and keys.find(m, owner, name)
    if not key then
      if m.version:at_least "4.17" then refusal.invalid "Not all specified keypairs exist" end
      refusal.invalid("A key pair with name '%s' does not exist for account %s in specified domain id", name,
        owner.name)
    end
    seen[name], found[#found + 1] = true, key
  end
  return found
end

local function refuse_zone(zone, account)
  if zone.allocationstate ~= "Enabled" and account.role ~= "admin" then
    refusal.denied("Cannot perform this operation, Zone is currently disabled: Zone "
      .. '{"id": "%d", "name": "%s", "uuid": "%s"}', zone.number, zone.name, zone.id)
  end
end

local function refuse_storage(zone, offering, kind)
  if offering and offering.storage == "local" and not zone.localstorage then
    refusal.invalid("Zone is not configured to use local storage but %s offering %s uses it", kind, offering.name)
  end
end

local function refuse_boot(arguments)
  local kind = arguments.boottype
  if kind and kind:upper() ~= "BIOS" and kind:upper() ~= "UEFI" then
    refusal.invalid("Invalid bootType %sSpecified for vm %s Valid values are: [UEFI, BIOS]", kind,
      arguments.name or "null")
  end
end

local function template_of(m, arguments, owner)
  local template = arguments.templateid
  if not template then refusal.invalid "Template ID is required" end
  templates.refuse_unusable(m, template, arguments.zoneid, owner)
  if arguments.hypervisor and arguments.hypervisor:lower() ~= template.hypervisor:lower() then
    refusal.invalid "Hypervisor passed to the deployVm call, is different from the hypervisor type of the Template"
  end
  return template
end

local function disks(m, arguments, template, details)
  local data = arguments.diskofferingid
  return vm_resources.root_size(m, template, arguments, details), vm_resources.data_size(m, data, arguments.size)
end

local function check_offerings(owner, arguments)
  local who, zone = accounts.described(owner), arguments.zoneid
  vm_resources.refuse_foreign_zone(who, arguments.serviceofferingid, zone, "Service offering")
  vm_resources.refuse_foreign_zone(who, arguments.diskofferingid, zone, "DiskOffering")
  refuse_storage(zone, arguments.serviceofferingid, "service")
  refuse_storage(zone, arguments.diskofferingid, "disk")
end

local function name_of(m, arguments)
  local name = arguments.name
  if name and not m.version:at_least "4.23" and not vm_names.is_good(name) then refusal.invalid(vm_names.INVALID) end
  return name
end

-- Everything that can be refused without leaving anything. -> what is to be made
local function plan(m, call)
  local arguments = call.arguments
  refuse_host(call)
  refuse_boot(arguments)
  local owner, details = accounts.owner(m, call), parameters.merged(arguments.details)
  local nic_plans = vm_networks.plan(m, arguments, owner)
  refuse_zone(arguments.zoneid, call.account)
  check_offerings(owner, arguments)
  leases.check(m, arguments)
  userdata.check(m, arguments.userdata)
  local groups = security_groups.of_deployment(m, owner, arguments)
  local affinity_groups = affinity.wanted(m, owner, arguments)
  local cpu, mhz, memory = vm_resources.compute(arguments.serviceofferingid, details)
  local template = template_of(m, arguments, owner)
  local root, data = disks(m, arguments, template, details)
  local id = accounts.custom_id(m, call)
  local name, networks = name_of(m, arguments), {}
  for i, nic in ipairs(nic_plans) do networks[i] = nic.network end
  if name then vm_networks.refuse_taken_name(m, name, networks) end
  limits.check(m, owner, {
    user_vm = 1, cpu = cpu, memory = memory, volume = data and 2 or 1, primary_storage = root + (data or 0),
  }, 9999)
  return {
    id = id, owner = owner, name = name, nics = nic_plans, groups = groups, affinity = affinity_groups, cpu = cpu, mhz = mhz,
    memory = memory, template = template, root = root, data = data, keys = key_pairs(m, owner, arguments),
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- what the request makes

local function details_of(plan_, arguments)
  local out = vm_resources.kept_details(arguments.details)
  local lines, names = {}, {}
  for i, key in ipairs(plan_.keys) do lines[i], names[i] = key.material, key.name end
  if #lines > 0 then
    out["SSH.PublicKey"], out["SSH.KeyPairNames"] = table.concat(lines, "\n"), table.concat(names, ",")
  end
  return out, names
end

local function add_vm(m, plan_, arguments)
  local details, names = details_of(plan_, arguments)
  local vm = m:add("vm", {
    id = plan_.id, account = plan_.owner, zone = arguments.zoneid, template = plan_.template,
    offering = arguments.serviceofferingid, cpu = plan_.cpu, mhz = plan_.mhz,
    load = plan_.cpu * plan_.mhz, memory = plan_.memory, state = "Stopped",
    details = details, keypairs = names, userdata = arguments.userdata, group = arguments.group,
    publickeys = details["SSH.PublicKey"], ever_started = false, security_groups = plan_.groups, affinity = plan_.affinity,
  })
  vm.name = plan_.name or "VM-" .. vm.id
  vm.displayname = arguments.displayname or vm.name
  vm.instance_name = ("i-%d-%d-VM"):format(plan_.owner.number, vm.number)
  leases.give(m, vm, arguments)
  return vm
end

-- An address that can't be had leaves the VM in Error, with the NICs that were made before.
local function add_nics(m, vm, plans)
  local fine, why = pcall(function()
    for _, nic in ipairs(plans) do nics.add(m, vm, nic) end
  end)
  if not fine then
    vm.state, vm.updated = "Error", m:now()
    error(why, 0)
  end
end

local function add_disks(m, vm, plan_, arguments)
  m:add("volume", {
    name = "ROOT-" .. vm.number, type = "ROOT", vm = vm, device = 0, template = vm.template, size = plan_.root,
    state = "Allocated", account = vm.account, zone = vm.zone,
  })
  if not plan_.data then return end
  m:add("volume", {
    name = "DATA-" .. vm.number, type = "DATADISK", vm = vm, device = 1, offering = arguments.diskofferingid,
    size = plan_.data, state = "Allocated", account = vm.account, zone = vm.zone,
  })
end

local function refuse_extraconfig(m, arguments)
  if arguments.extraconfig and not m:setting "enable.additional.vm.configuration" then
    refusal.invalid "attempted setting extraconfig but enable.additional.vm.configuration is disabled"
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- the job

local function stay_stopped(m, vm, call)
  return { finish = function() return { virtualmachine = vm_rows.row(m, vm, call.account) } end,
    instance = vm, instance_type = "VirtualMachine", queue = vm, latency = "deployVirtualMachine startvm=false" }
end

local function deploy(m, call)
  local arguments = call.arguments
  local plan_ = plan(m, call)
  local vm = add_vm(m, plan_, arguments)
  add_nics(m, vm, plan_.nics)
  add_disks(m, vm, plan_, arguments)
  refuse_extraconfig(m, arguments)
  local job_plan = arguments.startvm == false and stay_stopped(m, vm, call)
    or vm_running.start_plan(m, vm, call, {
      host = arguments.hostid, cluster = arguments.clusterid, pod = arguments.podid, first = true,
      nowhere = (arguments.boottype or ""):upper() == "UEFI",
    })
  return jobs.created(jobs.start(m, call, job_plan), vm)
end

vm_deploy.commands = {
  { name = "deployVirtualMachine", run = deploy, class = "org.apache.cloudstack.api.command.user.vm.DeployVMCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.vm.DeployVMCmdByAdmin",
    parameters = {
      { "serviceofferingid", "uuid", of = "service_offering", required = true },
      { "zoneid", "uuid", of = "zone", required = true }, { "templateid", "uuid", of = "template" },
      { "name", "string", check = vm_names.complaint }, { "displayname", "string" },
      { "networkids", "uuids", of = "network" }, { "iptonetworklist", "map" }, { "ipaddress", "string" }, { "ip6address", "string" },
      { "macaddress", "string", since = "4.11" }, { "diskofferingid", "uuid", of = "disk_offering" },
      { "size", "long" },
      { "rootdisksize", "long" }, { "overridediskofferingid", "uuid", of = "disk_offering", since = "4.17", ignored = true },
      { "userdata", "string", max = 1048576 }, { "keypair", "string" }, { "keypairs", "strings", since = "4.17" },
      { "details", "map" }, { "group", "string" }, { "hypervisor", "string" }, { "startvm", "boolean" },
      { "hostid", "uuid", of = "host" }, { "clusterid", "uuid", of = "cluster", admin = true },
      { "podid", "uuid", of = "pod", admin = true }, { "boottype", "string", since = "4.14" },
      { "securitygroupids", "uuids", of = "security_group" }, { "securitygroupnames", "strings" },
      { "affinitygroupids", "uuids", of = "affinity_group" }, { "affinitygroupnames", "strings" },
      { "leaseduration", "integer", since = "4.21" }, { "leaseexpiryaction", "string", since = "4.21" },
      { "extraconfig", "string", max = 5120, since = "4.12" }, { "customid", "string" }, { "keyboard", "string" },
      { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "projectid", "uuid", of = "project" },
    } },
}

return vm_deploy
