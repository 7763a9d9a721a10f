-- Every way in which deployVirtualMachine was refused or failed, and what each refusal left behind.
local steps = require "spec.sim.observed.steps"
local call, vm, deploy, on_vm = steps.call, steps.vm, steps.deploy, steps.on_vm
local NOBODY, MASKED, ABSENT, unresolved = steps.NOBODY, steps.MASKED, steps.ABSENT, steps.unresolved

local NAME_RULE = "Unable to execute API command deployvirtualmachine due to invalid value. Invalid value provided for"
  .. " API arg: name - it can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'),"
  .. ' must be between 1 and 63 characters long, and can\'t start or end with "-" and can\'t start with digit'
local NO_ADDRESS = "Unable to acquire Guest IP address for network Network {..}"
local ONE_JOB = "5c57e85c-654d-4586-becd-ae26e6791e36"
local ONE_ID = "66d8d9fd-5e3b-4f6e-9d0a-1c2b3a4d5e6f"

local function found(name, has)
  return { call("listVirtualMachines", { name = name, listall = true }, { by = "admin" }), has = has }
end

local function nothing(name)
  return { { call("listVirtualMachines", { name = name, listall = true }, { by = "admin" }), empty = true } }
end

-- In state Error, without NIC and without address: the name is free, the VM is there.
local function without_nic(name)
  return { found(name, {
    count = 1, ["virtualmachine.1.state"] = "Error", ["virtualmachine.1.nic#"] = 0,
    ["virtualmachine.1.ipaddress"] = ABSENT, ["virtualmachine.1.details.deployvm"] = "true",
  }) }
end

-- In state Error with its NIC: name and address stay taken.
local function with_nic(name)
  return { found(name, {
    count = 1, ["virtualmachine.1.state"] = "Error", ["virtualmachine.1.nic#"] = 1,
    ["virtualmachine.1.ipaddress"] = steps.ANY,
  }) }
end

-- Stopped, with address, name and an unplaced root volume.
local function complete(name)
  return { found(name, {
    count = 1, ["virtualmachine.1.state"] = "Stopped", ["virtualmachine.1.nic#"] = 1,
    ["virtualmachine.1.ipaddress"] = steps.ANY, ["virtualmachine.1.details.deployvm"] = "true",
  }) }
end

local function refused(sentence, name, more, text, cserrorcode)
  return { sentence, deploy(name, more), status = 431, cserrorcode = cserrorcode or 4350, errortext = text,
    left = name and nothing(name) }
end

local function bad_id(parameter, value)
  return refused(("an unknown %s is refused"):format(parameter), "vm-bad", { [parameter] = value or NOBODY },
    unresolved("deployVirtualMachine", parameter, value or NOBODY), 9999)
end

local function no_address(sentence, name, address, given, more)
  local parameters = { ipaddress = address }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return { sentence, given = given, deploy(name, parameters), status = 530, cserrorcode = 0, errortext = MASKED,
    left = without_nic(name) }
end

local function no_address_admin(sentence, name, address, given)
  return { sentence, given = given, deploy(name, steps.on_behalf { ipaddress = address }, { by = "admin" }),
    status = 530, cserrorcode = 0, errortext = NO_ADDRESS, left = without_nic(name) }
end

local function over_limit(kind, limit, have, more, how)
  return { ("the limit of %s is kept"):format(kind), limits = { [kind] = limit }, given = have, deploy("o-2", more, how),
    status = 535, cserrorcode = 9999, left = nothing "o-2",
    errortext = ("Maximum amount of resources of Type = '%s', tag = 'null' for Account Name = bosh in Domain Id = %%d is"
      .. " exceeded: Account Resource Limit = %d, Current Account Resource Amount = %%d, Current Account Resource"
      .. " Reservation = 0, Requested Resource Amount = %%d."):format(kind, limit) }
end

local taken = { vm("vm-one", { ipaddress = "10.0.0.50" }) }
local shared = { networkids = "$net.shared-net" }
local function in_use(name)
  return "The vm with hostName " .. name .. " already exists in the network domain: cs%dcloud.internal; network=bosh-net"
end
local NO_DESTINATION = "No destination found for a deployment for VM instance {..}"

return {
  -- names
  { "a name that a VM of the network has is refused", given = { vm "vm-one" }, deploy "vm-one", status = 431,
    cserrorcode = 4350, errortext = in_use "vm-one", left = { found("vm-one", { count = 1 }) } },
  { "a name that a VM of the network has is refused to a root admin", given = { vm "vm-one" },
    deploy("vm-one", steps.on_behalf(), { by = "admin" }), status = 431, cserrorcode = 4350,
    errortext = in_use "vm-one", left = { found("vm-one", { count = 1 }) } },
  { "the name in other letters is another name", given = { vm "vm-one" }, deploy "VM-ONE",
    has = { ["virtualmachine.state"] = "Running", ["virtualmachine.name"] = "VM-ONE" } },
  { "the name in another network is free", given = { vm "vm-one" }, deploy("vm-one", { networkids = "$net.bosh-net-2" }),
    has = { ["virtualmachine.state"] = "Running" } },
  { "the name of a Destroyed VM is taken", given = { vm "nm-1", on_vm "destroyVirtualMachine" }, deploy "nm-1",
    status = 431, cserrorcode = 4350, errortext = in_use "nm-1" },
  { "the name of a Destroyed VM is free once it is renamed",
    given = { vm "nm-1", on_vm "destroyVirtualMachine", on_vm("updateVirtualMachine", { name = "nm-1-gone" }) },
    deploy "nm-1", has = { ["virtualmachine.state"] = "Running" } },
  { "the name of a VM in Error with a NIC is taken",
    given = { deploy("err-a", { serviceofferingid = "$offering.nowhere" }, { fails = true }) }, deploy "err-a",
    status = 431, cserrorcode = 4350, errortext = in_use "err-a" },
  { "the name of a VM in Error without a NIC is free",
    given = { deploy("err-b", { ipaddress = "10.9.9.9" }, { fails = true }) }, deploy "err-b",
    has = { ["virtualmachine.state"] = "Running" } },
  refused("a name with an underscore is refused", "bad_name!", {}, NAME_RULE, 9999),
  refused("a name of 70 characters is refused", ("x"):rep(70), {}, NAME_RULE, 9999),
  refused("a name that starts with a digit is refused", "1vm", {}, NAME_RULE, 9999),
  refused("a name with dots is refused", "vm.dots", {}, NAME_RULE, 9999),
  { "a VM without a name gets one of its id", deploy(nil, {}, { as = "vm" }),
    has = { ["virtualmachine.name"] = "VM-$vm", ["virtualmachine.state"] = "Running" } },

  -- addresses
  { "an address may be chosen", deploy("vm-one", { ipaddress = "10.0.0.50" }),
    has = { ["virtualmachine.ipaddress"] = "10.0.0.50", ["virtualmachine.nic.1.deviceid"] = "0",
      ["virtualmachine.nic.1.isdefault"] = true } },
  no_address("an address in use leaves a VM in Error without NIC", "vm-ipdup", "10.0.0.50", taken),
  no_address("an address outside the network does", "vm-ipout", "10.9.9.9"),
  no_address("the gateway's address does", "vm-ipgw", "10.0.0.1"),
  no_address("the broadcast address does", "vm-ipbc", "10.0.0.255"),
  no_address("the address of a Destroyed VM does", "vm-e1b", "10.0.0.60",
    { vm("vm-e1", { ipaddress = "10.0.0.60" }), on_vm "destroyVirtualMachine" }),
  { "the address of a VM in Error does",
    given = { deploy("err-a", { serviceofferingid = "$offering.nowhere", ipaddress = "10.0.0.59" }, { fails = true }) },
    deploy("use-err-ip", { ipaddress = "10.0.0.59" }), status = 530, cserrorcode = 0, errortext = MASKED,
    left = without_nic "use-err-ip" },
  no_address("an address in use of a shared network does", "sh-2", "10.0.2.130",
    { vm("sh-1", { networkids = "$net.shared-net", ipaddress = "10.0.2.130" }) }, shared),
  no_address("an address outside a shared network's range does", "sh-3", "10.0.2.201", nil, shared),
  no_address("an address outside a shared network does", "sh-4", "10.9.1.200", nil, shared),
  no_address("the address of a Destroyed VM in a shared network does", "sh-5", "10.0.2.130",
    { vm("sh-1", { networkids = "$net.shared-net", ipaddress = "10.0.2.130" }), on_vm "destroyVirtualMachine" }, shared),
  no_address_admin("a root admin is told that an address is in use", "vm-a-ipdup", "10.0.0.50", taken),
  no_address_admin("a root admin is told that an address is outside", "vm-a-ipout", "10.9.9.9"),
  no_address_admin("a root admin is told that an address is the gateway's", "vm-a-ipgw", "10.0.0.1"),
  refused("an address that is none leaves nothing", "vm-ipbad", { ipaddress = "10.1.1.999" },
    "Invalid specified IPv4 address 10.1.1.999"),
  { "the address of an expunged VM is free at once",
    given = { vm("vm-e1", { ipaddress = "10.0.0.60" }), on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" }) },
    deploy("vm-e1c", { ipaddress = "10.0.0.60" }), has = { ["virtualmachine.ipaddress"] = "10.0.0.60" } },
  { "the refused VM in Error has no volume",
    given = { deploy("vm-ipout", { ipaddress = "10.9.9.9" }, { fails = true }),
      call("listVirtualMachines", { name = "vm-ipout" }, { keep = { left = "virtualmachine.1.id" } }) },
    call("listVolumes", { virtualmachineid = "$left" }), empty = true },

  -- networks
  { "networkids: the first is the default", deploy("n1", { networkids = "$net.bosh-net,$net.bosh-net-2" }),
    has = { ["virtualmachine.nic#"] = 2, ["virtualmachine.nic.1.networkname"] = "bosh-net",
      ["virtualmachine.nic.1.isdefault"] = true, ["virtualmachine.nic.1.deviceid"] = "0",
      ["virtualmachine.nic.2.networkname"] = "bosh-net-2", ["virtualmachine.nic.2.isdefault"] = false,
      ["virtualmachine.nic.2.deviceid"] = "1" } },
  { "networkids with ipaddress: the default comes last",
    deploy("n2", { networkids = "$net.bosh-net-2,$net.bosh-net", ipaddress = "10.0.1.77" }),
    has = { ["virtualmachine.nic.1.networkname"] = "bosh-net", ["virtualmachine.nic.1.isdefault"] = false,
      ["virtualmachine.nic.2.networkname"] = "bosh-net-2", ["virtualmachine.nic.2.ipaddress"] = "10.0.1.77",
      ["virtualmachine.nic.2.isdefault"] = true, ["virtualmachine.nic.2.deviceid"] = "1" } },
  { "networkids with macaddress: the default comes last",
    deploy("n10", { networkids = "$net.bosh-net,$net.bosh-net-2", macaddress = "02:01:02:03:04:09" }),
    has = { ["virtualmachine.nic.1.networkname"] = "bosh-net-2", ["virtualmachine.nic.1.isdefault"] = false,
      ["virtualmachine.nic.2.networkname"] = "bosh-net", ["virtualmachine.nic.2.macaddress"] = "02:01:02:03:04:09",
      ["virtualmachine.nic.2.isdefault"] = true } },
  { "iptonetworklist keeps the order", deploy("n3", { networkids = ABSENT,
      ["iptonetworklist[0].networkid"] = "$net.bosh-net-2", ["iptonetworklist[0].ip"] = "10.0.1.78",
      ["iptonetworklist[1].networkid"] = "$net.bosh-net" }),
    has = { ["virtualmachine.nic.1.networkname"] = "bosh-net-2", ["virtualmachine.nic.1.ipaddress"] = "10.0.1.78",
      ["virtualmachine.nic.1.isdefault"] = true, ["virtualmachine.nic.1.deviceid"] = "0",
      ["virtualmachine.nic.2.networkname"] = "bosh-net", ["virtualmachine.nic.2.deviceid"] = "1" } },
  { "the same network twice gives two NICs", deploy("n15", { networkids = "$net.bosh-net,$net.bosh-net" }),
    has = { ["virtualmachine.nic#"] = 2, ["virtualmachine.nic.2.networkname"] = "bosh-net" } },
  { "a bad address in the second network leaves the NIC of the first",
    given = { vm("n2", { networkids = "$net.bosh-net-2", ipaddress = "10.0.1.77" }) },
    deploy("n14", { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net",
      ["iptonetworklist[1].networkid"] = "$net.bosh-net-2", ["iptonetworklist[1].ip"] = "10.0.1.77" }),
    status = 530, cserrorcode = 0, errortext = MASKED, left = with_nic "n14" },
  { "an address outside in iptonetworklist leaves a VM in Error",
    deploy("n13", { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net",
      ["iptonetworklist[0].ip"] = "10.9.1.9" }), status = 530, cserrorcode = 0, errortext = MASKED,
    left = without_nic "n13" },
  refused("iptonetworklist beside networkids is refused", "n5",
    { ["iptonetworklist[0].networkid"] = "$net.bosh-net", ["iptonetworklist[0].ip"] = "10.0.0.179" },
    "ipToNetworkMap can't be specified along with networkIds or ipAddress"),
  refused("iptonetworklist beside ipaddress is refused", "n5b",
    { networkids = ABSENT, ipaddress = "10.0.0.177", ["iptonetworklist[0].networkid"] = "$net.bosh-net",
      ["iptonetworklist[0].ip"] = "10.0.0.179" },
    "ipToNetworkMap can't be specified along with networkIds or ipAddress"),
  refused("an unknown network in iptonetworklist is refused", "n17",
    { networkids = ABSENT, ["iptonetworklist[0].networkid"] = NOBODY },
    "Unable to translate and find entity with networkId: " .. NOBODY),
  refused("an entry of iptonetworklist without network is refused", "n19",
    { networkids = ABSENT, ["iptonetworklist[0].ip"] = "10.0.0.181" },
    "Unable to translate and find entity with networkId: null"),
  refused("an address that is none in iptonetworklist is refused", "n12",
    { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net", ["iptonetworklist[0].ip"] = "10.1.1.999" },
    "Invalid specified IPv4 address 10.1.1.999"),
  { "a MAC address may be chosen", deploy("n6", { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net",
      ["iptonetworklist[0].ip"] = "10.0.0.180", ["iptonetworklist[0].mac"] = "02:01:02:03:04:05" }),
    has = { ["virtualmachine.nic.1.macaddress"] = "02:01:02:03:04:05" } },
  { "a MAC address in use is refused in iptonetworklist", given = { deploy("n6", { macaddress = "02:01:02:03:04:05" }) },
    deploy("n7", { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net",
      ["iptonetworklist[0].mac"] = "02:01:02:03:04:05" }), status = 431, cserrorcode = 4350,
    errortext = "The requested Mac address is already taken! 02:01:02:03:04:05" },
  { "a MAC address in use is not noticed in macaddress", given = { deploy("n6", { macaddress = "02:01:02:03:04:05" }) },
    deploy("n9", { macaddress = "02:01:02:03:04:05" }), has = { ["virtualmachine.state"] = "Running",
      ["virtualmachine.nic.1.macaddress"] = "02:01:02:03:04:05" } },
  refused("a MAC address that is none is refused", "n8",
    { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net", ["iptonetworklist[0].mac"] = "02:zz" },
    "Mac address is not valid: 02:zz"),
  refused("a multicast MAC address is refused", "n11", { macaddress = "01:01:02:03:04:09" },
    "Mac address is not unicast: 01:01:02:03:04:09"),
  refused("several networks and none chosen is refused", "vm-bad9", { networkids = ABSENT },
    "More than 1 default Isolated networks are found for Account Account [{..}]; please specify networkIds"),
  refused("empty networkids are none", "n18", { networkids = "" },
    "More than 1 default Isolated networks are found for Account Account [{..}]; please specify networkIds"),
  { "a root admin needs account and domain for a user's network", deploy("adm-x", {}, { by = "admin" }), status = 531,
    cserrorcode = 4365, errortext = "Unable to use network with id= $net.bosh-net, permission denied",
    left = nothing "adm-x" },
  { "a root admin's domain alone is not enough", deploy("ad4", { domainid = "$domain" }, { by = "admin" }), status = 531,
    cserrorcode = 4365, errortext = "Unable to use network with id= $net.bosh-net, permission denied" },
  { "a root admin's account alone is not enough", deploy("ad3", { account = "bosh" }, { by = "admin" }), status = 431,
    cserrorcode = 4350, errortext = "Account must be specified with domainId parameter" },
  { "an account that nobody knows is refused",
    deploy("ad7", { account = "nosuch", domainid = "$domain" }, { by = "admin" }), status = 431, cserrorcode = 4350,
    errortext = "Unable to find account by name nosuch in domain with specified id" },
  { "a user may not deploy for another account", deploy("ad6", { account = "other", domainid = "$domain" }), status = 531,
    cserrorcode = 4365, errortext = steps.FORBIDDEN, left = nothing "ad6" },

  -- ids, offerings, templates, keys
  bad_id "templateid", bad_id "serviceofferingid", bad_id "zoneid", bad_id "networkids", bad_id("templateid", "abc"),
  bad_id "affinitygroupids", bad_id "hostid",
  refused("an unknown key is refused", "vm-bad6", { keypair = "nosuchkey" }, "Not all specified keypairs exist"),
  refused("an unknown affinity group is refused", "vm-bad8", { affinitygroupnames = "nosuch" },
    "Unable to find affinity group by name nosuch"),
  { "a key is shown on the VM", deploy("vm-key", { keypair = "bosh" }),
    has = { ["virtualmachine.keypairs"] = "bosh", ["virtualmachine.state"] = "Running" } },
  refused("a custom offering needs its values", "vm-cust", { serviceofferingid = "$offering.shared.custom.compute" },
    "Need to specify custom parameter values cpu, cpu speed and memory when using custom offering"),
  { "a custom offering takes its values from details", deploy("vm-cust2",
      { serviceofferingid = "$offering.shared.custom.compute", ["details[0].cpuNumber"] = 1,
        ["details[0].cpuSpeed"] = 100, ["details[0].memory"] = 256 }),
    has = { ["virtualmachine.cpunumber"] = 1, ["virtualmachine.cpuspeed"] = 100, ["virtualmachine.memory"] = 256,
      ["virtualmachine.details.cpuNumber"] = "1" } },
  refused("a custom offering needs sensible values", "det3",
    { serviceofferingid = "$offering.shared.custom.compute", ["details[0].cpuNumber"] = "x",
      ["details[0].cpuSpeed"] = 100, ["details[0].memory"] = 128 },
    "Invalid CPU cores value, specify a value between 1 and 2147483647"),
  refused("a fixed offering takes no values", "det4", { ["details[0].cpuNumber"] = 1 },
    "cpuNumber or cpuSpeed or memory should not be specified for static service offering"),
  { "a deleted template is refused",
    given = { call("registerTemplate", { name = "stemcell-1", displaytext = "s", url = "http://192.0.2.2:9999/x.vhd.bz2",
      format = "VHD", hypervisor = "$hypervisor", ostypeid = "$ostype", zoneid = "$zone" },
      { keep = { old = "template.1.id" } }), call("deleteTemplate", { id = "$old" }) },
    deploy("from-deleted2", { templateid = "$old" }), status = 431, cserrorcode = 4350,
    errortext = "Unable to use template %d", left = nothing "from-deleted2" },
  { "a user may not choose the host", given = { call("listHosts", {}, { by = "admin", keep = { host = "host.1.id" } }) },
    deploy("h1", { hostid = "$host" }), status = 531, cserrorcode = 4365,
    errortext = "Parameter hostid can only be specified by a Root Admin, permission denied", left = nothing "h1" },
  refused("a hypervisor that the template is not for is refused", "h11", { hypervisor = "$otherhypervisor" },
    "Hypervisor passed to the deployVm call, is different from the hypervisor type of the Template"),

  -- disks
  { "a root disk may be larger", deploy("r5", { rootdisksize = 5 }, { as = "vm" }),
    left = { { call("listVolumes", { virtualmachineid = "$vm" }), has = { ["volume.1.size"] = 5368709120 } } } },
  { "details.rootdisksize does the same", deploy("rdet", { ["details[0].rootdisksize"] = 6 }, { as = "vm" }),
    left = { { call("listVolumes", { virtualmachineid = "$vm" }), has = { ["volume.1.size"] = 6442450944 } } } },
  refused("a root disk smaller than its template is refused", "r1", { rootdisksize = 1 },
    "Unsupported: rootdisksize override (1 GB) is smaller than template size (2.00 GB) 2147483648"),
  refused("a root disk of 0 is refused", "vm-rootbad", { rootdisksize = 0 }, "Root disk size should be a positive number."),
  refused("a root disk of -1 is refused", "rneg", { rootdisksize = -1 }, "Root disk size should be a positive number."),
  refused("a root disk that is no number is refused", "rx", { rootdisksize = "abc" },
    "Unable to execute API command deployvirtualmachine due to invalid value abc for parameter rootdisksize", 9999),
  refused("a root disk too large is refused", "rbig", { rootdisksize = 5000 },
    "Requested volume size is 4.8828 TB, but the maximum size allowed is 2000 GB."),
  { "a data disk made with the VM is named after it and has device 1",
    deploy("dd1", { diskofferingid = "$disk.shared.custom", size = 2 }, { as = "vm" }),
    left = { { call("listVolumes", { virtualmachineid = "$vm", type = "DATADISK" }),
      has = { count = 1, ["volume.1.name"] = "DATA-%d", ["volume.1.deviceid"] = 1, ["volume.1.size"] = 2147483648,
        ["volume.1.state"] = "Ready", ["volume.1.tags#"] = 0 } } } },
  { "size beside a fixed disk offering is ignored",
    deploy("dd3", { diskofferingid = "$disk.shared.small", size = 2 }, { as = "vm" }),
    left = { { call("listVolumes", { virtualmachineid = "$vm", type = "DATADISK" }),
      has = { ["volume.1.size"] = 21474836480 } } } },
  refused("a custom disk offering needs a size", "dd2", { diskofferingid = "$disk.shared.custom" },
    "This disk offering requires a custom size specified"),
  { "startvm=false: Stopped, with NIC and unplaced root", deploy("vm-stopped", { startvm = false }, { as = "vm" }),
    has = { ["virtualmachine.state"] = "Stopped", ["virtualmachine.nic#"] = 1,
      ["virtualmachine.details.deployvm"] = "true" },
    left = { { call("listVolumes", { virtualmachineid = "$vm" }), has = { ["volume.1.state"] = "Allocated" } } } },
  { "the first start takes details.deployvm away",
    given = { vm("det1", { startvm = false, ["details[0].foo"] = "bar" }) }, on_vm "startVirtualMachine",
    has = { ["virtualmachine.state"] = "Running", ["virtualmachine.details.deployvm"] = ABSENT,
      ["virtualmachine.details.foo"] = "bar" } },

  -- user data
  refused("user data that is not base64 is refused", "vm-ud1", { userdata = "{not base64!" },
    "User data is not base64 encoded."),
  refused("user data of more than 32768 characters is refused", "vm-ud3", { userdata = ("QUJD"):rep(13334) },
    "User data has exceeded configurable max length: 32768"),
  { "user data of 6668 characters is taken", deploy("vm-ud2", { userdata = ("QUJD"):rep(1667) }),
    has = { ["virtualmachine.state"] = "Running" } },

  -- job ids
  { "a job id that was used leaves the VM behind", given = { deploy("vm-dupjob", { customjobid = ONE_JOB }) },
    deploy("vm-dupjob2", { customjobid = ONE_JOB }), status = 530, cserrorcode = 9999, errortext = MASKED,
    left = complete "vm-dupjob2" },
  { "a root admin is told that the job id was used", given = { deploy("vm-dupjob", { customjobid = ONE_JOB }) },
    deploy("vm-a-dupjob", steps.on_behalf { customjobid = ONE_JOB }, { by = "admin" }), status = 530,
    cserrorcode = 9999, errortext = "Entity already exists ", left = complete "vm-a-dupjob" },
  { "a malformed job id leaves the VM behind", deploy("vm-badjob", { customjobid = "zzz" }), status = 431,
    cserrorcode = 4350, errortext = "UUID: zzz doesn't follow the UUID format", left = complete "vm-badjob" },
  { "the VM left behind has an unplaced root volume",
    given = { deploy("vm-badjob", { customjobid = "zzz" }, { fails = true }),
      call("listVirtualMachines", { name = "vm-badjob" }, { keep = { left = "virtualmachine.1.id" } }) },
    call("listVolumes", { virtualmachineid = "$left" }),
    has = { count = 1, ["volume.1.name"] = "ROOT-%d", ["volume.1.state"] = "Allocated" } },
  { "the job id of a job that runs leaves the VM behind", latency = { deployVirtualMachine = 8 },
    given = { deploy("cd-vm0", { customjobid = ONE_JOB }, { pending = true }) },
    deploy("cd-vm1", { customjobid = ONE_JOB }), status = 431, cserrorcode = 4350,
    errortext = "UUID: " .. ONE_JOB .. " already exists so can't create/update with custom id",
    left = complete "cd-vm1" },
  { "the same deploy again with name and job id is refused by its name", latency = { deployVirtualMachine = 8 },
    given = { deploy("cc-vm", { customjobid = ONE_JOB }, { pending = true }) },
    deploy("cc-vm", { customjobid = ONE_JOB }), status = 431, cserrorcode = 4350, errortext = in_use "cc-vm",
    left = { found("cc-vm", { count = 1 }) } },
  { "a user may not choose the VM's id", deploy("cid-vm3", { customid = ONE_ID }), status = 531, cserrorcode = 4365,
    errortext = "Please check your permissions, you are not allowed to create/update custom id",
    left = nothing "cid-vm3" },
  { "a root admin may", deploy("cid-vm", steps.on_behalf { customid = ONE_ID }, { by = "admin" }),
    has = { ["virtualmachine.id"] = ONE_ID, ["virtualmachine.account"] = "bosh" } },
  { "an id that exists is refused and leaves nothing",
    given = { deploy("cid-vm", steps.on_behalf { customid = ONE_ID }, { by = "admin" }) },
    deploy("cid-vm2", steps.on_behalf { customid = ONE_ID }, { by = "admin" }), status = 431, cserrorcode = 4350,
    errortext = "UUID: " .. ONE_ID .. " already exists so can't create/update with custom id",
    left = nothing "cid-vm2" },
  { "extraconfig is refused and leaves the VM behind", deploy("h15", { extraconfig = "x" }), status = 431,
    cserrorcode = 4350, errortext = "attempted setting extraconfig but enable.additional.vm.configuration is disabled",
    left = { found("h15", { count = 1, ["virtualmachine.1.state"] = "Stopped", ["virtualmachine.1.nic#"] = 1 }) } },

  -- capacity and limits
  { "no host is large enough", deploy("vm-huge", { serviceofferingid = "$offering.huge" }),
    job = { code = 533, errortext = NO_DESTINATION }, left = with_nic "vm-huge" },
  { "no host has the tag", deploy("vm-tag", { serviceofferingid = "$offering.nowhere" }),
    job = { code = 530, errortext = "No suitable host found." }, left = with_nic "vm-tag" },
  { "no host has room now", given = { { fault = { command = "deployVirtualMachine", fault = "capacity" } } },
    deploy("vm-full", {}, { as = "vm" }), job = { code = 533, errortext = NO_DESTINATION }, left = with_nic "vm-full" },
  { "every host fails to start it",
    given = { { fault = { command = "deployVirtualMachine", fault = "fail_job",
      errortext = "Unable to start a VM [x] due to insufficient capacity." } } },
    deploy("fl2-startall", {}, { as = "vm" }),
    job = { code = 530, errortext = "Unable to start a VM [x] due to insufficient capacity." },
    left = with_nic "fl2-startall" },
  { "the VM that did not start has no volume",
    given = { deploy("vm-huge", { serviceofferingid = "$offering.huge" }, { as = "vm", fails = true }) },
    call("listVolumes", { virtualmachineid = "$vm" }), empty = true },
  over_limit("user_vm", 1, { vm "o-1" }),
  over_limit("cpu", 1, { vm "o-1" }),
  over_limit("memory", 1024, { vm "o-1" }),
  over_limit("volume", 1, { vm "o-1" }),
}
