-- What the matrices do with each verb: NAME = { { what, arrange = function(stage) return arguments end, ... }, ... }.
-- Every file in lua/verbs must be here; which requests a verb makes is not said here, that is seen when it runs.
--   what      for people, where a verb has several
--   arrange   brings about the state before, by good calls; answers the arguments
--   again     function(stage, arguments) -> the arguments of the director's next try (the same where it is absent)
--   world, settings   laid over the simulator's world and the configuration
--   answers   the error class that is right even without a fault
-- stage is a machine (tests/support/machine.lua) with the shortcuts below.

local machine = require "machine"

local stage = setmetatable({}, { __index = machine })
stage.__index = stage

local NONE = {} -- a cloud property that is left out
local ENV = { bosh = { group = "bosh-group", password = machine.SECRETS["a secret of env"] } }

function stage:template() return "light-" .. self.sim.state().templates[1].id end

function stage:networks(ip)
  return { default = { type = "manual", ip = ip or "10.0.0.11", netmask = "255.255.255.0", gateway = "10.0.0.1",
    default = { "dns", "gateway" }, cloud_properties = { name = "bosh-net" } } }
end

-- The arguments of a create_vm with all that a VM may have; changes are laid over the cloud_properties.
function stage:order(changes, networks, disks)
  local properties = { compute_offering = "shared.small", ephemeral_disk_offering = "shared.custom", disk = 2048 }
  for key, value in pairs(changes or {}) do properties[key] = value ~= NONE and value or nil end
  return { self.uuid(), self:template(), properties, networks or self:networks(), machine.json.array(disks or {}), ENV }
end

function stage:vm(...) return self:good("create_vm", self:order(...))[1] end
function stage:disk(size) return self:good("create_disk", { size or 1024, { disk_offering = "shared.custom" } }) end

-- A VM that has a disk, both known to BOSH by their metadata.
function stage:vm_with_disk()
  local vm, disk = self:vm(), self:disk()
  self:good("set_vm_metadata", { vm, { director = "d", deployment = "dep", name = "vm/0" } })
  self:good("attach_disk", { vm, disk })
  self:good("set_disk_metadata", { disk, { director = "d", deployment = "dep" } })
  return vm, disk
end

local function another_agent(self, arguments)
  arguments[1] = self.uuid()
  return arguments
end

local EXPUNGES = { settings = { ["allow.user.expunge.recover.vm"] = true } }
local FULL = { service_offerings = { { name = "shared.huge", cpu = 64, mhz = 1000, memory = 1024 } } }
local STEMCELL = { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" }

local scenarios = {}

scenarios.info = { { arrange = function() return {} end } }
scenarios.ping = scenarios.info
scenarios.configure_networks = { { answers = "NotSupported", arrange = function(s) return { s:vm(), s:networks() } end } }

scenarios.create_vm = {
  { what = "an address of its own, an ephemeral disk", again = another_agent, arrange = function(s) return s:order() end },
  { what = "may expunge", world = EXPUNGES, again = another_agent, arrange = function(s) return s:order() end },
  { what = "two networks, a disk to come", again = another_agent, arrange = function(s)
    local networks = s:networks()
    networks.second = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }
    return s:order({ root_disk_size = 20480 }, networks, { s:disk() })
  end },
  { what = "the second offering has room", again = another_agent, world = FULL,
    arrange = function(s) return s:order { compute_offering = NONE, cpu = 1, ram = 1024, disk = NONE,
      ephemeral_disk_offering = NONE } end },
}

local FAR = { zones = { { name = "zone2" } }, clusters = { { name = "far", zone = "zone2", pools = { { name = "far-pool", size = 1024 } },
  hosts = { { name = "far-host", cpu = 16, mhz = 4000, memory = 65536, pool = 1024 } } } },
  networks = { { name = "far-net", zone = "zone2", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", account = "bosh" } },
  templates = { { name = "cpitemplate-1a2b3c4d-0000-4000", account = "bosh", zones = { "zone1" } } } }
table.insert(scenarios.create_vm, { what = "in a zone without its stemcell's template", again = another_agent, world = FAR,
  arrange = function(s)
    local order = s:order({ zone = "zone2", disk = NONE, ephemeral_disk_offering = NONE },
      { default = { type = "dynamic", cloud_properties = { name = "far-net" } } })
    order[2] = FAR.templates[1].name
    return order
  end })

local NETWORK = { type = "manual", range = "10.7.1.0/24", gateway = "10.7.1.1", cloud_properties = {} }
scenarios.create_network = { { arrange = function() return { NETWORK } end } }
scenarios.delete_network = { { answers = "NetworkNotFound",
  arrange = function(s) return { s:good("create_network", { NETWORK })[1] } end } }

scenarios.delete_vm = {
  { what = "a user's", arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "may expunge", world = EXPUNGES, arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "before 4.16", world = { version = "4.15.2.0" }, arrange = function(s) return { (s:vm_with_disk()) } end },
  { what = "gone", arrange = function() return { "cpivm-5d2b1a52-0000-4000-8000-000000000000" } end },
}

scenarios.has_vm = {
  { what = "there", arrange = function(s) return { s:vm() } end },
  { what = "gone", arrange = function() return { "cpivm-5d2b1a52-0000-4000-8000-000000000000" } end },
}
scenarios.reboot_vm = { { arrange = function(s) return { s:vm() } end } }
scenarios.set_vm_metadata = {
  { what = "new", arrange = function(s) return { s:vm(), { director = "d", deployment = "dep", name = "vm/0" } } end },
  { what = "changed", arrange = function(s)
    local vm = s:vm()
    s:good("set_vm_metadata", { vm, { director = "d", index = "0" } })
    return { vm, { director = "d", index = "1", ["created_at"] = "today" } }
  end },
}
scenarios.calculate_vm_cloud_properties = {
  { arrange = function() return { { cpu = 1, ram = 1024, ephemeral_disk_size = 2048 } } end },
}

scenarios.create_disk = {
  { what = "for nobody", arrange = function() return { 1024, { disk_offering = "shared.custom" } } end },
  { what = "for a VM", arrange = function(s) return { 1024, {}, s:vm() } end },
}
scenarios.delete_disk = { { arrange = function(s) return { s:disk() } end } }
scenarios.has_disk = {
  { what = "there", arrange = function(s) return { s:disk() } end },
  { what = "gone", arrange = function() return { "cpi-disk-5d2b1a52-0000-4000-8000-000000000000" } end },
}
scenarios.attach_disk = {
  { what = "new", arrange = function(s) return { s:vm(), s:disk() } end },
  { what = "again", arrange = function(s) return { s:vm_with_disk() } end },
}
scenarios.detach_disk = { { arrange = function(s) return { s:vm_with_disk() } end } }
scenarios.get_disks = { { arrange = function(s) return { (s:vm_with_disk()) } end } }
scenarios.set_disk_metadata = {
  { arrange = function(s) return { s:disk(), { director = "d", deployment = "dep" } } end },
}

local function ready_disk(s)
  local _, disk = s:vm_with_disk()
  return disk
end
scenarios.resize_disk = { { arrange = function(s)
  local vm, disk = s:vm_with_disk()
  s:good("detach_disk", { vm, disk })
  return { disk, 2048 }
end } }
scenarios.update_disk = { { arrange = function(s) return { s:disk(), 2048, { disk_offering = "shared.custom" } } end } }
scenarios.snapshot_disk = { { arrange = function(s) return { ready_disk(s), { deployment = "dep" } } end } }
scenarios.delete_snapshot = { { arrange = function(s) return { s:good("snapshot_disk", { ready_disk(s), {} }) } end } }

scenarios.create_stemcell = {
  { what = "uploaded", arrange = function() return { "/image", STEMCELL } end },
  { what = "light", arrange = function(s)
    return { "/image", { light_template = s.sim.state().templates[1].name } }
  end },
}
scenarios.delete_stemcell = { { arrange = function(s) return { s:good("create_stemcell", { "/image", STEMCELL }) } end } }

local WAITS = { "global", "reboot_vm", "create_vm", "delete_vm", "stop_vm", "create_volume", "delete_volume", "resize_volume",
  "poll_template", "snapshot_volume", "delete_snapshot_volume", "attach_volume", "detach_volume" }

-- The settings of a scenario; patience, where it is given, is how many seconds the verbs wait for a job, and half of it for an
-- answer: the hundreds of polls that make up half an hour show nothing that those of a few minutes do not.
local function settings_of(scenario, patience)
  local settings, site = {}, {}
  for key, value in pairs(scenario.settings or {}) do settings[key] = value end
  for key, value in pairs(settings.cloudstack or {}) do site[key] = value end
  settings.cloudstack = site
  if patience then
    site.timeout, site.request_timeout = {}, patience // 2
    for _, name in ipairs(WAITS) do site.timeout[name] = patience end
  end
  return settings
end

-- The stage of a scenario, with what comes before it done; and its arguments.
local function open(scenario, options)
  local world = { latency = { jobs = { default = 1, createTags = 0.1, deleteTags = 0.1 } } }
  for key, value in pairs(scenario.world or {}) do world[key] = value end
  local new = machine.new { world = world, store = options.store, seed = options.seed,
    settings = settings_of(scenario, options.patience) }
  setmetatable(new, stage)
  return new, scenario.arrange(new)
end

-- Names of the verbs, from their files.
local function verbs()
  local names, pipe = {}, assert(io.popen("ls lua/verbs"))
  for file in pipe:lines() do names[#names + 1] = file:match "^(.+)%.lua$" end
  pipe:close()
  table.sort(names)
  return names
end

return { of = scenarios, open = open, verbs = verbs }
