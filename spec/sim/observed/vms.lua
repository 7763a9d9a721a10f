-- Start, stop, reboot, destroy, expunge, recover, update and new addresses of VMs in every state they were seen in.
local steps = require "spec.sim.observed.steps"
local call, vm, disk, attach, on_vm, deploy = steps.call, steps.vm, steps.disk, steps.attach, steps.on_vm, steps.deploy
local NOBODY, MASKED, ABSENT, unresolved = steps.NOBODY, steps.MASKED, steps.ABSENT, steps.unresolved

local function state(name, has)
  local expected = { ["virtualmachine.1.state"] = name }
  for path, value in pairs(has or {}) do expected[path] = value end
  return { call("listVirtualMachines", { id = "$vm" }, { by = "admin" }), has = expected }
end

local function gone(id)
  return { call("listVirtualMachines", { id = id or "$vm" }, { by = "admin" }), empty = true }
end

local function one_volume(has, id)
  return { call("listVolumes", { id = id or "$disk" }), has = has }
end

local expunge = on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" })
local destroy, stop, start, reboot = on_vm "destroyVirtualMachine", on_vm "stopVirtualMachine", on_vm "startVirtualMachine",
  on_vm "rebootVirtualMachine"
local nic = call("listNics", { virtualmachineid = "$vm" }, { keep = { nic = "nic.1.id" } })
local named = { vm("vm-e5", { ipaddress = "10.0.0.80" }) }
local destroyed = { vm "vm-e1", nic, destroy }
local expunged = { vm "vm-e1", expunge }
local with_disk = { vm "vm-e1", disk "e1-data", attach() }
local in_error = { deploy("err-a", { serviceofferingid = "$offering.nowhere" }, { as = "vm", fails = true }) }
local error_without_nic = {
  deploy("err-b", { ipaddress = "10.9.9.9" }, { fails = true }),
  call("listVirtualMachines", { name = "err-b" }, { keep = { vm = "virtualmachine.1.id" } }),
}

local NOT_STOPPED = "VM is not Stopped, unable to update the vm nic having the specified id"
local NO_ADDRESS = "Allocating IP to guest NIC Nic {..} failed, please choose another IP"
local NO_RIGHT = "Account does not have permission for expunging."
local ONE_JOB = "99a22576-2f0a-4b6c-8f43-6b8f3a2d7c10"

local function new_address(more)
  local parameters = { nicid = "$nic" }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return call("updateVmNicIp", parameters)
end

return {
  -- start, stop, reboot
  { "starting a Stopped VM", given = { vm "vm-e6", stop }, start, has = { ["virtualmachine.state"] = "Running" } },
  { "starting a Running VM fails", given = { vm "vm-e6" }, start,
    job = { code = 431, errortext = "The virtual machine $vm (vm-e6) is already running" }, left = { state "Running" } },
  { "starting a Destroyed VM fails", given = destroyed, start,
    job = { code = 530, errortext = "Unable to orchestrate the start of VM instance {..}." }, left = { state "Destroyed" } },
  { "starting an expunged VM fails", given = expunged, start,
    job = { code = 431, errortext = "unable to find a virtual machine with id %d" } },
  { "stopping a Running VM keeps its address", given = named, stop,
    has = { ["virtualmachine.state"] = "Stopped", ["virtualmachine.ipaddress"] = "10.0.0.80" } },
  { "stopping by force", given = { vm "vm-e6" }, on_vm("stopVirtualMachine", { forced = true }),
    has = { ["virtualmachine.state"] = "Stopped" } },
  { "stopping a Stopped VM succeeds", given = { vm "vm-e6", stop }, stop,
    has = { ["virtualmachine.state"] = "Stopped" } },
  { "stopping a Destroyed VM succeeds", given = destroyed, stop },
  { "rebooting a Running VM", given = { vm "vm-e6" }, reboot, has = { ["virtualmachine.state"] = "Running" } },
  { "rebooting by force", given = { vm "vm-e6" }, on_vm("rebootVirtualMachine", { forced = true }),
    has = { ["virtualmachine.state"] = "Running" } },
  { "rebooting a Stopped VM fails", given = { vm "vm-e6", stop }, reboot,
    job = { code = 431, errortext = "The Instance $vm (vm-e6) is not running, unable to reboot it" } },
  { "rebooting a Destroyed VM fails", given = destroyed, reboot,
    job = { code = 431, errortext = "The Instance $vm (vm-e1) is not running, unable to reboot it" } },
  { "rebooting an expunged VM fails", given = expunged, reboot,
    job = { code = 431, errortext = "Unable to find a Instance with ID %d" } },
  { "a job id that runs is refused to stop too", latency = { stopVirtualMachine = 4 },
    given = { vm "st-2", on_vm("stopVirtualMachine", { customjobid = ONE_JOB }, { pending = true }) },
    on_vm("stopVirtualMachine", { customjobid = ONE_JOB }), status = 431, cserrorcode = 4350,
    errortext = "UUID: " .. ONE_JOB .. " already exists so can't create/update with custom id" },
  { "a job id that was used is refused to stop too",
    given = { vm "st-2", on_vm("stopVirtualMachine", { customjobid = ONE_JOB }) },
    on_vm("stopVirtualMachine", { customjobid = ONE_JOB }), status = 530, cserrorcode = 9999, errortext = MASKED },
  { "a root admin is told why",
    given = { vm "st-2", on_vm("stopVirtualMachine", { customjobid = ONE_JOB }) },
    on_vm("stopVirtualMachine", { customjobid = ONE_JOB }, { by = "admin" }), status = 530, cserrorcode = 9999,
    errortext = "Entity already exists " },

  -- destroy
  { "destroying keeps address and NIC", given = named, destroy,
    has = { ["virtualmachine.state"] = "Destroyed", ["virtualmachine.ipaddress"] = "10.0.0.80",
      ["virtualmachine.nic#"] = 1 },
    left = { state("Destroyed", { ["virtualmachine.1.ipaddress"] = "10.0.0.80" }) } },
  { "a user does not see a Destroyed VM by id", given = destroyed, call("listVirtualMachines", { id = "$vm" }),
    empty = true },
  { "a user does not see a Destroyed VM by name", given = destroyed, call("listVirtualMachines", { name = "vm-e1" }),
    empty = true },
  { "a user does not see a Destroyed VM by state", given = destroyed,
    call("listVirtualMachines", { state = "Destroyed" }), empty = true },
  { "a user sees a Destroyed VM where he may", settings = { ["allow.user.view.destroyed.vm"] = true }, given = destroyed,
    call("listVirtualMachines", { id = "$vm" }), has = { ["virtualmachine.1.state"] = "Destroyed" } },
  { "a user sees the NIC of a Destroyed VM", given = destroyed, call("listNics", { virtualmachineid = "$vm" }),
    has = { count = 1 } },
  { "a user sees the root volume of a Destroyed VM", given = destroyed,
    call("listVolumes", { virtualmachineid = "$vm" }),
    has = { count = 1, ["volume.1.type"] = "ROOT", ["volume.1.state"] = "Ready", ["volume.1.deviceid"] = 0 } },
  { "destroying detaches data disks", given = with_disk, destroy,
    left = { one_volume { ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = ABSENT,
      ["volume.1.deviceid"] = ABSENT } } },
  { "destroying detaches a disk made with the VM too",
    given = { vm("dd1", { diskofferingid = "$disk.shared.custom", size = 2 }),
      call("listVolumes", { virtualmachineid = "$vm", type = "DATADISK" }, { keep = { data = "volume.1.id" } }) },
    expunge, left = { one_volume({ ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = ABSENT,
      ["volume.1.name"] = "DATA-%d" }, "$data") } },
  { "destroying with volumeids marks the disk", given = with_disk,
    on_vm("destroyVirtualMachine", { volumeids = "$disk" }), left = { one_volume { ["volume.1.state"] = "Destroy" } } },
  { "destroying and expunging with volumeids takes the disk", given = with_disk,
    on_vm("destroyVirtualMachine", { volumeids = "$disk", expunge = true }, { by = "admin" }),
    left = { { call("listVolumes", { id = "$disk" }), empty = true }, gone() } },
  { "volumeids of a disk that is not attached here leave all as it was", given = { vm "vm-e4", disk "e3-b" },
    on_vm("destroyVirtualMachine", { volumeids = "$disk" }),
    job = { code = 431,
      errortext = "The following supplied volumes are not DATADISK attached to the VM: Volume {..}; " },
    left = { state "Running" } },
  { "destroying twice succeeds", given = destroyed, destroy, has = { ["virtualmachine.state"] = "Destroyed" } },
  { "destroying an expunged VM fails", given = expunged, destroy,
    job = { code = 431, errortext = "unable to find a virtual machine with id %d" } },
  { "destroying and expunging an expunged VM fails", given = expunged, expunge,
    job = { code = 431, errortext = "unable to find a virtual machine with id %d" } },
  { "another account's VM may not be destroyed", given = { vm "vm-one" },
    on_vm("destroyVirtualMachine", {}, { by = "other" }), status = 531, cserrorcode = 4365, errortext = steps.FORBIDDEN,
    left = { state "Running" } },
  { "destroying a VM in Error leads to Expunging", given = in_error, destroy,
    has = { ["virtualmachine.state"] = "Expunging" } },
  { "destroying a VM in Error without a NIC does too", given = error_without_nic, destroy,
    has = { ["virtualmachine.state"] = "Expunging", ["virtualmachine.nic#"] = 0 } },
  { "a VM with delete protection is kept", given = { vm "vm-p", on_vm("updateVirtualMachine", { deleteprotection = true }) },
    destroy, job = { code = 431,
      errortext = "Instance [id = $vm, name = i-%d-%d-VM] has delete protection enabled and cannot be deleted." },
    left = { state "Running" } },
  { "a destroyed VM is expunged in the background",
    given = { vm("nm-1", { ipaddress = "10.0.0.120" }), destroy, { advance = 200 } },
    deploy("nm-ip2", { ipaddress = "10.0.0.120" }), has = { ["virtualmachine.ipaddress"] = "10.0.0.120" },
    left = { gone() } },
  { "a VM in Error is expunged in the background", given = { in_error[1], { advance = 200 } },
    call("listVirtualMachines", { name = "err-a" }), empty = true, left = { gone() } },
  { "a destroyed VM is not expunged before its time", given = { vm "nm-1", destroy, { advance = 50 } },
    call("listNics", { virtualmachineid = "$vm" }), has = { count = 1 }, left = { state "Destroyed" } },
  { "destroying while it starts ends the start", latency = { deployVirtualMachine = 8 },
    given = { deploy("fl2-slow", {}, { as = "vm", pending = true }) }, destroy,
    has = { ["virtualmachine.state"] = "Expunging" },
    left = { { call("queryAsyncJobResult", { jobid = "$vm.job" }),
      has = { jobstatus = 2, jobresultcode = 530,
        ["jobresult.errortext"] = "Unable to start a VM [$vm] due to insufficient capacity." } } } },
  { "the second of two destroys at once fails", latency = { destroyVirtualMachine = 5 },
    given = { vm "pd", on_vm("destroyVirtualMachine", {}, { pending = true }) }, destroy,
    job = { code = 530, errortext = "Failed to destroy vm with specified vmId" }, left = { state "Destroyed" } },

  -- expunge and recover
  { "expunge without the right leaves the VM Running", given = with_disk,
    on_vm("destroyVirtualMachine", { expunge = true }), job = { code = 530, errortext = NO_RIGHT },
    left = { state "Running", one_volume { ["volume.1.virtualmachineid"] = "$vm" } } },
  { "expunge with the right", settings = { ["allow.user.expunge.recover.vm"] = true }, given = named,
    on_vm("destroyVirtualMachine", { expunge = true }), has = { ["virtualmachine.id"] = ABSENT }, left = { gone() } },
  { "a user with the right is told of it", settings = { ["allow.user.expunge.recover.vm"] = true },
    call "listCapabilities", has = { ["capability.allowuserexpungerecovervm"] = true } },
  { "an expunged VM frees its name", given = expunged, deploy "vm-e1", has = { ["virtualmachine.state"] = "Running" } },
  { "a disk of an expunged VM is Ready and free", given = with_disk, expunge,
    left = { one_volume { ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = ABSENT } } },
  { "expunging a Running VM fails for a user", given = { vm "vm-e1" }, on_vm "expungeVirtualMachine",
    job = { code = 530, errortext = "Please destroy vm with specified vmId before expunge" }, left = { state "Running" } },
  { "expunging a Running VM fails for a root admin", given = { vm "vm-e1" },
    on_vm("expungeVirtualMachine", {}, { by = "admin" }),
    job = { code = 530, errortext = "Please destroy vm with specified vmId before expunge" }, left = { state "Running" } },
  { "expunging a Destroyed VM needs the right", given = destroyed, on_vm "expungeVirtualMachine",
    job = { code = 530, errortext = "Expunging a vm can only be done by an Admin. Or when the"
      .. " allow.user.expunge.recover.vm key is set." }, left = { state "Destroyed" } },
  { "a root admin expunges a Destroyed VM", given = destroyed, on_vm("expungeVirtualMachine", {}, { by = "admin" }),
    has = { success = true }, left = { gone() } },
  { "expunging twice fails", given = expunged, on_vm("expungeVirtualMachine", {}, { by = "admin" }),
    job = { code = 431, errortext = "Unable to find a virtual machine with specified vmId" } },
  { "recovering needs the right", given = destroyed, on_vm "recoverVirtualMachine", status = 531, cserrorcode = 4365,
    errortext = "Recovering a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.",
    left = { state "Destroyed" } },
  { "a root admin recovers a VM with its address", given = { named[1], destroy },
    on_vm("recoverVirtualMachine", {}, { by = "admin" }),
    has = { ["virtualmachine.state"] = "Stopped", ["virtualmachine.ipaddress"] = "10.0.0.80" } },
  { "a recovered VM has lost its data disks",
    given = { with_disk[1], with_disk[2], with_disk[3], destroy, on_vm("recoverVirtualMachine", {}, { by = "admin" }) },
    call("listVolumes", { id = "$disk" }), has = { ["volume.1.virtualmachineid"] = ABSENT } },
  { "the NICs of an expunged VM are an error", given = expunged, call("listNics", { virtualmachineid = "$vm" }),
    status = 530, cserrorcode = 9999, errortext = "Virtual machine id does not exist" },
  { "destroying what never was is refused", call("destroyVirtualMachine", { id = NOBODY }), status = 431,
    cserrorcode = 9999, errortext = unresolved("destroyVirtualMachine", "id", NOBODY) },

  -- update
  { "the name of a Running VM may change, and with it what is displayed", given = { vm "vm-e6" },
    on_vm("updateVirtualMachine", { name = "vm-renamed" }),
    has = { ["virtualmachine.name"] = "vm-renamed", ["virtualmachine.displayname"] = "vm-renamed",
      ["virtualmachine.state"] = "Running" } },
  { "the displayed name may change alone", given = { vm "vm-e6" },
    on_vm("updateVirtualMachine", { displayname = "new display" }),
    has = { ["virtualmachine.name"] = "vm-e6", ["virtualmachine.displayname"] = "new display" } },
  { "a Destroyed VM may be renamed by its user", given = destroyed,
    on_vm("updateVirtualMachine", { name = "vm-e1-gone" }),
    has = { ["virtualmachine.name"] = "vm-e1-gone", ["virtualmachine.state"] = "Destroyed" } },
  { "details are replaced, not merged",
    given = { vm "vm-e6", on_vm("updateVirtualMachine", { ["details[0].foo"] = "bar" }) },
    on_vm("updateVirtualMachine", { ["details[0].bar"] = "baz" }),
    has = { ["virtualmachine.details.bar"] = "baz", ["virtualmachine.details.foo"] = ABSENT } },
  { "user data may be replaced", given = { vm "vm-e6" }, on_vm("updateVirtualMachine", { userdata = "bmV3" }),
    has = { ["virtualmachine.name"] = "vm-e6" } },
  { "user data is URL-decoded once more", given = { vm "vm-e6" }, on_vm("updateVirtualMachine", { userdata = "%%" }),
    status = 431, cserrorcode = 9999, errortext = "URLDecoder: Incomplete trailing escape (%%) pattern" },
  { "an expunged VM can't be updated", given = expunged, on_vm("updateVirtualMachine", { displayname = "zz" }),
    status = 530, cserrorcode = 4250, errortext = MASKED },

  -- new addresses
  { "a Stopped VM takes another address", given = { named[1], nic, stop }, new_address { ipaddress = "10.0.0.199" },
    has = { ["virtualmachine.ipaddress"] = "10.0.0.199", ["virtualmachine.nic.1.ipaddress"] = "10.0.0.199" } },
  { "without ipaddress it takes any", given = { named[1], nic, stop }, new_address(),
    has = { ["virtualmachine.ipaddress"] = steps.ANY, ["virtualmachine.state"] = "Stopped" } },
  { "the old address is free at once",
    given = { named[1], nic, stop, new_address { ipaddress = "10.0.0.199" } }, deploy("vm-e5b", { ipaddress = "10.0.0.80" }),
    has = { ["virtualmachine.ipaddress"] = "10.0.0.80", ["virtualmachine.state"] = "Running" } },
  { "name and address are free after new address, new name and destroy",
    given = { named[1], nic, stop, new_address { ipaddress = "10.0.0.199" },
      on_vm("updateVirtualMachine", { name = "vm-e5-gone" }), destroy },
    deploy("vm-e5", { ipaddress = "10.0.0.80" }), has = { ["virtualmachine.state"] = "Running" } },
  { "a Running VM keeps its address", given = { named[1], nic }, new_address { ipaddress = "10.0.0.81" },
    job = { code = 431, errortext = NOT_STOPPED }, left = { state("Running", { ["virtualmachine.1.ipaddress"] = "10.0.0.80" }) } },
  { "a Destroyed VM keeps its address", given = destroyed, new_address { ipaddress = "10.0.0.199" },
    job = { code = 431, errortext = NOT_STOPPED } },
  { "an address in use can't be taken",
    given = { deploy("vm-one", { ipaddress = "10.0.0.50" }), named[1], nic, stop },
    new_address { ipaddress = "10.0.0.50" }, job = { code = 431, errortext = NO_ADDRESS },
    left = { state("Stopped", { ["virtualmachine.1.ipaddress"] = "10.0.0.80" }) } },
  { "an address outside can't be taken", given = { named[1], nic, stop }, new_address { ipaddress = "10.9.1.50" },
    job = { code = 431, errortext = NO_ADDRESS } },

  -- the management server dies
  { "a VM that was being deployed is left Stopped with its address", latency = { deployVirtualMachine = 60 },
    given = { deploy("rst-1", { ipaddress = "10.0.0.90" }, { as = "vm", pending = true }), { restart = true } },
    call("listVirtualMachines", { id = "$vm" }),
    has = { ["virtualmachine.1.state"] = "Stopped", ["virtualmachine.1.ipaddress"] = "10.0.0.90" } },
  { "and can be started", latency = { deployVirtualMachine = 60 },
    given = { deploy("rst-1", {}, { as = "vm", pending = true }), { restart = true } }, start,
    has = { ["virtualmachine.state"] = "Running" } },
}
