-- Public addresses, static NAT, firewall, load balancers, networks, VPC tiers and security groups: what was refused,
-- and what became of addresses and rules.
local steps = require "spec.sim.observed.steps"
local call, vm, deploy, on_vm = steps.call, steps.vm, steps.deploy, steps.on_vm
local NOBODY, MASKED, ABSENT, ANY, unresolved = steps.NOBODY, steps.MASKED, steps.ABSENT, steps.ANY, steps.unresolved

local function acquire(more)
  local parameters = { networkid = "$net.bosh-net" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  if parameters.networkid == ABSENT then parameters.networkid = nil end
  return call("associateIpAddress", parameters, { as = "ip" })
end

local function nat(more, how)
  local parameters = { ipaddressid = "$ip", virtualmachineid = "$vm" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  return call("enableStaticNat", parameters, how)
end

local function open(more, how)
  local parameters = { ipaddressid = "$ip", protocol = "tcp", startport = 22, endport = 22, cidrlist = "0.0.0.0/0" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  return call("createFirewallRule", parameters, how or { as = "rule" })
end

local function balance(more, how)
  local parameters = {
    publicipid = "$ip", name = "lb1", algorithm = "roundrobin", publicport = 80, privateport = 80,
    networkid = "$net.bosh-net",
  }
  for name, value in pairs(more or {}) do parameters[name] = value end
  if parameters.networkid == ABSENT then parameters.networkid = nil end
  return call("createLoadBalancerRule", parameters, how or { as = "lb" })
end

local function on_lb(command, how)
  return call(command, { id = "$lb", virtualmachineids = "$vm" }, how)
end

local function seen(more)
  local parameters = { id = "$ip" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  return call("listPublicIpAddresses", parameters)
end

local with_address = { vm "vm-one", acquire() }
local with_nat = { vm "vm-one", acquire(), nat() }
local with_lb = { vm "vm-one", acquire(), balance() }
local source_nat = { vm "vm-one", call("listPublicIpAddresses", { issourcenat = true }, { keep = { ip = "publicipaddress.1.id" } }) }

local rows = {
  -- addresses
  { "the first VM of a network brings its router's address", given = { vm "vm-one" },
    call("listPublicIpAddresses", { associatednetworkid = "$net.bosh-net", issourcenat = true }),
    has = { count = 1, ["publicipaddress.1.issourcenat"] = true, ["publicipaddress.1.associatednetworkname"] = "bosh-net",
      ["publicipaddress.1.isstaticnat"] = false, ["publicipaddress.1.state"] = "Allocated" } },
  { "an acquired address is one of the network's", given = { vm "vm-one" }, acquire(),
    has = { ["ipaddress.ipaddress"] = ANY, ["ipaddress.state"] = "Allocating", ["ipaddress.associatednetworkid"] = "$net.bosh-net",
      ["ipaddress.issourcenat"] = false }, left = { { seen(), has = { count = 1, ["publicipaddress.1.state"] = "Allocated" } } } },
  { "an address may be chosen", given = { vm "vm-one" }, acquire { ipaddress = "192.0.2.100" },
    has = { ["ipaddress.ipaddress"] = "192.0.2.100" } },
  { "one that is taken can't be had", given = { vm "vm-one", acquire { ipaddress = "192.0.2.100" } },
    acquire { ipaddress = "192.0.2.100" }, status = 533, cserrorcode = 9999, errortext = "Insufficient address capacity" },
  { "one of somebody else's range can't be had", given = { vm "vm-one" }, acquire { ipaddress = "8.8.8.8" }, status = 533,
    cserrorcode = 9999, errortext = "Insufficient address capacity" },
  { "the limit of addresses is kept", limits = { public_ip = 0 }, acquire(), status = 532, cserrorcode = 4280,
    errortext = "Maximum number of public IP addresses for account: bosh has been exceeded." },
  { "a router's address stays", given = source_nat, call("disassociateIpAddress", { id = "$ip" }),
    job = { code = 530, errortext = "IP address is used for source nat purposes and can not be disassociated." } },
  { "an address with static NAT may be released", given = with_nat, call("disassociateIpAddress", { id = "$ip" }),
    has = { success = true }, left = { { seen(), empty = true } } },
  { "an address is released once", given = { vm "vm-one", acquire(), call("disassociateIpAddress", { id = "$ip" }) },
    call("disassociateIpAddress", { id = "$ip" }), status = 530, cserrorcode = 4250, errortext = MASKED },

  -- static NAT
  { "static NAT is shown by the address", given = with_nat, seen { isstaticnat = true },
    has = { count = 1, ["publicipaddress.1.virtualmachineid"] = "$vm", ["publicipaddress.1.virtualmachinename"] = "vm-one",
      ["publicipaddress.1.virtualmachinetype"] = "User", ["publicipaddress.1.vmipaddress"] = ANY } },
  { "and by the VM", given = with_nat, call("listVirtualMachines", { id = "$vm" }),
    has = { ["virtualmachine.1.publicipid"] = "$ip", ["virtualmachine.1.publicip"] = ANY,
      ["virtualmachine.1.nic.1.publicipid"] = "$ip" } },
  { "static NAT for what has it is refused, and the text names the same address", given = with_nat, nat(), status = 431,
    cserrorcode = 4350, errortext = "Failed to enable static nat on the  ip %d.%d.%d.%d with Id $ip as the vm i-%d-%d-VM with"
      .. " Id $vm is already associated with another public ip %d.%d.%d.%d with id $ip" },
  { "a router's address is for no VM", given = source_nat, nat(), status = 431, cserrorcode = 4350,
    errortext = 'Can\'t enable static, ip address IPAddress {..} is a sourceNat ip address' },
  { "static NAT ends", given = with_nat, call("disableStaticNat", { ipaddressid = "$ip" }), has = { success = true },
    left = { { seen(), has = { ["publicipaddress.1.isstaticnat"] = false } } } },
  { "static NAT ends once", given = with_address, call("disableStaticNat", { ipaddressid = "$ip" }),
    job = { code = 431, errortext = "Specified IP address id is not associated with any vm Id" } },
  { "a destroyed VM keeps its address", given = { vm "vm-one", acquire(), nat(), on_vm "destroyVirtualMachine" }, seen(),
    has = { ["publicipaddress.1.isstaticnat"] = true, ["publicipaddress.1.virtualmachinename"] = "vm-one" } },
  { "an expunged VM does not", given = { vm "vm-one", acquire(), nat(), on_vm("destroyVirtualMachine", { expunge = true },
      { by = "admin" }) }, seen(), has = { ["publicipaddress.1.isstaticnat"] = false } },

  -- firewall
  { "a rule is listed", given = { vm "vm-one", acquire(), open() }, call("listFirewallRules", { ipaddressid = "$ip" }),
    has = { count = 1, ["firewallrule.1.protocol"] = "tcp", ["firewallrule.1.startport"] = 22, ["firewallrule.1.endport"] = 22,
      ["firewallrule.1.cidrlist"] = "0.0.0.0/0", ["firewallrule.1.state"] = "Active", ["firewallrule.1.traffictype"] = "Ingress" } },
  { "the same rule again is a conflict", given = { vm "vm-one", acquire(), open() }, open(), status = 537, cserrorcode = 4360,
    errortext = "The range specified, 22-22, conflicts with rule FirewallRule {..} which has 22-22" },

  -- load balancers
  { "a rule has its ports as text", given = with_lb, call("listLoadBalancerRules", { name = "lb1" }),
    has = { count = 1, ["loadbalancerrule.1.publicport"] = "80", ["loadbalancerrule.1.privateport"] = "80",
      ["loadbalancerrule.1.algorithm"] = "roundrobin", ["loadbalancerrule.1.networkid"] = "$net.bosh-net" } },
  { "the same port again is a conflict", given = with_lb, balance(), status = 537, cserrorcode = 9999,
    errortext = "The range specified, 80-80, conflicts with rule FirewallRule {..} which has 80-80" },
  { "a VM joins", given = with_lb, on_lb "assignToLoadBalancerRule", has = { success = true },
    left = { { call("listLoadBalancerRuleInstances", { id = "$lb" }), has = { count = 1,
      ["loadbalancerruleinstance.1.id"] = "$vm" } } } },
  { "a VM joins once", given = { vm "vm-one", acquire(), balance(), on_lb "assignToLoadBalancerRule" },
    on_lb "assignToLoadBalancerRule", job = { code = 530, errortext = "Failed to assign load balancer rule due to: VM %d with "
      .. "%d.%d.%d.%d is already mapped to load balancer." } },
  { "a VM that is no member may leave", given = with_lb, on_lb "removeFromLoadBalancerRule", has = { success = true } },
  { "a destroyed VM has left", given = { vm "vm-one", acquire(), balance(), on_lb "assignToLoadBalancerRule",
      on_vm "destroyVirtualMachine" }, call("listLoadBalancerRuleInstances", { id = "$lb" }), empty = true },
  { "a rule is deleted once", given = { vm "vm-one", acquire(), balance(), call("deleteLoadBalancerRule", { id = "$lb" }) },
    call("deleteLoadBalancerRule", { id = "$lb" }), job = { code = 431, errortext = "Unable to find load balancer rule: %d" } },
}

local function add(list)
  table.move(list, 1, #list, #rows + 1, rows)
end

-- ---------------------------------------------------------------------------------------------------------
-- networks and VPC tiers

local ISOLATED = "DefaultIsolatedNetworkOfferingWithSourceNatService"
local FOR_VPC = "DefaultIsolatedNetworkOfferingForVpcNetworks"

local function offering(name)
  return call("listNetworkOfferings", { name = name }, { keep = { kind = "networkoffering.1.id" } })
end

local known_vpc = call("listVPCs", { name = "vpc1" }, { keep = { vpc = "vpc.1.id" } })

local function make(more, how)
  local parameters = { name = "fresh", displaytext = "fresh", networkofferingid = "$kind", zoneid = "$zone" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  if parameters.zoneid == ABSENT then parameters.zoneid = nil end
  return call("createNetwork", parameters, how or { keep = { fresh = "network.id" } })
end

local function tier(more, how)
  local parameters = { vpcid = "$vpc", gateway = "10.90.1.1", netmask = "255.255.255.0" }
  for name, value in pairs(more or {}) do parameters[name] = value end
  for _, name in ipairs { "gateway", "netmask", "vpcid" } do
    if parameters[name] == ABSENT then parameters[name] = nil end
  end
  return make(parameters, how)
end

local VPC = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } }

local function no_tier(sentence, kind, more, text, status, cserrorcode)
  return { sentence, vpcs = VPC, given = { known_vpc, offering(kind) }, tier(more), status = status or 431,
    cserrorcode = cserrorcode or 4350, errortext = text }
end

local in_tier = { known_vpc, offering(FOR_VPC), tier(), vm("vm-one", { networkids = "$fresh" }) }
local vpc_address = call("associateIpAddress", { vpcid = "$vpc" }, { as = "ip" })
local in_tier_with_address = table.move(in_tier, 1, #in_tier, 1, {})
in_tier_with_address[#in_tier_with_address + 1] = vpc_address

add {
  { "a network is there at once, and implemented with its first VM",
    given = { offering(ISOLATED) }, make { gateway = "10.7.1.1", netmask = "255.255.255.0" },
    has = { ["network.state"] = "Allocated", ["network.cidr"] = "10.7.1.0/24", ["network.type"] = "Isolated",
      ["network.account"] = "bosh", ["network.networkofferingname"] = ISOLATED } },
  { "a network without a range gets the zone's", given = { offering(ISOLATED) }, make(),
    has = { ["network.gateway"] = "10.1.1.1", ["network.netmask"] = "255.255.255.0" } },
  { "a network's name may be taken", given = { offering(ISOLATED) }, make { name = "bosh-net" },
    has = { ["network.name"] = "bosh-net" } },
  { "a user makes no shared network", given = { offering "DefaultSharedNetworkOffering" }, make(), status = 431,
    cserrorcode = 4350,
    errortext = "This user can only create an Isolated network, a L2 network or a Shared network with specifyVlan=false." },
  { "a network is in a zone", given = { offering(ISOLATED) }, make { zoneid = ABSENT }, status = 431, cserrorcode = 9999,
    errortext = "Unable to execute API command createnetwork due to missing parameter zoneid" },
  { "an unused network is deleted", given = { offering(ISOLATED), make() }, call("deleteNetwork", { id = "$fresh" }),
    has = { success = true }, left = { { call("listNetworks", { id = "$fresh" }), empty = true } } },
  { "a network is deleted once", given = { offering(ISOLATED), make(), call("deleteNetwork", { id = "$fresh" }) },
    call("deleteNetwork", { id = "$fresh" }), status = 431, cserrorcode = 4350, errortext = "Network ID=%d doesn't exist" },
  { "a network with a VM stays", given = { vm "vm-one" }, call("deleteNetwork", { id = "$net.bosh-net" }),
    job = { code = 530, errortext = "Failed to delete network" } },
  { "a network with a destroyed VM, too", given = { vm "vm-one", on_vm "destroyVirtualMachine" },
    call("deleteNetwork", { id = "$net.bosh-net" }), job = { code = 530, errortext = "Failed to delete network" } },

  { "a tier tells its VPC", vpcs = VPC, given = { known_vpc, offering(FOR_VPC),
      call("listNetworkACLLists", { name = "default_allow" }, { keep = { acl = "networkacllist.1.id" } }) },
    tier { aclid = "$acl" }, has = { ["network.vpcid"] = "$vpc", ["network.vpcname"] = "vpc1", ["network.type"] = "Isolated",
      ["network.aclname"] = "default_allow", ["network.cidr"] = "10.90.1.0/24" } },
  { "a tier without list of ACLs tells none", vpcs = VPC, given = { known_vpc, offering(FOR_VPC) }, tier(),
    has = { ["network.aclid"] = ABSENT, ["network.aclname"] = ABSENT } },
  no_tier("a tier lies in its VPC", FOR_VPC, { gateway = "10.91.1.1" },
    "Network cidr 10.91.1.0/24 is not within vpc VPC {..} cidr"),
  no_tier("a tier has a range", FOR_VPC, { gateway = ABSENT, netmask = ABSENT },
    "Gateway/netmask are required when create network for VPC"),
  no_tier("a tier's offering is for VPCs", ISOLATED, {}, "Network offering can't be used for VPC networks"),
  no_tier("an offering for VPCs is for tiers", FOR_VPC, { vpcid = ABSENT }, "Network offering can be used for VPC networks only"),
  { "tiers do not overlap", vpcs = VPC, given = { known_vpc, offering(FOR_VPC), tier() },
    tier { gateway = "10.90.1.129", netmask = "255.255.255.128" }, status = 431, cserrorcode = 4350,
    errortext = "Network cidr 10.90.1.128/25 crosses other network cidr Network {..} belonging to the same vpc VPC {..}" },
  { "a fourth tier is refused without a reason that a user may read", vpcs = VPC, given = { known_vpc, offering(FOR_VPC),
      tier(), tier { gateway = "10.90.2.1" }, tier { gateway = "10.90.3.1" } }, tier { gateway = "10.90.4.1" }, status = 530,
    cserrorcode = 4250, errortext = MASKED },

  { "an address goes to a VPC, not to a tier", vpcs = VPC, given = in_tier, acquire { networkid = "$fresh" },
    job = { code = 431, errortext = "Can't assign ip to the network directly when network belongs to VPC.Specify vpcId to "
      .. "associate ip address to VPC" } },
  { "an address of a VPC is of no network yet", vpcs = VPC, given = in_tier, vpc_address,
    has = { ["ipaddress.vpcname"] = "vpc1", ["ipaddress.associatednetworkid"] = ABSENT, ["ipaddress.state"] = "Allocated" } },
  { "static NAT of a VPC wants the tier", vpcs = VPC, given = in_tier_with_address, nat(), status = 431, cserrorcode = 4350,
    errortext = "Unable to enable static NAT for the ipAddress id=%d as IP is not associated with any Network and no networkId"
      .. " is passed in" },
  { "and is the tier's from then on", vpcs = VPC, given = in_tier_with_address, nat { networkid = "$fresh" },
    has = { success = true }, left = { { seen(), has = { ["publicipaddress.1.associatednetworkname"] = "fresh",
      ["publicipaddress.1.isstaticnat"] = true } } } },
  { "a VM outside the tier is refused", vpcs = VPC, given = in_tier_with_address, nat { networkid = "$net.bosh-net" },
    status = 431, cserrorcode = 4350, errortext = "Vm doesn't belong to the network with specified id" },
  { "a VPC has no firewall", vpcs = VPC, given = in_tier_with_address, open(), status = 431, cserrorcode = 4350,
    errortext = "Firewall service is not supported in VPC VPC {..}" },
  { "a load balancer of a VPC wants the tier", vpcs = VPC, given = in_tier_with_address, balance { networkid = ABSENT },
    status = 431, cserrorcode = 9999, errortext = "IP address ID=%d is not associated with any Network" },
  { "a VM of another network does not join", vpcs = VPC, given = { known_vpc, offering(FOR_VPC), tier(), vpc_address,
      balance { networkid = "$fresh" }, vm "vm-one" }, on_lb "assignToLoadBalancerRule",
    job = { code = 530, errortext = "Failed to assign load balancer rule due to: VM with id specified cannot be added because"
      .. " it doesn't belong in the same network." } },
  { "a name is taken in all tiers of a VPC", vpcs = VPC, given = { known_vpc, offering(FOR_VPC), tier(),
      vm("vm-one", { networkids = "$fresh" }), tier { gateway = "10.90.2.1" } }, deploy("vm-one", { networkids = "$fresh" }),
    status = 431, cserrorcode = 4350,
    errortext = "The vm with hostName vm-one already exists in the network domain: cs%dcloud.internal; network=fresh" },
}

-- ---------------------------------------------------------------------------------------------------------
-- security groups

local SG_SERVICES = { "SecurityGroup", "UserData", "Dhcp", "Dns" }

local function group_zone(row)
  row.zones = { { name = "zonesg", securitygroups = true }, { name = "zonebasic", networktype = "Basic" } }
  row.clusters = {}
  for i, zone in ipairs { "zonesg", "zonebasic" } do
    row.clusters[i] = { name = zone .. "-cluster", zone = zone, hosts = { { name = zone .. "-host" } },
      pools = { { name = zone .. "-pool" } } }
  end
  row.networks = {
    { name = "zonesg-net", zone = "zonesg", type = "Shared", cidr = "10.60.1.0/24", gateway = "10.60.1.1",
      range = { "10.60.1.10", "10.60.1.200" }, services = SG_SERVICES },
    { name = "zonebasic-net", zone = "zonebasic", type = "Shared", cidr = "10.61.1.0/24", gateway = "10.61.1.1",
      range = { "10.61.1.10", "10.61.1.200" }, services = SG_SERVICES },
  }
  row.groups = { { name = "sg1", account = "bosh", description = "one" }, { name = "sg2", account = "bosh" },
    { name = "theirs", account = "other" } }
  local find = { call("listSecurityGroups", { securitygroupname = "sg1" }, { keep = { sg1 = "securitygroup.1.id" } }),
    call("listSecurityGroups", { securitygroupname = "theirs" }, { by = "other", keep = { theirs = "securitygroup.1.id" } }) }
  row.given = table.move(row.given or {}, 1, #(row.given or {}), #find + 1, find)
  return row
end

local function in_group(name, more, how)
  local parameters = { zoneid = "$zone.zonesg", networkids = "$net.zonesg-net" }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return deploy(name, parameters, how or { as = "vm" })
end

local function in_basic(name, more, how)
  local parameters = { zoneid = "$zone.zonebasic", networkids = ABSENT }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return deploy(name, parameters, how or { as = "vm" })
end

for _, row in ipairs {
  { "a VM has the groups that are named", in_group("vm-one", { securitygroupids = "$sg1" }),
    has = { ["virtualmachine.state"] = "Running", ["virtualmachine.securitygroup.1.name"] = "sg1",
      ["virtualmachine.nic.1.type"] = "Shared" } },
  { "names are compared without regard to case", in_group("vm-one", { securitygroupnames = "SG2" }),
    has = { ["virtualmachine.securitygroup.1.name"] = "sg2" } },
  { "a VM without groups has the default one", in_group "vm-one",
    has = { ["virtualmachine.securitygroup.1.name"] = "default" } },
  { "ids and names exclude each other", in_group("vm-one", { securitygroupids = "$sg1", securitygroupnames = "sg2" }),
    status = 431, cserrorcode = 4350,
    errortext = "securitygroupids parameter is mutually exclusive with securitygroupnames parameter" },
  { "an unknown name is refused", in_group("vm-one", { securitygroupnames = "nosuch" }), status = 431, cserrorcode = 4350,
    errortext = "Unable to find group by name nosuch" },
  { "an unknown id, too", in_group("vm-one", { securitygroupids = NOBODY }), status = 431, cserrorcode = 9999,
    errortext = unresolved("deployVirtualMachine", "securitygroupids", NOBODY) },
  { "another account's group is refused", in_group("vm-one", { securitygroupids = "$theirs" }), status = 531,
    cserrorcode = 4365, errortext = steps.FORBIDDEN },
  { "ids in a zone without groups are refused", deploy("vm-one", { securitygroupids = "$sg1" }), status = 431,
    cserrorcode = 4350, errortext = "Can't create vm with security groups; security group feature is not enabled per zone" },
  { "names in a zone without groups are not even read", deploy("vm-one", { securitygroupnames = "nosuch" }),
    has = { ["virtualmachine.state"] = "Running", ["virtualmachine.securitygroup#"] = 0 } },
  { "a network of no groups is refused there", in_group("vm-one", { networkids = "$net.bosh-net" }), status = 431,
    cserrorcode = 4350, errortext = "Network is not security group enabled or not L2 network: Network {..}" },
  { "no isolated network is made there", given = { offering(ISOLATED) }, make { zoneid = "$zone.zonesg" }, status = 431,
    cserrorcode = 4350, errortext = "Only shared or L2 guest network can be created in security group enabled zone" },
  { "no address is acquired there", acquire { networkid = ABSENT, zoneid = "$zone.zonesg" }, status = 431, cserrorcode = 4350,
    errortext = "Account name=bosh domain=bosh doesn't have virtual Networks in zone=zonesg" },
  { "a basic zone takes no networks", in_basic("vm-one", { networkids = "$net.zonebasic-net" }), status = 431,
    cserrorcode = 4350, errortext = "Can't specify network Ids in Basic zone" },
  { "a basic zone takes an address", in_basic("vm-one", { ipaddress = "10.61.1.77", securitygroupids = "$sg1" }),
    has = { ["virtualmachine.ipaddress"] = "10.61.1.77", ["virtualmachine.securitygroup.1.name"] = "sg1" } },
  { "a basic zone tells that an address is taken", given = { in_basic("vm-one", { ipaddress = "10.61.1.77" }) },
    in_basic("vm-two", { ipaddress = "10.61.1.77" }), status = 431, cserrorcode = 4350, about = { virtualmachineid = ANY },
    errortext = "Cannot acquire guest [IPv4 address='10.61.1.77']; The Ip address is in [state='Allocated']" },
  { "and that one lies outside", in_basic("vm-two", { ipaddress = "10.61.1.240" }), status = 431, cserrorcode = 4350,
    about = { virtualmachineid = ANY }, errortext = "Trying to configure a Nic with the requested [IPv4='10.61.1.240'] but cannot"
      .. " find a Vlan for the [network 'Network {..}']",
    left = { { call("listVirtualMachines", { name = "vm-two" }), has = { ["virtualmachine.1.state"] = "Error",
      ["virtualmachine.1.nic#"] = 0 } } } },
  { "no address is acquired in a basic zone", acquire { networkid = ABSENT, zoneid = "$zone.zonebasic" }, status = 533,
    cserrorcode = 9999, errortext = "Insufficient address capacity" },
  { "no network is made in a basic zone", given = { offering(ISOLATED) }, make { zoneid = "$zone.zonebasic" }, status = 431,
    cserrorcode = 4350, errortext = "Only AclType=Domain can be specified for network creation in Basic zone" },
  { "a group's name is taken whatever its case", call("createSecurityGroup", { name = "SG1" }), status = 431,
    cserrorcode = 4350, errortext = "Unable to create security group, a group with name SG1 already exists." },
  { "the default group stays", call("deleteSecurityGroup", { name = "default" }), status = 431, cserrorcode = 4350,
    errortext = "The network group default is reserved" },
  { "a group in use stays", given = { in_group("vm-one", { securitygroupids = "$sg1" }) },
    call("deleteSecurityGroup", { id = "$sg1" }), status = 536, cserrorcode = 9999,
    errortext = "Cannot delete group when it's in use by virtual machines" },
} do
  add { group_zone(row) }
end

return rows
