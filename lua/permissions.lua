-- Which CloudStack commands each verb sends: what a role for the CPI must allow. `sometimes` is needed in the
-- case that `when` names; `admin` is sent for a root admin only, and no other role needs it.

local JOB = "queryAsyncJobResult"
local CLEAN_UP = { "listCapabilities", "listVirtualMachines", "listVolumes", "destroyVirtualMachine", "deleteVolume",
  "stopVirtualMachine", "updateVmNicIp", "updateVirtualMachine", "listNics", "detachVolume", "listSSHKeyPairs", "listTags",
  "deleteAffinityGroup", "listAffinityGroups", "createAffinityGroup", "expungeVirtualMachine" }
local NAT = { "listPublicIpAddresses", "associateIpAddress", "disassociateIpAddress", "enableStaticNat", "disableStaticNat",
  "deleteTags", "listFirewallRules", "createFirewallRule", "deleteFirewallRule" }
local BALANCING = { "listLoadBalancerRules", "listLoadBalancerRuleInstances", "listPublicIpAddresses",
  "createLoadBalancerRule", "deleteLoadBalancerRule", "assignToLoadBalancerRule", "removeFromLoadBalancerRule", "deleteTags" }
-- Verbs that create replay the journal first.
local RECOVERY = table.move(CLEAN_UP, 1, #CLEAN_UP, 9, { "deleteTemplate", "listTemplates", "deleteTags", "listNetworks",
  "deleteNetwork", "listSnapshots", "deleteSnapshot", "disassociateIpAddress" })

return {
  { verb = "every verb", always = {}, sometimes = { "listProjects", "listDomains", "listAccounts" },
    when = "for a project or domain that is configured by name, an account by id" },
  { verb = "create_stemcell", always = { "listZones", "listOsTypes", "getUploadParamsForTemplate", "createTags",
    "listTemplates", JOB }, sometimes = { "registerTemplate", "copyTemplate", table.unpack(RECOVERY) },
    when = "as the stemcell policy says; for several zones; when it fails, or a process before it was killed" },
  { verb = "delete_stemcell", always = { "listTemplates", "deleteTemplate", JOB }, sometimes = { "listVirtualMachines" },
    when = "while VMs of it are there" },
  { verb = "create_vm", always = { "listZones", "listServiceOfferings", "listDiskOfferings", "listNetworks",
    "listTemplates", "listCapabilities", "listVolumes", "listVirtualMachines", "deployVirtualMachine", "createTags", JOB },
    sometimes = RECOVERY,
    when = "when it fails, or a process before it was killed; the last for affinity groups and the ip_conflict policy",
    admin = { "listHosts", "listStoragePools" } },
  { verb = "create_vm, delete_vm", always = {}, sometimes = NAT, when = "for vip networks; those of firewall rules are the last three" },
  { verb = "create_vm, delete_vm", always = {}, sometimes = BALANCING, when = "for lbs" },
  { verb = "create_vm", always = {}, sometimes = { "listSecurityGroups" }, when = "for security_groups" },
  { verb = "create_vm", always = {}, sometimes = { "copyTemplate", "deleteTemplate", "deleteTags" },
    when = "in a zone without its stemcell's template; the second when the copy fails" },
  { verb = "delete_vm", always = { "listVirtualMachines", "listVolumes", "listCapabilities", "listTags", "destroyVirtualMachine",
    "deleteVolume", JOB }, sometimes = { "stopVirtualMachine", "updateVmNicIp", "updateVirtualMachine", "listNics",
    "detachVolume", "deleteAffinityGroup" }, when = "expunge policy: the first three for release, the fourth for wait; "
    .. "the fifth before 4.16; the last for affinity groups" },
  { verb = "create_network", always = { "listZones", "listNetworkOfferings", "listNetworks", "createNetwork", "createTags", JOB },
    sometimes = { "listVPCs", "listNetworkACLLists", "deleteNetwork" }, when = "for a tier the first two, when it fails the last" },
  { verb = "delete_network", always = { "listNetworks", "deleteNetwork", JOB }, sometimes = { "listVirtualMachines" },
    when = "when VMs are in it" },
  { verb = "has_vm", always = { "listVirtualMachines" } },
  { verb = "reboot_vm", always = { "listVirtualMachines", "rebootVirtualMachine", "startVirtualMachine", JOB } },
  { verb = "set_vm_metadata", always = { "listVirtualMachines", "createTags", "deleteTags", JOB } },
  { verb = "create_disk", always = { "listZones", "listDiskOfferings", "listServiceOfferings", "listVirtualMachines",
    "listVolumes", "listCapabilities", "createVolume", "createTags", JOB }, sometimes = RECOVERY,
    when = "when it, or its tagging, fails, or a process before it was killed" },
  { verb = "delete_disk", always = { "listVolumes", "deleteVolume" } },
  { verb = "has_disk", always = { "listVolumes" } },
  { verb = "attach_disk", always = { "listVirtualMachines", "listVolumes", "attachVolume", JOB },
    sometimes = { "listDiskOfferings" }, when = "to explain a refusal",
    admin = { "listHosts", "listStoragePools", "listDiskOfferings", "migrateVolume" } },
  { verb = "detach_disk", always = { "listVirtualMachines", "listVolumes", "detachVolume", JOB } },
  { verb = "get_disks", always = { "listVirtualMachines", "listVolumes" } },
  { verb = "set_disk_metadata", always = { "listVolumes", "createTags", "deleteTags", JOB } },
  { verb = "resize_disk", always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume", JOB },
    sometimes = { "changeOfferingForVolume" }, when = "for a disk whose own offering cannot grow" },
  { verb = "update_disk", always = { "listVolumes", "listDiskOfferings", "listCapabilities", "resizeVolume",
    "changeOfferingForVolume", JOB } },
  { verb = "snapshot_disk", always = { "listVolumes", "createSnapshot", JOB }, sometimes = { "listSnapshots", "createTags",
    "deleteSnapshot" }, when = "where its job tells less than the end; before 4.15; when it fails" },
  { verb = "delete_snapshot", always = { "deleteSnapshot", JOB }, sometimes = { "listSnapshots" },
    when = "where the answer is lost, or for a name" },
  { verb = "calculate_vm_cloud_properties", always = { "listZones", "listServiceOfferings", "listDiskOfferings",
    "listCapabilities" } },
}
