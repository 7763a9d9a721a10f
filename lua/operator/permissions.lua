-- Which CloudStack commands each verb sends: what a role for the CPI must allow. `sometimes` has cases: `commands` are needed
-- in the case that `when` names, and only with `property` (of cloudstack) configured, where there is one; `admin` is sent for
-- a root admin only, and no other role needs it. The table of docs/install.md is made of this (`make contract`), and
-- tests/support/machine.lua, which the matrices of tests/faults run on, lets no verb send another command.

local tables = require "base.tables"

local JOB = "queryAsyncJobResult"
local BY_A_NETWORK = { "listNetworks", "listNetworkOfferings", "createNetwork", "addNicToVirtualMachine",
  "updateDefaultNicForVirtualMachine", "removeNicFromVirtualMachine" }
local CLEAN_UP = { "listCapabilities", "listVirtualMachines", "listVolumes", "destroyVirtualMachine", "deleteVolume",
  "stopVirtualMachine", "updateVmNicIp", "updateVirtualMachine", "listNics", "detachVolume", "listSSHKeyPairs", "listTags",
  "deleteAffinityGroup", "listAffinityGroups", "createAffinityGroup", "expungeVirtualMachine", "listApis", "removeIpFromNic",
  "addIpToNic", "createTags", table.unpack(BY_A_NETWORK) }
local NAT = { "listPublicIpAddresses", "associateIpAddress", "disassociateIpAddress", "enableStaticNat", "disableStaticNat",
  "deleteTags" }
local FIREWALL = { "listFirewallRules", "createFirewallRule", "deleteFirewallRule" }
local BALANCING = { "listLoadBalancerRules", "listLoadBalancerRuleInstances", "listPublicIpAddresses",
  "createLoadBalancerRule", "deleteLoadBalancerRule", "assignToLoadBalancerRule", "removeFromLoadBalancerRule", "deleteTags" }
-- Verbs that create replay the journal first.
local OF_OTHER_KINDS = { "deleteTemplate", "listTemplates", "deleteTags",
  "deleteNetwork", "listSnapshots", "deleteSnapshot", "listPublicIpAddresses", "disassociateIpAddress", "disableStaticNat",
  "listFirewallRules", "deleteFirewallRule", "listLoadBalancerRules", "listLoadBalancerRuleInstances",
  "removeFromLoadBalancerRule", "deleteLoadBalancerRule" }
local RECOVERY = table.move(CLEAN_UP, 1, #CLEAN_UP, #OF_OTHER_KINDS + 1, table.move(OF_OTHER_KINDS, 1, #OF_OTHER_KINDS, 1, {}))

local permissions = {
  { verbs = { "info", "ping", "configure_networks" }, always = {} },
  { verbs = {}, title = "every other verb", always_asked = true, always = {}, sometimes = {
    { when = "for a project that is configured by name", commands = { "listProjects" }, property = "project" },
    { when = "for a domain that is configured by name", commands = { "listDomains" }, property = "domain" },
    { when = "for an account that is configured by id", commands = { "listAccounts" }, property = "account" } } },
  { verbs = { "create_stemcell" }, always = { "listZones", "listOsTypes", "listHypervisors", "getUploadParamsForTemplate",
    "createTags", "listTemplates", JOB }, sometimes = {
    { when = "as the stemcell policy says", commands = { "registerTemplate" } },
    { when = "for several zones", commands = { "copyTemplate", "listCapabilities" } } } },
  { verbs = { "delete_stemcell" }, always = { "listTemplates", "deleteTemplate", JOB }, sometimes = {
    { when = "while VMs of it are there", commands = { "listVirtualMachines" } } } },
  { verbs = { "create_vm" }, always = { "listZones", "listServiceOfferings", "listDiskOfferings", "listNetworks",
    "listTemplates", "listCapabilities", "listVolumes", "listVirtualMachines", "deployVirtualMachine", "startVirtualMachine",
    "createTags", JOB }, sometimes = {
    { when = "for key pairs", commands = { "listSSHKeyPairs" } },
    { when = "for affinity groups", commands = { "listAffinityGroups", "createAffinityGroup" } },
    { when = "as the ip_conflict policy says", commands = { "expungeVirtualMachine" } },
    { when = "where an offering has no room", commands = { "changeServiceForVirtualMachine" } } },
    admin = { "listHosts", "listStoragePools" } },
  { verbs = { "create_vm", "create_disk" }, always = {}, sometimes = {
    { when = "for policies that need limits", commands = { "listAccounts" } },
    { when = "for policies that need limits, of a project", commands = { "listProjects" } },
    { when = "for policies that need counts", commands = { "listVirtualMachines" } } }, admin = { "listHosts" } },
  { verbs = { "create_vm", "delete_vm" }, always = {}, sometimes = {
    { when = "for vip networks", commands = NAT },
    { when = "for firewall_rules", commands = FIREWALL },
    { when = "for lbs", commands = BALANCING } } },
  { verbs = { "create_vm" }, always = {}, sometimes = {
    { when = "for several addresses on a NIC", commands = { "addIpToNic" } },
    { when = "for several addresses on a NIC, when an answer is lost", commands = { "listNics" } },
    { when = "for several addresses on a NIC, with a dynamic network among them", commands = { "updateVirtualMachine" } } } },
  { verbs = { "create_vm" }, always = {}, sometimes = {
    { when = "for security_groups", commands = { "listSecurityGroups" } },
    { when = "in a zone without its stemcell's template", commands = { "copyTemplate", "deleteTags" } },
    { when = "when the copy of a template fails", commands = { "deleteTemplate" } } } },
  { verbs = { "delete_vm" }, always = { "listVirtualMachines", "listVolumes", "listCapabilities", "listTags", "destroyVirtualMachine",
    "deleteVolume", JOB }, sometimes = {
    { when = "expunge policy release", commands = { "stopVirtualMachine", "updateVmNicIp", "updateVirtualMachine" } },
    { when = "expunge policy wait, and after an expunge that failed", commands = { "listNics" } },
    { when = "before CloudStack 4.16", commands = { "detachVolume" } },
    { when = "when create_vm was killed, or an expunge failed", commands = { "createTags" } },
    { when = "for affinity groups", commands = { "deleteAffinityGroup", "listAffinityGroups" } },
    { when = "to see whether the role has destroyVirtualMachine", commands = { "listApis" } },
    { when = "for a VM with several addresses on a NIC", commands = { "removeIpFromNic" } },
    { when = "for a VM with several addresses on a NIC, where its destroy fails", commands = { "addIpToNic" } },
    { when = "where VMs leave by a network without addresses: cloudstack.parking.network, or the expunge policy",
      commands = BY_A_NETWORK } } },
  { verbs = { "create_stemcell", "create_vm", "create_disk", "create_network", "snapshot_disk", "delete_vm" }, always = {},
    sometimes = { { when = "when it fails, or a process before it was killed", commands = RECOVERY } } },
  { verbs = { "create_network" }, always = { "listZones", "listNetworkOfferings", "listNetworks", "createNetwork", "createTags", JOB },
    sometimes = {
    { when = "for a tier", commands = { "listVPCs", "listNetworkACLLists" } },
    { when = "when it fails", commands = { "deleteNetwork" } } } },
  { verbs = { "delete_network" }, always = { "listNetworks", "deleteNetwork", JOB }, sometimes = {
    { when = "when VMs are in it", commands = { "listVirtualMachines", "createTags" } } } },
  { verbs = { "has_vm" }, always = { "listVirtualMachines" } },
  { verbs = { "reboot_vm" }, always = { "listVirtualMachines", "rebootVirtualMachine", "startVirtualMachine", JOB } },
  { verbs = { "set_vm_metadata" }, always = { "listVirtualMachines", "createTags", "deleteTags", JOB } },
  { verbs = { "create_disk" }, always = { "listZones", "listDiskOfferings", "listServiceOfferings", "listVirtualMachines",
    "listVolumes", "listCapabilities", "createVolume", "createTags", JOB } },
  { verbs = { "delete_disk" }, always = { "listVolumes", "deleteVolume" }, sometimes = {
    { when = "while something is under way on the disk", commands = { JOB } },
    { when = "where it is not deleted", commands = { "createTags" } } } },
  { verbs = { "has_disk" }, always = { "listVolumes" } },
  { verbs = { "attach_disk" }, always = { "listVirtualMachines", "listVolumes", "attachVolume", "createTags", JOB }, sometimes = {
    { when = "to explain a refusal", commands = { "listDiskOfferings" } },
    { when = "for a disk that could not be deleted", commands = { "deleteTags" } } },
    admin = { "listHosts", "listStoragePools", "listDiskOfferings", "migrateVolume" } },
  { verbs = { "detach_disk" }, always = { "listVirtualMachines", "listVolumes", "detachVolume", JOB } },
  { verbs = { "get_disks" }, always = { "listVirtualMachines", "listVolumes" } },
  { verbs = { "set_disk_metadata" }, always = { "listVolumes", "createTags", "deleteTags", JOB } },
  { verbs = { "resize_disk" }, always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume", JOB }, sometimes = {
    { when = "for a disk whose own offering cannot grow", commands = { "changeOfferingForVolume" } } } },
  { verbs = { "update_disk" }, always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume",
    "changeOfferingForVolume", JOB } },
  { verbs = { "snapshot_disk" }, always = { "listVolumes", "createSnapshot", JOB }, sometimes = {
    { when = "where its job does not report the end", commands = { "listSnapshots" } },
    { when = "before CloudStack 4.15", commands = { "createTags" } },
    { when = "when it fails", commands = { "deleteSnapshot" } } } },
  { verbs = { "delete_snapshot" }, always = { "deleteSnapshot", JOB }, sometimes = {
    { when = "where the answer is lost, or for a name", commands = { "listSnapshots" } } } },
  { verbs = { "calculate_vm_cloud_properties" }, always = { "listZones", "listServiceOfferings", "listDiskOfferings",
    "listCapabilities" } },
  { verbs = {}, title = "cpi doctor", always_asked = true, always = {}, sometimes = {
    { when = "to find out what is wrong, and how much is left", commands = { "listApis", "listCapabilities", "listDiskOfferings",
      "listNetworks", "listOsTypes", "listServiceOfferings", "listSSHKeyPairs", "listTemplates", "listZones", "listHypervisors",
      "listAccounts", "listVirtualMachines" } } } },
  { verbs = {}, title = "cpi list, cpi cid", always = {}, sometimes = {
    { when = "where they are used", commands = { "listVirtualMachines", "listVolumes", "listTemplates", "listPublicIpAddresses",
      "listSnapshots", "listNetworks" } },
    { when = "for cid --history", commands = { "listEvents", "listAsyncJobs" } } } },
  { verbs = {}, title = "cpi keypair", always = {}, sometimes = {
    { when = "where it is used", commands = { "listSSHKeyPairs", "createSSHKeyPair", "deleteSSHKeyPair", "listVirtualMachines" } } } },
}

-- Commands that the oldest versions of CloudStack do not have: since which they are there.
permissions.since = { changeOfferingForVolume = { 4, 17 } }

-- What a row is about, in words.
function permissions.title(row) return row.title or table.concat(row.verbs, ", ") end

-- The names of all verbs, each once, in order.
function permissions.verbs()
  local seen, list = {}, {}
  for _, row in ipairs(permissions) do
    for _, verb in ipairs(row.verbs) do
      if not seen[verb] then list[#list + 1] = verb end
      seen[verb] = true
    end
  end
  return list
end

-- Whether a role for these verbs (all where there is no list) needs a row.
local function counts(row, verbs)
  if not verbs or row.always_asked then return true end
  for _, verb in ipairs(verbs) do
    if tables.place(row.verbs, verb) then return true end
  end
  return false
end

-- What a row needs, always and in each of its cases.
local function needed_by(row)
  local list = { table.unpack(row.always) }
  for _, case in ipairs(row.sometimes or {}) do table.move(case.commands, 1, #case.commands, #list + 1, list) end
  return list
end

-- The names of the commands that these verbs send (all of them without a list), sorted; those for root admins not.
function permissions.commands(verbs)
  local set, list = {}, {}
  for _, row in ipairs(permissions) do
    for _, name in ipairs(counts(row, verbs) and needed_by(row) or {}) do set[name] = true end
  end
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- The commands of one verb as a set, those for root admins too.
function permissions.of(verb)
  local set = {}
  for _, name in ipairs(permissions.commands { verb }) do set[name] = true end
  for _, row in ipairs(permissions) do
    for _, name in ipairs(counts(row, { verb }) and row.admin or {}) do set[name] = true end
  end
  return set
end

return permissions
