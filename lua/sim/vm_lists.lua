-- Lists of VMs: which account sees which, and the filters.
local accounts = require "sim.accounts"
local affinity = require "sim.affinity"
local lists = require "sim.lists"
local vm_rows = require "sim.vm_rows"
local nics = require "sim.nics"

local vm_lists = {}

local GONE = { Destroyed = true, Expunging = true }

-- A user (no administrator) does not see what he has destroyed, unless the cloud is set so.
local function is_visible(m, vm, account)
  return not GONE[vm.state] or accounts.is_admin(account) or m:setting "allow.user.view.destroyed.vm"
end

local function fits_state(vm, wanted)
  if not wanted then return true end
  if lists.same(wanted, "Present") then return not GONE[vm.state] end
  return lists.same(vm.state, wanted)
end

local function is_in(m, vm, network)
  for _, nic in ipairs(nics.of(m, vm)) do
    if nic.network == network then return true end
  end
  return false
end

local function is_in_vpc(m, vm, vpc)
  for _, nic in ipairs(nics.of(m, vm)) do
    if nic.network.vpc == vpc then return true end
  end
  return false
end

local function has_key(vm, wanted)
  for _, name in ipairs(vm.keypairs) do
    if lists.same(name, wanted) then return true end
  end
  return false
end

local function fits_place(m, vm, arguments)
  local host = vm.host
  return (not arguments.zoneid or vm.zone == arguments.zoneid)
    and (not arguments.networkid or is_in(m, vm, arguments.networkid))
    and (not arguments.vpcid or is_in_vpc(m, vm, arguments.vpcid))
    and (not arguments.groupid or vm.group and m:id_of("group:" .. vm.group) == arguments.groupid)
    and arguments.displayvm ~= false
    and (not arguments.hostid or host == arguments.hostid)
    and (not arguments.clusterid or (host and host.cluster == arguments.clusterid))
    and (not arguments.podid or (host and host.pod == arguments.podid))
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local details = vm_rows.details(arguments.details)
  local like = not m.version:at_least "4.18"
  local found = lists.rows(m, "vm", arguments, function(vm)
    return mine(vm) and is_visible(m, vm, call.account) and lists.fits(vm, arguments, like)
      and fits_state(vm, arguments.state) and fits_place(m, vm, arguments)
      and (not arguments.affinitygroupid or affinity.is_in(vm, arguments.affinitygroupid))
      and (not arguments.templateid or vm.template == arguments.templateid)
      and (not arguments.serviceofferingid or vm.offering == arguments.serviceofferingid)
      and (not arguments.keypair or has_key(vm, arguments.keypair))
      and (not arguments.hypervisor or lists.same(vm.template.hypervisor, arguments.hypervisor))
  end, like)
  return lists.answer(m, call, "virtualmachine", found, function(vm)
    local row = vm_rows.row(m, vm, call.account, details)
    if arguments.userdata then row.userdata = vm.userdata end
    return row
  end)
end

-- The same list with figures that stand still.
local function list_metrics(m, call)
  local payload = list(m, call)
  for _, row in ipairs(payload.virtualmachine or {}) do
    row.cputotal, row.memorytotal = ("%.2f Ghz"):format((row.cpunumber or 0) * (row.cpuspeed or 0) / 1000),
      ("%.2f GB"):format((row.memory or 0) / 1024)
    row.networkread, row.networkwrite, row.diskread, row.diskwrite, row.diskiopstotal = "0.00 MB", "0.00 MB", "0.00 MB", "0.00 MB", 0
  end
  return payload
end

local PARAMETERS = lists.owned_parameters {
    { "id", "uuid", of = "vm" }, { "ids", "uuids", of = "vm" }, { "name", "string" }, { "state", "string" },
    { "zoneid", "uuid", of = "zone" }, { "networkid", "uuid", of = "network" }, { "hypervisor", "string" },
    { "details", "strings" }, { "templateid", "uuid", of = "template" },
    { "serviceofferingid", "uuid", of = "service_offering" }, { "userdata", "boolean", since = "4.18" },
    { "hostid", "uuid", of = "host", admin = true }, { "podid", "uuid", of = "pod", admin = true },
    { "clusterid", "uuid", of = "cluster", admin = true }, { "tags", "map" },
    { "affinitygroupid", "uuid", of = "affinity_group" }, { "keypair", "string" }, { "vpcid", "uuid", of = "vpc" },
    { "groupid", "string" }, { "displayvm", "boolean", admin = true },
}

vm_lists.commands = {
  { name = "listVirtualMachines", run = list, parameters = PARAMETERS },
  { name = "listVirtualMachinesMetrics", envelope = "listvirtualmachinesmetricsresponse", run = list_metrics,
    parameters = PARAMETERS },
}

return vm_lists
