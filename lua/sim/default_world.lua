-- The cloud that is simulated when a world says nothing else: an advanced zone with two clusters of two hosts,
-- shared and local storage, and an account of each kind.
local defaults = {}

local GIB = 1024 * 1024 * 1024

defaults.SETTINGS = {
  ["expunge.delay"] = 60, ["expunge.interval"] = 60, ["default.page.size"] = 500, ["vm.userdata.max.length"] = 32768,
  ["custom.diskoffering.size.min"] = 1, ["custom.diskoffering.size.max"] = 1024, ["storage.max.volume.size"] = 2000,
  ["job.expire.minutes"] = 1440, ["job.cancel.threshold.minutes"] = 60, ["upload.operation.timeout"] = 60,
  ["upload.monitoring.interval"] = 60,
  ["allow.user.expunge.recover.vm"] = false, ["allow.user.view.destroyed.vm"] = false,
  ["instance.lease.enabled"] = false,
  ["allow.user.expunge.recover.volume"] = true, ["allow.user.force.stop.vm"] = true,
  ["allow.public.user.templates"] = true, ["enable.additional.vm.configuration"] = false,
  ["api.throttling.enabled"] = false, ["api.throttling.max"] = 25, ["api.throttling.interval"] = 1,
  ["max.data.volumes"] = 6, ["kvm.snapshot.enabled"] = true, ["pool.storage.allocated.capacity.disablethreshold"] = 0.85,
  ["storage.overprovisioning.factor"] = 2.0, ["storage.cleanup.delay"] = 86400,
  ["allow.duplicate.networkname"] = true, ["vpc.max.networks"] = 3,
  ["vm.network.nic.max.secondary.ipaddresses"] = 10,
  ["hypervisor.list"] = "KVM,VMware,XenServer,Hyperv,BareMetal,Ovm3,LXC,Simulator",
}

-- How many of what nobody needs any more are kept: requests in the log, ended jobs, and objects that are gone.
defaults.KEEP = { requests = 10000, jobs = 5000, removed = 5000 }

local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC3bdJ0FVr0h1wAq7kTGbm3ySmD1HyyvJ0iS7cSNaNqSm7t1y9oQyPpUuLrZ9nVbJc6"
  .. "dEr0m8Kkq2h5wCwE2vCjEYx1oGZtM0nXcVnSqk5Q0c4zqf1yqDkq8Fh0rHkq0qk1y3mYv4XqHkZ9x8Jc3nQp7uS5Tt2bGdR6wKfLMw== bosh"

local SERVICE_OFFERINGS = {
  { name = "shared.small", cpu = 1, mhz = 1000, memory = 1024 },
  { name = "shared.medium", cpu = 2, mhz = 1000, memory = 4096 },
  { name = "shared.large", cpu = 4, mhz = 1000, memory = 8192 },
  { name = "shared.custom.compute", customized = true },
}
local DISK_OFFERINGS = {
  { name = "shared.custom", customized = true },
  { name = "shared.small", size = 20 },
  { name = "shared.medium", size = 50 },
  { name = "local.custom", customized = true, storage = "local" },
}

local OSTYPES = {
  { name = "CentOS 5.6 (64-bit)", category = "CentOS" }, { name = "Other PV (64-bit)", category = "Other" },
  { name = "Other PV Virtio-SCSI (64-bit)", category = "Other" },
  { name = "Other Linux (64-bit)", category = "Other" },
  { name = "Other Ubuntu (64-bit)", category = "Ubuntu" }, { name = "Ubuntu 20.04 LTS", category = "Ubuntu" },
  { name = "Ubuntu 22.04 LTS", category = "Ubuntu" }, { name = "Ubuntu 24.04 LTS", category = "Ubuntu" },
}

local function hosts(cluster)
  local out = {}
  for i = 1, 2 do
    out[i] = { name = ("%s-host%d"):format(cluster, i), cpu = 16, mhz = 4000, memory = 65536, pool = 1024 }
  end
  return out
end

local function cluster(name)
  return {
    name = name, zone = "zone1", hosts = hosts(name),
    pools = { { name = name .. "-primary1", size = 1024 }, { name = name .. "-primary2", size = 1024 } },
  }
end

local function isolated(name, cidr, gateway, range)
  return {
    name = name, zone = "zone1", type = "Isolated", cidr = cidr, gateway = gateway, account = "bosh", range = range,
  }
end

-- The cloud as it is when nobody wants anything else.
function defaults.world()
  return {
    version = "4.23.0.0-SNAPSHOT", hypervisor = "XenServer", seed = "cloud", default_account = "bosh",
    start = 1767225600, -- 2026-01-01, where virtual clocks begin
    upload_size = 3 * GIB, -- what an uploaded image unpacks to
    settings = defaults.SETTINGS, latency = { request = 0, template = 0, jobs = {} },
    accounts = {
      { name = "admin", role = "admin", domain = "ROOT" },
      { name = "bosh", role = "user", domain = "bosh" },
      { name = "other", role = "user", domain = "bosh" },
    },
    projects = {},
    zones = { { name = "zone1", networktype = "Advanced", localstorage = true } },
    clusters = { cluster "cluster1", cluster "cluster2" },
    service_offerings = SERVICE_OFFERINGS, disk_offerings = DISK_OFFERINGS,
    networks = {
      isolated("bosh-net", "10.0.0.0/24", "10.0.0.1"),
      isolated("bosh-net-2", "10.0.1.0/24", "10.0.1.1"),
      { name = "shared-net", zone = "zone1", type = "Shared", cidr = "10.0.2.0/24", gateway = "10.0.2.1",
        range = { "10.0.2.100", "10.0.2.200" } },
      -- for guests that are programs on this very machine
      isolated("bosh-loop", "127.0.0.0/24", "127.0.0.254", { "127.0.0.10", "127.0.0.250" }),
    },
    templates = {
      { name = "ubuntu-builtin", account = "system", ostype = "Ubuntu 22.04 LTS", size = 2 * GIB, featured = true,
        public = true },
    },
    ostypes = OSTYPES,
    network_offerings = {}, public_addresses = {}, vpcs = {}, security_groups = {},
    keys = { { name = "bosh", account = "bosh", publickey = KEY } },
    vms = {}, keep = defaults.KEEP,
  }
end

-- Times as they were seen on a small management server with a simulated hypervisor.
defaults.OBSERVED = {
  request = { user = 0.055, admin = 0.015, deployVirtualMachine = 0.14, createVolume = 0.075 }, template = 2,
  jobs = {
    deployVirtualMachine = 1.6, ["deployVirtualMachine startvm=false"] = 0.05,
    destroyVirtualMachine = 5.5, expungeVirtualMachine = 2, stopVirtualMachine = 1.7,
    startVirtualMachine = 1.7, rebootVirtualMachine = 2.5, attachVolume = 1.7, detachVolume = 2.0, createVolume = 0.1,
    updateVmNicIp = 0.1, addNicToVirtualMachine = 1.9, updateDefaultNicForVirtualMachine = 1.9, removeNicFromVirtualMachine = 1.9,
    resizeVolume = 0.5, changeOfferingForVolume = 2, createSnapshot = 2, deleteSnapshot = 0.5, migrateVolume = 2,
    deleteTemplate = 0.5, createTags = 0.05, deleteTags = 0.05,
    destroyVolume = 0.1,
  },
}

return defaults
