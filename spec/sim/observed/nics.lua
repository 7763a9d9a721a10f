-- Secondary addresses, NICs that come and go, networks without addresses, and IPv6; as a server of 4.22 answered.
local steps = require "spec.sim.observed.steps"
local call, deploy, on_vm, vm = steps.call, steps.deploy, steps.on_vm, steps.vm
local MASKED, ABSENT, unresolved = steps.MASKED, steps.ABSENT, steps.unresolved

local V = "4.22.0.0"

local nic = call("listNics", { virtualmachineid = "$vm" }, { keep = { nic = "nic.1.id" } })
local second = call("listNics", { virtualmachineid = "$vm" }, { keep = { second = "nic.2.id" } })
local stop, destroy = on_vm "stopVirtualMachine", on_vm "destroyVirtualMachine"
local given = { vm("n1", { ipaddress = "10.0.0.190" }), nic }
local function add(address, how) return call("addIpToNic", { nicid = "$nic", ipaddress = address }, how) end
local named = add("10.0.0.191", { as = "more" })
local with_more = { given[1], nic, named }
local function with(...) return table.move({ ... }, 1, select("#", ...), 4, { table.unpack(with_more) }) end
local function move(address) return call("updateVmNicIp", { nicid = "$nic", ipaddress = address }) end

local function seen(has) return { call("listVirtualMachines", { id = "$vm" }, { by = "admin" }), has = has } end
local function taken(title, given_, address)
  return { title, given = given_, add(address), status = 530, cserrorcode = 9999,
    errortext = "Failed to assign secondary ip to nic", envelope = "addiptovmnicresponse" }
end

local function to_network(name, more, how)
  local parameters = { virtualmachineid = "$vm", networkid = "$net." .. name }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return call("addNicToVirtualMachine", parameters, how)
end
local function on_nic(command, name) return call(command, { virtualmachineid = "$vm", nicid = "$" .. name }) end

local function twice()
  return deploy("n4", { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.bosh-net",
    ["iptonetworklist[0].ip"] = "10.0.0.196", ["iptonetworklist[1].networkid"] = "$net.bosh-net",
    ["iptonetworklist[1].ip"] = "10.0.0.197", startvm = false })
end

local L2 = { { name = "parking", zone = "zone1", type = "L2", account = "bosh" } }
local in_error = { deploy("e1", { serviceofferingid = "$offering.huge", ipaddress = "10.0.0.161" }, { as = "vm", fails = true }),
  nic }
local freed = { vm("p1", { ipaddress = "10.0.0.160" }), stop, nic, to_network "parking", second,
  on_nic("updateDefaultNicForVirtualMachine", "second"), on_nic("removeNicFromVirtualMachine", "nic"), destroy }
local never_ran = { vm("p4", { ipaddress = "10.0.0.163", startvm = false }), nic, to_network "parking", second,
  on_nic("updateDefaultNicForVirtualMachine", "second") }

local V6 = { { name = "v6", zone = "zone1", type = "Shared", cidr = "10.7.1.0/24", gateway = "10.7.1.1",
  range = { "10.7.1.10", "10.7.1.200" }, ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1",
  ip6range = { "2001:db8:7::10", "2001:db8:7::ffff" } } }
local EUI = "2001:db8:7:0:1c02:15ff:fe00:1"
local function v6(name, address, more)
  local parameters = { networkids = ABSENT, ["iptonetworklist[0].networkid"] = "$net.v6",
    ["iptonetworklist[0].ipv6"] = address }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return deploy(name, parameters, { as = "vm" })
end
local v6_nic = { ["virtualmachine.nic.1.ip6gateway"] = "2001:db8:7::1", ["virtualmachine.nic.1.ip6cidr"] = "2001:db8:7::/64",
  ["virtualmachine.nic.1.ip6address"] = "2001:db8:7:0:1c02:15ff:fe00:1" }

local rows = {
  { "a named secondary address", given = given, named, envelope = "addiptovmnicresponse",
    has = { ["nicsecondaryip.ipaddress"] = "10.0.0.191", ["nicsecondaryip.nicid"] = "$nic",
      ["nicsecondaryip.networkid"] = "$net.bosh-net" } },
  { "any secondary address", given = given, add(nil), envelope = "addiptovmnicresponse",
    has = { ["nicsecondaryip.ipaddress"] = "10.0.0.%d" } },
  { "of a stopped VM", given = { given[1], nic, stop }, add "10.0.0.194", envelope = "addiptovmnicresponse",
    has = { ["nicsecondaryip.ipaddress"] = "10.0.0.194" } },
  taken("taken as a secondary address", with_more, "10.0.0.191"),
  taken("taken as its own", given, "10.0.0.190"),
  taken("outside the network", given, "10.77.1.1"),
  taken("the gateway", given, "10.0.0.1"),
  { "a VM shows its secondary addresses", given = with_more, call("listVirtualMachines", { id = "$vm" }),
    has = { ["virtualmachine.1.nic.1.secondaryip.1.id"] = "$more", ["virtualmachine.1.nic.1.secondaryip.1.ipaddress"] = "10.0.0.191" } },
  { "so does the list of its NICs", given = with_more, call("listNics", { virtualmachineid = "$vm" }),
    has = { ["nic.1.secondaryip.1.ipaddress"] = "10.0.0.191", ["nic.1.virtualmachineid"] = "$vm" } },
  { "nobody is made at one", given = with_more, deploy("n2", { ipaddress = "10.0.0.191" }), status = 530, cserrorcode = 0,
    errortext = MASKED },
  { "nor moved to its own", given = with(stop), move "10.0.0.191",
    job = { code = 431, errortext = "Allocating ip to guest nic Nic {..} failed, please choose another ip" } },
  { "they stay when the NIC gets another address", given = with(stop), move "10.0.0.193", has = {
    ["virtualmachine.nic.1.ipaddress"] = "10.0.0.193", ["virtualmachine.nic.1.secondaryip.1.ipaddress"] = "10.0.0.191" } },
  { "one is removed", given = with_more, call("removeIpFromNic", { id = "$more" }),
    left = { seen { ["virtualmachine.1.nic.1.secondaryip#"] = 0 } } },
  { "and its id is not known any more", given = with(call("removeIpFromNic", { id = "$more" })),
    call("removeIpFromNic", { id = "$more" }), status = 431, cserrorcode = 9999,
    errortext = unresolved("removeipfromnic", "id", "$more") },
  { "a destroyed VM keeps them", given = with(destroy), deploy("n3", { ipaddress = "10.0.0.191", startvm = false }),
    status = 530, cserrorcode = 0, errortext = MASKED },

  { "a NIC in another network", given = { given[1], nic, stop }, to_network("bosh-net-2", { ipaddress = "10.0.1.190" }), has = {
    ["virtualmachine.nic.2.ipaddress"] = "10.0.1.190", ["virtualmachine.nic.2.deviceid"] = "1",
    ["virtualmachine.nic.2.isdefault"] = false } },
  { "none in a network that it is in", given = given, to_network("bosh-net", { ipaddress = "10.0.0.195" }),
    job = { code = 530, errortext = "A NIC already exists for VM:i-%d-%d-VM in network: $net.bosh-net" } },
  { "none where the name is taken", given = { vm "n1", deploy("n1", { networkids = "$net.bosh-net-2" }) }, to_network "bosh-net-2",
    job = { code = 530, errortext = "Network bosh-net-2 already has an Instance with host name: n1" } },
  { "the default NIC is not removed", given = given, on_nic("removeNicFromVirtualMachine", "nic"),
    job = { code = 431, errortext = "Unable to remove NIC from VM instance {..} in Network {..}, NIC is default." } },
  { "another default NIC becomes the first device", given = { given[1], nic, stop, to_network "bosh-net-2", second },
    on_nic("updateDefaultNicForVirtualMachine", "second"), has = {
      ["virtualmachine.nic.1.id"] = "$second", ["virtualmachine.nic.1.isdefault"] = true, ["virtualmachine.nic.1.deviceid"] = "0",
      ["virtualmachine.nic.2.id"] = "$nic", ["virtualmachine.nic.2.isdefault"] = false } },
  { "a NIC that is not the default one is removed", given = { given[1], nic, stop, to_network "bosh-net-2", second },
    on_nic("removeNicFromVirtualMachine", "second"), has = { ["virtualmachine.nic#"] = 1 } },
  { "the same network twice in iptonetworklist: the last one wins", twice(), has = {
    ["virtualmachine.nic#"] = 1, ["virtualmachine.nic.1.ipaddress"] = "10.0.0.197", ["virtualmachine.nic.1.isdefault"] = true } },
  { "the same network twice in networkids: two NICs", deploy("n5", { networkids = "$net.bosh-net,$net.bosh-net" }),
    has = { ["virtualmachine.nic#"] = 2 } },

  { "a network without addresses, by a user", given = { call("listNetworkOfferings", { name = "DefaultL2NetworkOffering" },
    { keep = { l2 = "networkoffering.1.id" } }) },
    call("createNetwork", { name = "parking", zoneid = "$zone", networkofferingid = "$l2" }), has = {
      ["network.type"] = "L2", ["network.state"] = "Allocated", ["network.cidr"] = ABSENT, ["network.gateway"] = ABSENT,
      ["network.networkdomain"] = ABSENT, ["network.service#"] = 0 } },
  { "its NICs have none", networks = L2, given = { vm "p1", stop }, to_network "parking", has = {
    ["virtualmachine.nic.2.type"] = "L2", ["virtualmachine.nic.2.ipaddress"] = ABSENT, ["virtualmachine.nic.2.netmask"] = ABSENT,
    ["virtualmachine.nic.2.isolationuri"] = ABSENT } },
  { "a VM that left by it has freed its address", networks = L2, given = freed,
    deploy("p2", { ipaddress = "10.0.0.160", startvm = false }) },
  { "also one that never ran", networks = L2, given = never_ran, on_nic("removeNicFromVirtualMachine", "nic"),
    has = { ["virtualmachine.nic#"] = 1, ["virtualmachine.nic.1.type"] = "L2" },
    left = { { deploy("p5", { ipaddress = "10.0.0.163" }) } } },
  { "a VM in Error takes no NIC", networks = L2, given = in_error, to_network "parking", job = { code = 530,
    errortext = "Unable to add NIC to VM instance {..}: com.cloud.exception.ResourceUnavailableException: Resource "
      .. "[DataCenter:%d] is unreachable: Unable to add vm VM instance {..} to network, is not in the right state" } },

  { "a network with IPv6 shows it", networks = V6, call("listNetworks", { id = "$net.v6" }),
    has = { ["network.1.ip6cidr"] = "2001:db8:7::/64", ["network.1.ip6gateway"] = "2001:db8:7::1" } },
  { "a NIC's IPv6 address follows from its MAC", networks = V6, deploy("v62", { networkids = "$net.v6" }), has = v6_nic },
  { "whatever is asked for", networks = V6, v6("v63", "2001:db8:7::21"), has = v6_nic },
  { "in whatever spelling", networks = V6, v6("v67", "2001:0db8:0007:0000:0000:0000:0000:0027"), has = v6_nic },
  { "one outside the range is refused", networks = V6, v6("v65", "2001:db8:8::20"), status = 431, cserrorcode = 4350,
    errortext = "Requested IPv6 is not in the predefined range!",
    left = { { call("listVirtualMachines", { name = "v65" }), empty = true } } },
  { "ip6address of the default NIC neither", networks = V6, deploy("v66", { networkids = "$net.v6", ip6address = "2001:db8:7::25" }),
    has = v6_nic },
  { "a second IPv6 address", networks = V6, given = { v6("v61"), nic }, add "2001:db8:7::30", envelope = "addiptovmnicresponse",
    has = { ["nicsecondaryip.ipaddress"] = "2001:db8:7::30" },
    left = { seen { ["virtualmachine.1.nic.1.secondaryip.1.ipaddress"] = "2001:db8:7::30" } } },
  { "another IPv4 address leaves it", networks = V6, given = { v6("v61"), nic, stop }, move "10.7.1.40",
    has = { ["virtualmachine.nic.1.ipaddress"] = "10.7.1.40", ["virtualmachine.nic.1.ip6address"] = EUI } },
  { "an IPv6 address is none to move to", networks = V6, given = { v6("v61"), nic, stop }, move "2001:db8:7::40",
    job = { code = 530, errortext = "Invalid ip address 2001:db8:7::40" } },
}

for _, row in ipairs(rows) do row.version = V end
return rows
