-- Each recipe of the cookbook in docs/policies.md, through the whole program: what a request comes to without it, and with it.

local cookbook = require "tests.support.cookbook"
local rig = require "rig"

local json = rig.json

local WORLD = {
  zones = { { name = "zone2" } },
  clusters = { { name = "far", zone = "zone2", hosts = { { name = "far1" } }, pools = { { name = "far-pool" } } } },
  networks = { { name = "bosh-net-far", zone = "zone2", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", account = "bosh" } },
  service_offerings = {
    { name = "cluster1.medium", cpu = 2, mhz = 2000, memory = 4096 }, { name = "cluster2.medium", cpu = 2, mhz = 2000, memory = 4096 },
    { name = "gpu.large", cpu = 2, mhz = 2000, memory = 4096 },
  },
  disk_offerings = { { name = "fast.custom", customized = true, tags = "iops" }, { name = "encrypted.custom", customized = true } },
}

local function env(deployment, group, tags)
  local names = { "bosh", deployment, group, "bosh-" .. deployment, deployment .. "-" .. group, ("bosh-%s-%s"):format(deployment, group) }
  return { bosh = { group = names[6], groups = json.array(names), tags = tags } }
end

local function metadata(deployment, group)
  return { director = "bosh", deployment = deployment, job = group, instance_group = group, index = "0", id = "u", name = group .. "/u" }
end

-- What a test uses of the program: requests, and what they come to.
local function user_of(cloud, config)
  local user = {}

  function user.ask(verb, ...)
    local run = cloud:cpi({ method = verb, arguments = json.array { ... }, api_version = 2,
      context = { director_uuid = "d-1", vm = { stemcell = { api_version = 3 } } } }, { config = config })
    return run.response.result, run.response.error ~= json.null and run.response.error.message or nil
  end

  -- The row of a new VM, or nil and the error.
  function user.vm(properties, of, networks)
    local result, why = user.ask("create_vm", "agent-1", "ubuntu-builtin", properties,
      networks or { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, json.array {}, of or env("cf", "web"))
    if why then return nil, why end
    return cloud:api("listVirtualMachines", { name = result[1] }).virtualmachine[1], result[1]
  end

  -- The row of a new disk for a VM of that group.
  function user.disk(deployment, group, properties)
    local _, cid = user.vm({ compute_offering = "shared.small" }, env(deployment, group))
    user.ask("set_vm_metadata", cid, metadata(deployment, group))
    local disk, why = user.ask("create_disk", 1024, properties or {}, cid)
    assert(not why, why)
    return cloud:api("listVolumes", { name = disk }).volume[1]
  end

  return user
end

local function tag(row, key)
  for _, one in ipairs(row.tags) do
    if one.key == key then return one.value end
  end
  return "none"
end

local function said(why) return why and why:gsub("^policy %l+ %(.-%): ", "") or "made" end

local SIZE = { cpu = 2, ram = 4096 }
local SMALL = { compute_offering = "shared.small" }
local FAR = { default = { type = "dynamic", cloud_properties = { name = "bosh-net-far" } } }

-- By the titles of the recipes: outcome(user) -> text, that of ours and that of the recipe; change(policy) for what only the clock of
-- this machine would bring about.
local now = os.date "!*t"
local cases = {
  ["Spread a group evenly over clusters"] = {
    outcome = function(user) return user.vm(SIZE).serviceofferingname .. " " .. user.vm(SIZE).serviceofferingname end,
    ours = "cluster1.medium cluster1.medium", theirs = "cluster1.medium cluster2.medium",
  },
  ["Spread a group that is made at once"] = {
    outcome = function(user)
      local function offering_at(ip)
        return user.vm(SIZE, nil, { default = { type = "manual", ip = ip, netmask = "255.255.255.0", gateway = "10.0.0.1",
          cloud_properties = { name = "bosh-net" } } }).serviceofferingname
      end
      return offering_at "10.0.0.31" .. " " .. offering_at "10.0.0.32"
    end,
    ours = "cluster1.medium cluster1.medium", theirs = "cluster2.medium cluster1.medium",
  },
  ["The cheaper zone at night"] = {
    outcome = function(user)
      local row, why = user.vm({ compute_offering = "shared.small", policy = { batch = true } }, nil, FAR)
      return row and row.zonename or why:match "zone '(zone%d)'" or why
    end,
    change = function(policy) return (policy:gsub("hour >= 20", "hour >= 0")) end, ours = "zone1", theirs = "zone2",
  },
  ["Cost centres by deployment"] = {
    outcome = function(user)
      return tag(user.vm(SMALL, env("concourse", "web")), "cost_centre") .. " " .. tag(user.disk("cf", "db"), "cost_centre")
    end,
    ours = "none none", theirs = "4712 4711",
  },
  ["Database disks by IOPS"] = {
    outcome = function(user)
      return user.disk("cf", "database").diskofferingname .. " " .. user.disk("cf", "web").diskofferingname
    end,
    ours = "shared.custom shared.custom", theirs = "fast.custom shared.custom",
  },
  ["Keep failed VMs for an hour"] = {
    outcome = function(user, cloud)
      cloud:faults { { command = "deployVirtualMachine", fault = "fail_job", when = "after", errortext = "no start" } }
      user.vm(SMALL)
      local row = (cloud:api("listVirtualMachines", {}).virtualmachine or {})[1]
      return row and ("kept for %d minutes"):format((tonumber(tag(row, "bosh_keep_until")) - os.time() + 30) // 60) or "gone"
    end,
    ours = "gone", theirs = "kept for 60 minutes",
  },
  ["GPU groups"] = {
    outcome = function(user)
      local function fate(of)
        local row, why = user.vm({ compute_offering = "gpu.large" }, of)
        return said(not row and why or nil)
      end
      return fate(env("cf", "web")) .. ", " .. fate(env("ml", "ml-worker"))
    end,
    ours = "made, made", theirs = "'gpu.large' is for the groups with GPUs, and not for web, made",
  },
  ["A quota for each deployment"] = {
    outcome = function(user)
      local why
      for _ = 1, 3 do
        local row, words = user.vm(SMALL, env("test", "web"))
        why = not row and words or nil
      end
      return said(why)
    end,
    ours = "made", theirs = "deployment 'test' has 2 VMs, and may have 2",
  },
  ["Names that people find"] = {
    outcome = function(user) return (user.vm(SMALL).displayname:gsub("%x%x%x%x%x%x%x%x$", "12345678"):gsub(" cpivm%-.*", "")) end,
    ours = "bosh-cf-web", theirs = "cf/web/12345678",
  },
  ["A zone for disaster recovery"] = {
    outcome = function(user)
      local row, why = user.vm(SMALL, env("cf", "web", { dr = "yes" }), FAR)
      return row and row.zonename or why:match "zone '(zone%d)'" or why
    end,
    ours = "zone1", theirs = "zone2",
  },
  ["No public addresses outside of one group"] = {
    outcome = function(user)
      local networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
        public = { type = "vip", cloud_properties = { acquire = true } } }
      local row, why = user.vm(SMALL, nil, networks)
      return said(not row and why or nil)
    end,
    ours = "made", theirs = "public addresses are for the instance group router alone",
  },
  ["Encrypted disks for some groups"] = {
    outcome = function(user)
      local disk = user.disk("cf", "credhub", { disk_offering = "shared.custom" })
      user.ask("update_disk", disk.name, 2048, { disk_offering = "shared.custom" })
      return disk.diskofferingname .. " " .. user.disk("cf", "web").diskofferingname
    end,
    ours = "shared.custom shared.custom", theirs = "encrypted.custom shared.custom",
  },
  ["A maintenance window"] = {
    outcome = function(user)
      local row, why = user.vm(SMALL)
      return said(not row and why or nil)
    end,
    change = function(policy)
      return (policy:gsub("SUNDAY = 7", "SUNDAY = " .. (now.wday + 5) % 7 + 1):gsub("hour >= 2", "hour >= 0"):gsub("hour < 4", "hour < 24"))
    end,
    ours = "made", theirs = "no VM is made on Sundays from 02:00 to 04:00 UTC, while the cloud is patched",
  },
}

describe("the recipe", function()
  local cloud

  setup(function() cloud = rig.start { world = WORLD } end)
  teardown(function() cloud:stop() end)

  local function outcome(case, texts)
    cloud:reset()
    local config = json.decode(io.open(cloud.config):read "a")
    config.policies = { directory = texts and rig.policies(texts) or "" }
    local path = cloud.directory .. "/cookbook.json"
    io.open(path, "w"):write(json.encode(config)):close()
    return case.outcome(user_of(cloud, path), cloud)
  end

  for _, recipe in ipairs(cookbook) do
    it(recipe.title, function()
      local case = assert(cases[recipe.title], "it has no case here")
      local policy = case.change and case.change(recipe.policy) or recipe.policy
      assert.equal(case.ours, outcome(case))
      assert.equal(case.theirs, outcome(case, { [recipe.decision] = policy }))
    end)
  end
end)
