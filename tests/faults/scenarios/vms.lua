-- Scenarios of the verbs about VMs. The form: tests/faults/scenarios.lua.

local circumstances = require "tests.support.circumstances"
local clouds = require "tests.faults.clouds"

local function another_agent(stage, arguments)
  arguments[1] = stage.uuid()
  return arguments
end

local FIREWALL = { { protocol = "tcp", start_port = 22 }, { protocol = "icmp", icmp_type = 8, icmp_code = 0 } }
local GONE = "cpivm-5d2b1a52-0000-4000-8000-000000000000"

local function with_vip(stage, ip, properties, networks)
  networks = networks or stage:networks()
  networks.public = { type = "vip", ip = ip, cloud_properties = properties }
  return networks
end

local function order_with_vip(stage)
  return stage:small_order(nil, with_vip(stage, "192.0.2.50", { firewall_rules = FIREWALL }))
end

local function order_with_new_vip(stage)
  return stage:small_order(nil, with_vip(stage, nil, { acquire = true, firewall_rules = { FIREWALL[1] } }))
end

local function order_with_lb(stage, ip)
  return stage:small_order({ lbs = { { name = "web", private_port = 8080, public_port = 80, public_ip = "192.0.2.50" } } },
    stage:networks(ip))
end

local function order_in_groups(stage, ip)
  return stage:small_order({ affinity_group = { "apart", "away" } }, stage:networks(ip))
end

-- A tier of a VPC, and an order for a VM in it.
local function order_in_tier(stage, more)
  local tier = stage:good("create_network", { { type = "manual", range = "10.90.1.0/24", gateway = "10.90.1.1",
    cloud_properties = { vpc = "vpc1", acl = "default_allow" } } })[1]
  local networks = stage:networks("10.90.1.11", tier, "10.90.1.1")
  if more then networks.public = { type = "vip", cloud_properties = { acquire = true, name = tier } } end
  return stage:small_order(more, networks)
end

local function order_in_project(stage) return stage:order(nil, stage:networks("10.9.0.11", "project-net", "10.9.0.1")) end

-- An order for a VM whose networks share a NIC.
local function order_for_two_addresses(stage)
  return stage:small_order(nil, { default = stage:network("10.0.0.11", "bosh-net"), more = stage:further_network("10.0.0.12",
    "bosh-net", { nic_group = "1" }) })
end

local function order_for_both_families(stage)
  return stage:small_order(nil, { default = stage:network("10.7.1.11", "dual-net"), six = stage:further_network("2001:db8:7::11",
    "dual-net", { prefix = "128", netmask = "ffff:ffff:ffff:ffff::", gateway = "2001:db8:7::1" }) })
end

local function order_for_block(stage)
  return stage:small_order(nil, { default = stage:network("10.0.0.11", "bosh-net"), block = stage:further_network("10.0.0.48",
    "bosh-net", { prefix = "28" }) })
end

local function order_for_dynamic_among_them(stage)
  return stage:small_order(nil, { default = stage:further_network(nil, "bosh-net"),
    more = stage:further_network("10.0.0.12", "bosh-net") })
end

-- Somebody destroyed a VM, which holds the address until CloudStack has expunged it.
local function order_for_held_address(stage)
  local vm = stage:find("vms", stage:small_vm())
  stage:send("destroyVirtualMachine", { id = vm.id })
  return stage:small_order()
end

local function local_disk(stage)
  local vm, disk = stage:small_vm(nil, stage:networks "10.0.0.20"), stage:disk(1024, "local.custom")
  stage:good("attach_disk", { vm, disk })
  stage:adopt(nil, disk)
  stage:good("detach_disk", { vm, disk })
  stage:good("delete_vm", { vm })
  stage.sim.advance(circumstances.GONE)
  return disk
end

local SOON = { settings = { ["expunge.delay"] = 60, ["expunge.interval"] = 60, ["allow.user.expunge.recover.vm"] = false } }
local VIEWS = { settings = { ["allow.user.expunge.recover.vm"] = true, ["allow.user.view.destroyed.vm"] = true } }

local verbs = {}

verbs.create_vm = {
  { what = "an address of its own, an ephemeral disk", arrange = function(s) return s:order() end },
  { what = "may expunge", world = clouds.EXPUNGES, arrange = function(s) return s:order() end },
  { what = "before 4.16", world = { version = "4.15.2.0" }, arrange = function(s) return s:order() end },
  { what = "two networks, a disk to come", arrange = function(s)
    local networks = s:networks()
    networks.second = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }
    return s:order({ root_disk_size = 20480 }, networks, { s:disk() })
  end },
  { what = "two addresses on a NIC", arrange = order_for_two_addresses },
  { what = "IPv6 beside IPv4", world = clouds.DUAL, arrange = order_for_both_families },
  { what = "a /28", world = clouds.DUAL, arrange = order_for_block },
  { what = "a dynamic network among the addresses of a NIC", arrange = order_for_dynamic_among_them },
  { what = "the second offering has room", world = clouds.FULL,
    arrange = function(s) return s:small_order { compute_offering = s.NONE, cpu = 1, ram = 1024 } end },
  { what = "the second zone has room", world = clouds.TWO_ZONES, arrange = function(s)
    local networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net-z2" } } }
    return s:small_order({ compute_offering = "gpu.1", zones = { "zone2", "zone1" } }, networks)
  end },
  { what = "a vip with a firewall", world = clouds.PUBLIC, arrange = order_with_vip },
  { what = "a vip to be acquired", world = clouds.EXPUNGES, arrange = order_with_new_vip },
  { what = "a new load balancer", world = clouds.PUBLIC, arrange = order_with_lb },
  { what = "a load balancer that others are in", world = clouds.PUBLIC, arrange = function(s)
    s:known_vm(order_with_lb(s, "10.0.0.20"))
    return order_with_lb(s)
  end },
  { what = "new affinity groups", arrange = order_in_groups },
  { what = "affinity groups that others are in", arrange = function(s)
    s:known_vm(order_in_groups(s, "10.0.0.20"))
    return order_in_groups(s)
  end },
  { what = "the affinity group of its instance group", settings = { cloudstack = { enable_auto_anti_affinity = true } },
    arrange = function(s) return s:small_order() end },
  { what = "security groups", world = clouds.GROUPS, arrange = function(s)
    return s:small_order({ zone = "zonesg", security_groups = { "web", "ssh" } },
      { default = { type = "dynamic", cloud_properties = { name = "sg-net" } } })
  end },
  { what = "an old agent", settings = clouds.REGISTRY, request = clouds.OLD_AGENT, needs_store = true,
    arrange = function(s) return s:order() end },
  { what = "in a project", world = clouds.PROJECT, settings = clouds.IN_PROJECT, arrange = order_in_project },
  { what = "in a tier of a VPC", world = clouds.VPC, arrange = function(s) return order_in_tier(s) end },
  { what = "in a tier of a VPC, a vip", world = clouds.VPC, arrange = function(s) return order_in_tier(s, {}) end },
  { what = "where its local disk is", world = clouds.ADMIN, arrange = function(s)
    return s:small_order(nil, nil, { local_disk(s) })
  end },
  { what = "in a zone without its stemcell's template", world = clouds.FAR_TEMPLATE, arrange = function(s)
    local order = s:small_order({ zone = "zone2" }, { default = { type = "dynamic", cloud_properties = { name = "bosh-net-z2" } } })
    order[2] = clouds.FAR_TEMPLATE.templates[1].name
    return order
  end },
  { what = "a key pair", arrange = function(s) return s:small_order { key_name = "bosh" } end },
  { what = "an address that is waited for", inside = true, world = SOON, hindrance = "holds address 10.0.0.11",
    arrange = order_for_held_address },
  { what = "an address that is expunged", inside = true, world = VIEWS, hindrance = "holds address 10.0.0.11",
    arrange = order_for_held_address },
}
for _, scenario in ipairs(verbs.create_vm) do scenario.again = another_agent end

verbs.delete_vm = {
  { what = "a user's", arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "may expunge", world = clouds.EXPUNGES, arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "before 4.16", world = { version = "4.15.2.0" }, arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "two addresses on a NIC", arrange = function(s) return { s:known_vm(order_for_two_addresses(s)) } end },
  { what = "IPv6 beside IPv4", world = clouds.DUAL, arrange = function(s) return { s:known_vm(order_for_both_families(s)) } end },
  { what = "a /28", world = clouds.DUAL, arrange = function(s) return { s:known_vm(order_for_block(s)) } end },
  { what = "gone", arrange = function() return { GONE } end },
  { what = "with a vip", world = clouds.PUBLIC, arrange = function(s) return { s:known_vm(order_with_vip(s)) } end },
  { what = "with an acquired vip", world = clouds.EXPUNGES, arrange = function(s)
    return { s:known_vm(order_with_new_vip(s)) }
  end },
  { what = "the last of its load balancer", world = clouds.PUBLIC, arrange = function(s)
    return { s:known_vm(order_with_lb(s)) }
  end },
  { what = "of a load balancer that others are in", world = clouds.PUBLIC, arrange = function(s)
    s:known_vm(order_with_lb(s, "10.0.0.20"))
    return { s:known_vm(order_with_lb(s)) }
  end },
  { what = "the last of its affinity groups", arrange = function(s) return { s:known_vm(order_in_groups(s)) } end },
  { what = "of affinity groups that others are in", arrange = function(s)
    s:known_vm(order_in_groups(s, "10.0.0.20"))
    return { s:known_vm(order_in_groups(s)) }
  end },
  { what = "of an old agent", settings = clouds.REGISTRY, request = clouds.OLD_AGENT, needs_store = true,
    arrange = function(s) return { s:known_vm(s:order()) } end },
  { what = "in a project", world = clouds.PROJECT, settings = clouds.IN_PROJECT,
    arrange = function(s) return { s:known_vm(order_in_project(s)) } end },
  { what = "in a tier of a VPC, with a vip", world = clouds.VPC, arrange = function(s)
    return { s:known_vm(order_in_tier(s, {})) }
  end },
}

verbs.has_vm = {
  { what = "there", arrange = function(s) return { s:vm() } end },
  { what = "gone", arrange = function() return { GONE } end },
}
verbs.reboot_vm = { { arrange = function(s) return { s:vm() } end } }
verbs.set_vm_metadata = {
  { what = "new", arrange = function(s) return { s:vm(), { director = "d", deployment = "dep", name = "vm/0" } } end },
  { what = "changed", arrange = function(s)
    local vm = s:vm()
    s:good("set_vm_metadata", { vm, { director = "d", index = "0" } })
    return { vm, { director = "d", index = "1", ["created_at"] = "today" } }
  end },
  { what = "as it is", arrange = function(s)
    local vm = s:vm()
    s:adopt(vm)
    return { vm, { director = "d", deployment = "dep", name = "vm/0" } }
  end },
}
verbs.calculate_vm_cloud_properties = {
  { arrange = function() return { { cpu = 1, ram = 1024, ephemeral_disk_size = 2048 } } end },
}

return verbs
