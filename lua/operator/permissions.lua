-- Which CloudStack commands each verb sends: what a role for the CPI must allow. `sometimes` is needed in the case that
-- `when` names, and only with one of `properties` (of cloudstack) configured, where there are some; `admin` is sent for a
-- root admin only, and no other role needs it. The table of docs/install.md is made of this (`make contract`), and
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
  "deleteTags", "listFirewallRules", "createFirewallRule", "deleteFirewallRule" }
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
  { verbs = {}, title = "every other verb", always_asked = true, always = {}, sometimes = { "listProjects", "listDomains", "listAccounts" },
    when = "for a project or domain that is configured by name, an account by id", properties = { "project", "domain", "account" } },
  { verbs = { "create_stemcell" }, always = { "listZones", "listOsTypes", "listHypervisors", "getUploadParamsForTemplate",
    "createTags", "listTemplates", JOB }, sometimes = { "registerTemplate", "copyTemplate", "listCapabilities" },
    when = "as the stemcell policy says; for several zones" },
  { verbs = { "delete_stemcell" }, always = { "listTemplates", "deleteTemplate", JOB }, sometimes = { "listVirtualMachines" },
    when = "while VMs of it are there" },
  { verbs = { "create_vm" }, always = { "listZones", "listServiceOfferings", "listDiskOfferings", "listNetworks",
    "listTemplates", "listCapabilities", "listVolumes", "listVirtualMachines", "deployVirtualMachine", "startVirtualMachine",
    "createTags", JOB },
    sometimes = { "listSSHKeyPairs", "listAffinityGroups", "createAffinityGroup", "expungeVirtualMachine",
      "changeServiceForVirtualMachine" },
    when = "for key pairs, affinity groups, the ip_conflict policy; the last where an offering has no room",
    admin = { "listHosts", "listStoragePools" } },
  { verbs = { "create_vm", "create_disk" }, always = {}, sometimes = { "listAccounts", "listProjects", "listVirtualMachines" },
    when = "for policies that need limits the first or the second, for those that need counts the last", admin = { "listHosts" } },
  { verbs = { "create_vm", "delete_vm" }, always = {}, sometimes = NAT,
    when = "for vip networks; those of firewall rules are the last three" },
  { verbs = { "create_vm", "delete_vm" }, always = {}, sometimes = BALANCING, when = "for lbs" },
  { verbs = { "create_vm" }, always = {}, sometimes = { "addIpToNic", "listNics", "updateVirtualMachine" },
    when = "for several addresses on a NIC; the second when an answer is lost, the third for a dynamic network among them" },
  { verbs = { "create_vm" }, always = {}, sometimes = { "listSecurityGroups" }, when = "for security_groups" },
  { verbs = { "create_vm" }, always = {}, sometimes = { "copyTemplate", "deleteTemplate", "deleteTags" },
    when = "in a zone without its stemcell's template; the second when the copy fails" },
  { verbs = { "delete_vm" }, always = { "listVirtualMachines", "listVolumes", "listCapabilities", "listTags", "destroyVirtualMachine",
    "deleteVolume", JOB }, sometimes = { "stopVirtualMachine", "updateVmNicIp", "updateVirtualMachine", "listNics",
    "detachVolume", "createTags", "deleteAffinityGroup", "listAffinityGroups", "listApis", "removeIpFromNic",
    "addIpToNic" },
    when = "expunge policy: the first three for release, the fourth for wait and after an expunge that failed; the fifth before 4.16; "
    .. "the sixth when create_vm was killed, or an expunge failed; the next two for affinity groups; listApis to see whether the "
    .. "role has destroyVirtualMachine; the last two for a VM with several addresses on a NIC, the very last where its destroy fails" },
  { verbs = { "delete_vm" }, always = {}, sometimes = BY_A_NETWORK,
    when = "where VMs leave by a network without addresses: cloudstack.parking.network, or the expunge policy" },
  { verbs = { "create_stemcell", "create_vm", "create_disk", "create_network", "snapshot_disk", "delete_vm" }, always = {},
    sometimes = RECOVERY, when = "when it fails, or a process before it was killed" },
  { verbs = { "create_network" }, always = { "listZones", "listNetworkOfferings", "listNetworks", "createNetwork", "createTags", JOB },
    sometimes = { "listVPCs", "listNetworkACLLists", "deleteNetwork" }, when = "for a tier the first two, when it fails the last" },
  { verbs = { "delete_network" }, always = { "listNetworks", "deleteNetwork", JOB },
    sometimes = { "listVirtualMachines", "createTags" }, when = "when VMs are in it" },
  { verbs = { "has_vm" }, always = { "listVirtualMachines" } },
  { verbs = { "reboot_vm" }, always = { "listVirtualMachines", "rebootVirtualMachine", "startVirtualMachine", JOB } },
  { verbs = { "set_vm_metadata" }, always = { "listVirtualMachines", "createTags", "deleteTags", JOB } },
  { verbs = { "create_disk" }, always = { "listZones", "listDiskOfferings", "listServiceOfferings", "listVirtualMachines",
    "listVolumes", "listCapabilities", "createVolume", "createTags", JOB } },
  { verbs = { "delete_disk" }, always = { "listVolumes", "deleteVolume" }, sometimes = { JOB, "createTags" },
    when = "while something is under way on the disk; where it is not deleted" },
  { verbs = { "has_disk" }, always = { "listVolumes" } },
  { verbs = { "attach_disk" }, always = { "listVirtualMachines", "listVolumes", "attachVolume", "createTags", JOB },
    sometimes = { "listDiskOfferings", "deleteTags" }, when = "to explain a refusal; for a disk that could not be deleted",
    admin = { "listHosts", "listStoragePools", "listDiskOfferings", "migrateVolume" } },
  { verbs = { "detach_disk" }, always = { "listVirtualMachines", "listVolumes", "detachVolume", JOB } },
  { verbs = { "get_disks" }, always = { "listVirtualMachines", "listVolumes" } },
  { verbs = { "set_disk_metadata" }, always = { "listVolumes", "createTags", "deleteTags", JOB } },
  { verbs = { "resize_disk" }, always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume", JOB },
    sometimes = { "changeOfferingForVolume" }, when = "for a disk whose own offering cannot grow" },
  { verbs = { "update_disk" }, always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume",
    "changeOfferingForVolume", JOB } },
  { verbs = { "snapshot_disk" }, always = { "listVolumes", "createSnapshot", JOB }, sometimes = { "listSnapshots", "createTags",
    "deleteSnapshot" }, when = "where its job does not report the end; before 4.15; when it fails" },
  { verbs = { "delete_snapshot" }, always = { "deleteSnapshot", JOB }, sometimes = { "listSnapshots" },
    when = "where the answer is lost, or for a name" },
  { verbs = { "calculate_vm_cloud_properties" }, always = { "listZones", "listServiceOfferings", "listDiskOfferings",
    "listCapabilities" } },
  { verbs = {}, title = "cpi doctor", always_asked = true, always = {}, sometimes = { "listApis", "listCapabilities",
    "listDiskOfferings", "listNetworks", "listOsTypes", "listServiceOfferings", "listSSHKeyPairs", "listTemplates", "listZones",
    "listHypervisors", "listAccounts", "listVirtualMachines" },
    when = "to find out what is wrong, and how much is left" },
  { verbs = {}, title = "cpi list, cpi cid", always = {}, sometimes = { "listVirtualMachines", "listVolumes", "listTemplates",
    "listPublicIpAddresses", "listSnapshots", "listNetworks", "listEvents", "listAsyncJobs" },
    when = "where they are used; the last two for cid --history" },
  { verbs = {}, title = "cpi keypair", always = {}, sometimes = { "listSSHKeyPairs", "createSSHKeyPair", "deleteSSHKeyPair",
    "listVirtualMachines" }, when = "where it is used" },
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

-- The names of the commands that these verbs send (all of them without a list), sorted; those for root admins not.
function permissions.commands(verbs)
  local set, list = {}, {}
  for _, row in ipairs(permissions) do
    for _, part in ipairs(counts(row, verbs) and { row.always, row.sometimes or {} } or {}) do
      for _, name in ipairs(part) do set[name] = true end
    end
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
