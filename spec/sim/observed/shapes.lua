-- What each command answers when all is well: the key of its object, how many there are, and which fields with
-- which JSON types each role is shown. `top` is the key of the envelope where it is not the command's own.
-- `object` is the key inside it; `inside` names the fields of what the object holds.
local fields = require "spec.sim.observed.fields"
local steps = require "spec.sim.observed.steps"
local call, vm, disk, attach, on_vm, on_disk = steps.call, steps.vm, steps.disk, steps.attach, steps.on_vm, steps.on_disk
local tags, deploy, volume = steps.tags, steps.deploy, steps.volume

local running = { vm "vm-one" }
local attached = { vm "vm-one", disk "disk-1", attach() }
local KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIXa7bE4Ru6HP1M0N2Nq3s8k7zU4h1y0D5bC9oTt1a2B test"

local function upload(name)
  return call("getUploadParamsForTemplate", {
    name = name, displaytext = name, format = "VHD", hypervisor = "$hypervisor", ostypeid = "$ostype", zoneid = "$zone",
  }, { keep = { template = "getuploadparams.id" } })
end

local function register(name)
  return call("registerTemplate", {
    name = name, displaytext = name, url = "http://192.0.2.2:9999/x.vhd.bz2", format = "VHD",
    hypervisor = "$hypervisor", ostypeid = "$ostype", zoneid = "$zone",
  }, { keep = { registered = "template.1.id" } })
end

local all = { id = "$template", templatefilter = "executable", zoneid = "$zone" }

return {
  -- zones, offerings, networks, templates
  { "a user's zone", call "listZones", object = "zone", list = true, fields = fields.zone_user },
  { "a root admin's zone", call("listZones", {}, { by = "admin" }), object = "zone", list = true,
    fields = fields.zone_admin },
  { "a user's capabilities", call "listCapabilities", object = "capability", fields = fields.capability_user },
  { "a root admin's capabilities", call("listCapabilities", {}, { by = "admin" }), object = "capability",
    fields = fields.capability_admin },
  { "a service offering", call("listServiceOfferings", { name = "shared.small" }), object = "serviceoffering",
    list = true, fields = fields.service_offering },
  { "a service offering to a root admin", call("listServiceOfferings", { name = "shared.small" }, { by = "admin" }),
    object = "serviceoffering", list = true, fields = fields.service_offering },
  { "a fixed disk offering", call("listDiskOfferings", { name = "shared.small" }), object = "diskoffering",
    list = true, fields = fields.disk_offering },
  { "a custom disk offering", call("listDiskOfferings", { name = "shared.custom" }), object = "diskoffering",
    list = true, fields = fields.disk_offering },
  { "an isolated network", call("listNetworks", { id = "$net.bosh-net" }), object = "network", list = true,
    fields = fields.network_isolated_user, inside = { service = fields.network_service } },
  { "a shared network", call("listNetworks", { id = "$net.shared-net" }), object = "network", list = true,
    fields = fields.network_shared_user },
  { "an operating system", call "listOsTypes", object = "ostype",
    list = true, any_count = true, fields = fields.os_type },
  { "a built-in template to a user", call("listTemplates", all), object = "template", list = true,
    fields = fields.template_builtin_user, inside = { downloaddetails = fields.download_user } },
  { "a built-in template to a root admin", call("listTemplates", all, { by = "admin" }), object = "template",
    list = true, fields = fields.template_builtin_admin, inside = { downloaddetails = fields.download_admin } },
  { "a template that is registered by URL", register "stemcell-1", object = "template", list = true,
    fields = fields.template_registered_user },
  { "a template that waits for its upload", given = { upload "up1" },
    call("listTemplates", { id = "$template", templatefilter = "self", zoneid = "$zone" }), object = "template",
    list = true, fields = fields.template_uploading_user },
  { "where a template is to be uploaded", upload "up1", top = "postuploadtemplateresponse",
    object = "getuploadparams", fields = fields.upload },

  -- virtual machines
  { "a Running VM to its user", given = running, call("listVirtualMachines", { id = "$vm" }),
    object = "virtualmachine", list = true, fields = fields.vm_running_user, inside = { nic = fields.vm_nic_running } },
  { "a Running VM to a root admin", given = running, call("listVirtualMachines", { id = "$vm" }, { by = "admin" }),
    object = "virtualmachine", list = true, fields = fields.vm_running_admin, inside = { nic = fields.vm_nic_running } },
  { "a Running VM with details=all", given = running,
    call("listVirtualMachines", { id = "$vm", details = "all" }), object = "virtualmachine", list = true,
    fields = fields.vm_running_user },
  { "a Running VM with details=min", given = running,
    call("listVirtualMachines", { id = "$vm", details = "min" }), object = "virtualmachine", list = true,
    fields = fields.vm_min_user },
  { "a Stopped VM to its user", given = { vm "vm-one", on_vm "stopVirtualMachine" },
    call("listVirtualMachines", { id = "$vm" }), object = "virtualmachine", list = true,
    fields = fields.vm_stopped_user, inside = { nic = fields.vm_nic_stopped } },
  { "a Stopped VM to a root admin", given = { vm "vm-one", on_vm "stopVirtualMachine" },
    call("listVirtualMachines", { id = "$vm" }, { by = "admin" }), object = "virtualmachine", list = true,
    fields = fields.vm_stopped_admin, inside = { nic = fields.vm_nic_stopped } },
  { "a Destroyed VM to a root admin", given = { vm "vm-one", on_vm "destroyVirtualMachine" },
    call("listVirtualMachines", { id = "$vm" }, { by = "admin" }), object = "virtualmachine", list = true,
    fields = fields.vm_destroyed_admin, inside = { nic = fields.vm_nic_stopped } },
  { "a Destroyed VM to a user who may see it", settings = { ["allow.user.view.destroyed.vm"] = true },
    given = { vm "vm-one", on_vm "destroyVirtualMachine" }, call("listVirtualMachines", { id = "$vm" }),
    object = "virtualmachine", list = true, fields = fields.vm_destroyed_user },
  { "a VM in Error to its user", given = { deploy("vm-ipout", { ipaddress = "10.9.9.9" }, { fails = true }) },
    call("listVirtualMachines", { name = "vm-ipout" }), object = "virtualmachine", list = true,
    fields = fields.vm_error_user },
  { "a VM in Error to a root admin", given = { deploy("vm-ipout", { ipaddress = "10.9.9.9" }, { fails = true }) },
    call("listVirtualMachines", { name = "vm-ipout", listall = true }, { by = "admin" }), object = "virtualmachine",
    list = true, fields = fields.vm_error_admin },
  { "a tag inside a VM", given = { vm "vm-one", tags("createTags", "$vm", "UserVm", "director", "d1") },
    call("listVirtualMachines", { id = "$vm" }), object = "virtualmachine", list = true,
    fields = fields.vm_running_user, inside = { tags = fields.tag_inside } },
  { "the NIC of a VM", given = running, call("listNics", { virtualmachineid = "$vm" }), object = "nic", list = true,
    fields = fields.nic },
  { "a VM that is renamed", given = running, on_vm("updateVirtualMachine", { displayname = "other" }),
    object = "virtualmachine", fields = fields.vm_running_user },
  { "a VM that a root admin recovers", given = { vm "vm-one", on_vm "destroyVirtualMachine" },
    on_vm("recoverVirtualMachine", {}, { by = "admin" }), object = "virtualmachine", fields = fields.vm_stopped_admin },

  -- volumes
  { "an Allocated volume to its user", given = { disk "disk-1" }, call("listVolumes", { id = "$disk" }),
    object = "volume", list = true, fields = fields.volume_detached_user },
  { "an Allocated volume to a root admin", given = { disk "disk-1" },
    call("listVolumes", { id = "$disk" }, { by = "admin" }), object = "volume", list = true,
    fields = fields.volume_allocated_admin },
  { "an attached volume to its user", given = attached, call("listVolumes", { id = "$disk" }), object = "volume",
    list = true, fields = fields.volume_attached_user },
  { "an attached volume to a root admin", given = attached, call("listVolumes", { id = "$disk" }, { by = "admin" }),
    object = "volume", list = true, fields = fields.volume_attached_admin },
  { "a detached volume to its user", given = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume" },
    call("listVolumes", { id = "$disk" }), object = "volume", list = true, fields = fields.volume_detached_user },
  { "a detached volume to a root admin", given = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume" },
    call("listVolumes", { id = "$disk" }, { by = "admin" }), object = "volume", list = true,
    fields = fields.volume_ready_admin },
  { "a root volume to its user", given = running, call("listVolumes", { virtualmachineid = "$vm", type = "ROOT" }),
    object = "volume", list = true, fields = fields.volume_root_user },
  { "a root volume to a root admin", given = running,
    call("listVolumes", { virtualmachineid = "$vm", type = "ROOT", listall = true }, { by = "admin" }),
    object = "volume", list = true, fields = fields.volume_root_admin },
  { "the root volume of a VM that never started", given = { vm("vm-one", { startvm = false }) },
    call("listVolumes", { virtualmachineid = "$vm" }), object = "volume", list = true,
    fields = fields.volume_root_unplaced_user },
  { "a volume that a user recovers",
    given = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume", on_disk("destroyVolume", { expunge = false }) },
    on_disk "recoverVolume", object = "volume", fields = fields.volume_recovered_user },
  { "a volume that is deleted", given = { disk "disk-1" }, on_disk "deleteVolume", fields = fields.success },

  -- tags and keys
  { "a tag", given = { vm "vm-one", tags("createTags", "$vm", "UserVm", "director", "d1") },
    call("listTags", { resourceid = "$vm", resourcetype = "UserVm" }), object = "tag", list = true,
    fields = fields.tag_listed },
  { "an SSH key", call("listSSHKeyPairs", { name = "bosh" }), object = "sshkeypair", list = true,
    fields = fields.keypair },
  { "an SSH key that is registered", call("registerSSHKeyPair", { name = "another", publickey = KEY }),
    object = "keypair", fields = fields.keypair },
  { "an SSH key that is deleted", given = { call("registerSSHKeyPair", { name = "another", publickey = KEY }) },
    call("deleteSSHKeyPair", { name = "another" }), fields = fields.success },

  -- what an asynchronous command answers at once
  { "the start of deployVirtualMachine", deploy "vm-one", started = true, fields = fields.created },
  { "the start of createVolume", volume "disk-1", started = true, fields = fields.created },
  { "the start of attachVolume", given = { vm "vm-one", disk "disk-1" }, attach(), started = true,
    fields = fields.started },
  { "the start of detachVolume", given = attached, on_disk "detachVolume", started = true, fields = fields.started },
  { "the start of resizeVolume", given = { disk "disk-1" }, on_disk("resizeVolume", { size = 2 }), started = true,
    fields = fields.started },
  { "the start of destroyVolume", given = { disk "disk-1" }, on_disk "destroyVolume", started = true,
    fields = fields.started },
  { "the start of stopVirtualMachine", given = running, on_vm "stopVirtualMachine", started = true,
    fields = fields.started },
  { "the start of rebootVirtualMachine", given = running, on_vm "rebootVirtualMachine", started = true,
    fields = fields.started },
  { "the start of destroyVirtualMachine", given = running, on_vm "destroyVirtualMachine", started = true,
    fields = fields.started },
  { "the start of expungeVirtualMachine", given = { vm "vm-one", on_vm "destroyVirtualMachine" },
    on_vm("expungeVirtualMachine", {}, { by = "admin" }), started = true, fields = fields.started },
  { "the start of createTags", given = running, tags("createTags", "$vm", "UserVm", "a", "b"), started = true,
    fields = fields.started },
  { "the start of deleteTemplate", given = { register "stemcell-1" },
    call("deleteTemplate", { id = "$registered" }), started = true, fields = fields.started },
}
