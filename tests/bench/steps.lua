-- Every verb's sequential steps and why each of them has to be. A spec holds this list against what the verbs really do
-- (spec/across/steps_spec.lua), the bench prints it. Looks at jobs, and waiting for them, are no steps.
--   { verb, what, { { requests, reason }, ... }, scenario = name of one in tests/faults/scenarios.lua where `what` is none,
--     arguments = function(stage) in the scenario's place, settings = laid over the configuration }

local LOOK = "names become ids; all questions at once"

-- One network, no disk: the create_vm of the budget.
local function plain(stage, ip)
  local order = stage:order({}, stage:networks(ip))
  order[3] = { compute_offering = "shared.small" }
  return order
end

local CACHED = { cloudstack = { cache_age = 300 } }
local DEPLOY = { "deployVirtualMachine", "makes it, stopped: what finds no room keeps nothing that cannot be moved" }
local START = { "createTags, startVirtualMachine", "the act; a tag wants the id, which the deploy's answer has" }
local MOST = "listCapabilities, listNetworks, listServiceOfferings, listTemplates, listZones"
local VM_LOOK = { "listVirtualMachines", "the VM's id and state" }
local DISK_LOOK = { "listVolumes", "the disk's id and state" }
local LEAVE = { "listApis, listCapabilities, listTags, listVirtualMachines, listVolumes",
  "the VM, what forbids its removal, what it left outside itself; what an earlier, killed delete left" }
local OF_VM = { "listVolumes", "which disks were made with it; wants the VM's id" }

return {
  { "info", "", {}, scenario = false },
  { "ping", "", {}, scenario = false },
  { "create_vm", "one network, cold", { { MOST, LOOK }, DEPLOY, START }, arguments = plain, settings = CACHED },
  { "create_vm", "one network, warm cache", { DEPLOY, START }, settings = CACHED, arguments = function(stage)
    stage:good("create_vm", plain(stage, "10.0.0.12"))
    return plain(stage)
  end },
  { "create_vm", "an ephemeral disk", {
    { (MOST:gsub("listNetworks", "listDiskOfferings, %0")), LOOK }, DEPLOY,
    { "createTags, listVolumes, startVirtualMachine", START[2] .. "; the disk that CloudStack makes with it has no name of ours" },
    { "createTags", "that disk's tag, while the VM starts" },
  }, scenario = "an address of its own, an ephemeral disk" },
  { "create_vm", "two addresses on a NIC", { { MOST, LOOK }, DEPLOY,
    { "addIpToNic", "the NIC has to be there; all further addresses at once, before the VM starts" }, START } },
  { "delete_vm", "a user's", { LEAVE,
    { "listVolumes, stopVirtualMachine", OF_VM[2] .. "; only a stopped VM gives its address back" },
    { "updateVmNicIp", "the address is free at once; a user may not expunge" },
    { "destroyVirtualMachine", "the act" },
    { "deleteVolume, updateVirtualMachine", "only a destroyed VM lets its disk go; its name is free, not before, because a "
      .. "delete that is repeated finds it by name" },
  } },
  { "delete_vm", "may expunge", { LEAVE, OF_VM, { "destroyVirtualMachine", "the act; address and name are free with it" },
    { "deleteVolume", "the disk made with it, which only a destroyed VM lets go" } } },
  { "delete_vm", "gone", { LEAVE } },
  { "has_vm", "there", { { "listVirtualMachines", "the question" } } },
  { "reboot_vm", "", { VM_LOOK, { "rebootVirtualMachine", "the act" } }, scenario = false },
  { "set_vm_metadata", "new", { VM_LOOK, { "createTags", "the act" } } },
  { "set_vm_metadata", "changed", { VM_LOOK, { "deleteTags", "CloudStack refuses a tag whose key is there" },
    { "createTags", "the act" } } },
  { "create_disk", "for a VM", {
    { "listCapabilities, listDiskOfferings, listServiceOfferings, listVirtualMachines, listZones", LOOK },
    { "createVolume", "the act" },
    { "createTags", "while the job runs: a tag wants the id, which createVolume's answer has" } } },
  { "attach_disk", "new", {
    { "listVirtualMachines, listVolumes", LOOK .. "; is it attached already?" },
    { "attachVolume, createTags", "the act; its job says the device. The mark that BOSH has the disk" } } },
  { "attach_disk", "again", { { "listVirtualMachines, listVolumes", "it is attached: the device is known" } } },
  { "detach_disk", "", { { "listVirtualMachines, listVolumes", LOOK .. "; is it on that VM?" }, { "detachVolume", "the act" } },
    scenario = false },
  { "delete_disk", "", { DISK_LOOK, { "deleteVolume", "the act" } }, scenario = false },
  { "has_disk", "there", { { "listVolumes", "the question" } } },
  { "get_disks", "", { VM_LOOK, { "listVolumes", "the question; wants the VM's id" } }, scenario = false },
  { "set_disk_metadata", "", { DISK_LOOK, { "createTags", "the act" } }, scenario = false },
  { "resize_disk", "", { { "listCapabilities, listDiskOfferings, listVolumes", LOOK }, { "resizeVolume", "the act" } },
    scenario = false },
  { "update_disk", "", { { "listCapabilities, listDiskOfferings, listVolumes", LOOK }, { "resizeVolume", "the act" } },
    scenario = false },
  { "snapshot_disk", "", { DISK_LOOK, { "createSnapshot", "the act" } }, scenario = false },
  { "delete_snapshot", "", { { "deleteSnapshot", "the act: the CID is CloudStack's id" } }, scenario = false },
  { "create_stemcell", "uploaded", {
    { "listOsTypes, listTemplates, listZones", LOOK .. "; is the image there already?" },
    { "listHypervisors", "has the zone a host that runs it? its id must be known; else the template would be hidden and never ready" },
    { "getUploadParamsForTemplate", "makes the empty template, and says where its image goes" },
    { "createTags", "before the long part, so that others see who makes it" },
    { "listTemplates", "did somebody else begin the same? after our own mark, else both go on" },
    { "upload", "the act" },
    { "createTags", "the image's checksum, worked out while CloudStack takes the image over" },
    { "listTemplates", "is it ready? asked until it is" },
  } },
  { "create_stemcell", "light", { { "listZones", "the zones' ids" }, { "listTemplates", "is the template there, in them?" } } },
  { "delete_stemcell", "", { { "listTemplates", "the template's id" }, { "deleteTemplate", "the act" } }, scenario = false },
  { "create_network", "", { { "listNetworkOfferings, listNetworks, listZones", LOOK }, { "createNetwork", "the act" },
    { "createTags", "a tag wants the id" } }, scenario = false },
  { "delete_network", "", { { "listNetworks", "is it ours?" }, { "deleteNetwork", "the act" } }, scenario = false },
  { "calculate_vm_cloud_properties", "", { { "listCapabilities, listDiskOfferings, listServiceOfferings, listZones",
    LOOK } }, scenario = false },
  { "configure_networks", "", {}, scenario = false },
}
