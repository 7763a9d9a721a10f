-- What queryAsyncJobResult and listAsyncJobs say of a job: while it runs, when it succeeded (with the object that
-- each command leaves in it), when it failed, and when the management server died under it.
local fields = require "spec.sim.observed.fields"
local steps = require "spec.sim.observed.steps"
local call, vm, disk, attach, on_vm, on_disk = steps.call, steps.vm, steps.disk, steps.attach, steps.on_vm, steps.on_disk
local tags, deploy, volume = steps.tags, steps.deploy, steps.volume

local USER = "org.apache.cloudstack.api.command.user."
local ADMIN = "org.apache.cloudstack.api.command.admin."
local attached = { vm "vm-one", disk "disk-1", attach() }
local stopped = {
  vm "vm-one", on_vm "stopVirtualMachine",
  call("listNics", { virtualmachineid = "$vm" }, { keep = { nic = "nic.1.id" } }),
}

local jobs = {}

-- name, the call, its class, the kind of thing it works on, the key and fields of its result
jobs.successes = {
  { "deployVirtualMachine", deploy "vm-one", cmd = USER .. "vm.DeployVMCmd", instance = "VirtualMachine",
    object = "virtualmachine", fields = fields.vm_job_running_user, inside = { nic = fields.vm_nic_running } },
  { "deployVirtualMachine by a root admin", deploy("vm-one", steps.on_behalf(), { by = "admin" }),
    cmd = ADMIN .. "vm.DeployVMCmdByAdmin", instance = "VirtualMachine", object = "virtualmachine",
    fields = fields.vm_job_running_admin, inside = { nic = fields.vm_nic_running } },
  { "deployVirtualMachine with startvm=false", deploy("vm-one", { startvm = false }), cmd = USER .. "vm.DeployVMCmd",
    instance = "VirtualMachine", object = "virtualmachine", fields = fields.vm_job_unstarted_user },
  { "startVirtualMachine", given = { vm "vm-one", on_vm "stopVirtualMachine" }, on_vm "startVirtualMachine",
    cmd = USER .. "vm.StartVMCmd", instance = "VirtualMachine", object = "virtualmachine",
    fields = fields.vm_job_running_user, inside = { nic = fields.vm_nic_running } },
  { "stopVirtualMachine", given = { vm "vm-one" }, on_vm "stopVirtualMachine", cmd = USER .. "vm.StopVMCmd",
    instance = "VirtualMachine", object = "virtualmachine", fields = fields.vm_job_stopped_user,
    inside = { nic = fields.vm_nic_stopped } },
  { "rebootVirtualMachine", given = { vm "vm-one" }, on_vm "rebootVirtualMachine", cmd = USER .. "vm.RebootVMCmd",
    instance = "VirtualMachine", object = "virtualmachine", fields = fields.vm_job_running_user },
  { "destroyVirtualMachine", given = { vm "vm-one" }, on_vm "destroyVirtualMachine", cmd = USER .. "vm.DestroyVMCmd",
    instance = "VirtualMachine", object = "virtualmachine", fields = fields.vm_job_stopped_user,
    inside = { nic = fields.vm_nic_stopped } },
  { "destroyVirtualMachine with expunge by a root admin", given = { vm "vm-one" },
    on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" }), cmd = ADMIN .. "vm.DestroyVMCmdByAdmin",
    instance = "VirtualMachine", object = "virtualmachine", fields = fields.vm_gone },
  { "expungeVirtualMachine", given = { vm "vm-one", on_vm "destroyVirtualMachine" },
    on_vm("expungeVirtualMachine", {}, { by = "admin" }), cmd = ADMIN .. "vm.ExpungeVMCmd",
    instance = "VirtualMachine", fields = fields.success },
  { "updateVmNicIp", given = stopped, call("updateVmNicIp", { nicid = "$nic", ipaddress = "10.0.0.199" }),
    cmd = USER .. "vm.UpdateVmNicIpCmd", object = "virtualmachine", fields = fields.vm_nic_ip_user,
    inside = { nic = fields.vm_nic_stopped } },
  { "createVolume", volume "disk-1", cmd = USER .. "volume.CreateVolumeCmd", instance = "Volume", object = "volume",
    fields = fields.volume_created_user },
  { "createVolume by a root admin", volume("disk-1", {}, { by = "admin" }),
    cmd = ADMIN .. "volume.CreateVolumeCmdByAdmin", instance = "Volume", object = "volume",
    fields = fields.volume_allocated_admin },
  { "attachVolume", given = { vm "vm-one", disk "disk-1" }, attach(), cmd = USER .. "volume.AttachVolumeCmd",
    instance = "Volume", object = "volume", fields = fields.volume_attach_job_user },
  { "detachVolume", given = attached, on_disk "detachVolume", cmd = USER .. "volume.DetachVolumeCmd",
    instance = "Volume", object = "volume", fields = fields.volume_job_user },
  { "resizeVolume", given = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume" },
    on_disk("resizeVolume", { size = 3 }), cmd = USER .. "volume.ResizeVolumeCmd", instance = "Volume",
    object = "volume", fields = fields.volume_job_user },
  { "destroyVolume", given = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume" },
    on_disk("destroyVolume", { expunge = false }),
    cmd = USER .. "volume.DestroyVolumeCmd", instance = "Volume", object = "volume", fields = fields.volume_job_user },
  { "createTags", given = { vm "vm-one" }, tags("createTags", "$vm", "UserVm", "a", "b"),
    cmd = USER .. "tag.CreateTagsCmd", fields = fields.success },
  { "deleteTags", given = { vm "vm-one", tags("createTags", "$vm", "UserVm", "a", "b") },
    tags("deleteTags", "$vm", "UserVm", "a"), cmd = USER .. "tag.DeleteTagsCmd", fields = fields.success },
  { "deleteTemplate",
    given = { call("registerTemplate", {
      name = "stemcell-1", displaytext = "stemcell", url = "http://192.0.2.2:9999/x.vhd.bz2", format = "VHD",
      hypervisor = "$hypervisor", ostypeid = "$ostype", zoneid = "$zone",
    }, { keep = { registered = "template.1.id" } }) },
    call("deleteTemplate", { id = "$registered" }), cmd = USER .. "template.DeleteTemplateCmd",
    instance = "Template", fields = fields.success },
}

-- A job that runs, failed or was killed: what its own reply shows, and the rows of listAsyncJobs.
jobs.lives = {
  { "a job that runs", given = { deploy("vm-one", {}, { as = "vm", pending = true }) },
    call("queryAsyncJobResult", { jobid = "$vm.job" }), fields = fields.job_pending,
    has = { jobstatus = 0, jobresultcode = 0, jobprocstatus = 0, cmd = USER .. "vm.DeployVMCmd", account = "bosh" } },
  { "a job that runs, in the user's list", given = { deploy("vm-one", {}, { as = "vm", pending = true }) },
    call "listAsyncJobs", object = "asyncjobs", list = true, fields = fields.job_pending,
    has = { ["asyncjobs.1.jobid"] = "$vm.job", ["asyncjobs.1.jobstatus"] = 0 } },
  { "a job that succeeded", given = { deploy("vm-one", {}, { as = "vm" }) },
    call("queryAsyncJobResult", { jobid = "$vm.job" }), fields = fields.job_done,
    has = { jobstatus = 1, jobresultcode = 0, jobprocstatus = 0, jobresulttype = "object",
      jobinstancetype = "VirtualMachine", jobinstanceid = "$vm" } },
  { "a job that failed",
    given = { vm "vm-one", on_vm("startVirtualMachine", {}, { as = "start", fails = true }) },
    call("queryAsyncJobResult", { jobid = "$start.job" }), fields = fields.job_done,
    has = { jobstatus = 2, jobresultcode = 431, jobprocstatus = 0, ["jobresult.errorcode"] = 431 } },
  { "the error in a job that failed",
    given = { vm "vm-one", on_vm("startVirtualMachine", {}, { as = "start", fails = true }) },
    call("queryAsyncJobResult", { jobid = "$start.job" }), part = "jobresult", fields = fields.job_error },
  { "a job that died with the management server",
    given = { deploy("vm-one", {}, { as = "vm", pending = true }), { restart = true } },
    call("queryAsyncJobResult", { jobid = "$vm.job" }), fields = fields.job_killed,
    has = { jobstatus = 2, jobresultcode = 530, jobprocstatus = 0 } },
}

return jobs
