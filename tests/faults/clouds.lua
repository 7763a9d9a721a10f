-- The clouds in which the scenarios play: changes to the simulator's default world, and configurations that go with them.

local clouds = {}

clouds.EXPUNGES = { settings = { ["allow.user.expunge.recover.vm"] = true } }

-- The first of two offerings that would do has nowhere to go.
clouds.FULL = { service_offerings = { { name = "shared.huge", cpu = 64, mhz = 1000, memory = 1024 } } }

-- A public address of the account's in bosh-net.
clouds.PUBLIC = { public_addresses = { { name = "192.0.2.50", network = "bosh-net" } } }

-- A zone in which security groups are to be had.
clouds.GROUPS = {
  zones = { { name = "zonesg", networktype = "Advanced", securitygroups = true } },
  clusters = { { name = "sg-cluster", zone = "zonesg", hosts = { { name = "sg-host" } }, pools = { { name = "sg-pool" } } } },
  networks = { { name = "sg-net", zone = "zonesg", type = "Shared", cidr = "10.60.1.0/24", gateway = "10.60.1.1",
    range = { "10.60.1.10", "10.60.1.200" }, services = { "SecurityGroup", "UserData", "Dhcp", "Dns" } } },
  security_groups = { { name = "web", account = "bosh" }, { name = "ssh", account = "bosh" } },
}

-- A shared network with IPv6, and NICs that may have the addresses of a /28.
clouds.DUAL = {
  settings = { ["vm.network.nic.max.secondary.ipaddresses"] = 16 },
  networks = { { name = "dual-net", zone = "zone1", type = "Shared", cidr = "10.7.1.0/24", gateway = "10.7.1.1",
    range = { "10.7.1.10", "10.7.1.200" }, ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1" } },
}

clouds.VPC = { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } } }

-- Two zones; only the second has a host for what wants a GPU.
clouds.TWO_ZONES = {
  zones = { { name = "zone2" } },
  clusters = { { name = "cluster-z2", zone = "zone2", pools = { { name = "cluster-z2-primary" } },
    hosts = { { name = "z2-host", cpu = 16, mhz = 4000, memory = 65536, pool = 1024, tags = "gpu" } } } },
  networks = { { name = "bosh-net-z2", zone = "zone2", type = "Isolated", cidr = "10.8.0.0/24", gateway = "10.8.0.1",
    account = "bosh" } },
  service_offerings = { { name = "gpu.1", cpu = 1, mhz = 1000, memory = 600, hosttags = "gpu" } },
}

-- The same, with a stemcell whose template is in the first zone alone.
clouds.FAR_TEMPLATE = { zones = clouds.TWO_ZONES.zones, clusters = clouds.TWO_ZONES.clusters, networks = clouds.TWO_ZONES.networks,
  templates = { { name = "cpitemplate-1a2b3c4d-0000-4000", account = "bosh", zones = { "zone1" } } } }

clouds.PROJECT = {
  projects = { { name = "platform", account = "bosh" } },
  networks = { { name = "project-net", zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1",
    project = "platform" } },
}
clouds.IN_PROJECT = { cloudstack = { project = "platform" } }

-- A root admin, who sees hosts and pools; the networks are his.
clouds.ADMIN = { default_account = "admin", networks = { { name = "bosh-net", account = "admin" },
  { name = "bosh-net-2", account = "admin" } } }

-- Settings with a registry for old agents.
clouds.REGISTRY = { registry = { host = "10.0.0.6", username = "registry", password = "registry-password-xyzzy" } }
clouds.OLD_AGENT = { context = { vm = { stemcell = { api_version = 1 } } } }

return clouds
