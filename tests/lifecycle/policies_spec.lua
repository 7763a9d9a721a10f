-- Each decision, through the whole program: a site's file changes the outcome of a real request; a broken one is an
-- error that names file and line, and changes nothing else.

local rig = require "rig"

local json = rig.json

local image = os.tmpname()

local function network(name, more)
  local settings = { type = "dynamic", cloud_properties = { name = name } }
  for key, value in pairs(more or {}) do settings[key] = value end
  return settings
end

local function create_vm(properties, networks)
  return { "agent-1", "ubuntu-builtin", properties or { compute_offering = "shared.small" },
    networks or { default = network "bosh-net" }, json.array {}, { bosh = { group = "bosh-cf-web" } } }
end

-- The parameters of the last request of that command.
local function last(cloud, command)
  local found
  for _, request in ipairs(cloud:requests()) do
    if request.command == command then found = request.parameters end
  end
  return found
end

local function count(cloud, command)
  local n = 0
  for _, request in ipairs(cloud:requests()) do n = n + (request.command == command and 1 or 0) end
  return n
end

local function vm_of(cloud) return cloud:api("listVirtualMachines", {}).virtualmachine end

-- A decision's scenario:
--   verb, arguments(cid)   the request
--   before                 what is there already: "vm" (its CID is given to arguments)
--   make(cloud)            and besides
--   arm(cloud)             what goes wrong in CloudStack at each request
--   policy                 the site's file
--   outcome(cloud, response)   what came of it, in a word: `ours` without the file, `theirs` with it
--   class                  the error's, after a broken file, where it is not CpiError: the request has failed before it
--   broken                 what is the same as before after a broken file: "untouched" (nothing was sent that changes
--                          anything) or "clean" (it ends as it does without the file)
local scenarios = {
  vm = {
    verb = "create_vm", arguments = function() return create_vm { compute_offering = "shared.small", policy = { root = 30720 } } end,
    policy = [[return { api = 1, decide = function(facts)
      facts.cloud_properties.root_disk_size = facts.policy.root
      return facts
    end }]],
    outcome = function(cloud) return tostring(last(cloud, "deployVirtualMachine").rootdisksize) end,
    ours = "nil", theirs = "30", broken = "untouched",
  },
  disk = {
    verb = "create_disk", before = "vm", arguments = function(cid) return { 1024, { policy = { storage = "shared.medium" } }, cid } end,
    policy = [[return { api = 1, decide = function(facts)
      return { cloud_properties = { disk_offering = facts.policy.storage } }
    end }]],
    outcome = function(cloud)
      for _, volume in ipairs(cloud:api("listVolumes", { type = "DATADISK" }).volume) do
        if volume.name:find "^cpi%-disk%-" then return volume.diskofferingname end
      end
    end,
    ours = "shared.custom", theirs = "shared.medium", broken = "untouched",
  },
  service_offering = {
    verb = "create_vm", arguments = function() return create_vm { cpu = 1, ram = 512 } end,
    policy = [[return { api = 1, decide = function(facts)
      for _, offering in ipairs(facts.offerings) do
        if offering.name == "shared.large" and facts.group == "bosh-cf-web" then return offering end
      end
    end }]],
    outcome = function(cloud) return vm_of(cloud)[1].serviceofferingname end,
    ours = "shared.small", theirs = "shared.large", broken = "untouched",
  },
  disk_offering = {
    verb = "create_disk", arguments = function() return { 1024, {}, json.null } end,
    policy = [[return { api = 1, decide = function(facts)
      for _, offering in ipairs(facts.offerings) do
        if offering.name == "shared.medium" then return offering end
      end
    end }]],
    outcome = function(cloud) return cloud:api("listVolumes", {}).volume[1].diskofferingname end,
    ours = "shared.custom", theirs = "shared.medium", broken = "untouched",
  },
  disk_placement = {
    verb = "attach_disk", before = "vm", arguments = function(cid) return { cid, "cpi-disk-here" } end,
    make = function(cloud)
      local offering = cloud:api("listDiskOfferings", { name = "shared.custom" }).diskoffering[1]
      cloud:api("createVolume", { name = "cpi-disk-here", size = 1, diskofferingid = offering.id,
        zoneid = cloud:api("listZones", {}).zone[1].id })
    end,
    policy = [[return { api = 1, decide = function(facts) return nil, facts.disks[1].cid .. " stays" end }]],
    outcome = function(cloud) return cloud:api("listVolumes", { name = "cpi-disk-here" }).volume[1].vmname and "attached" or "stays" end,
    ours = "attached", theirs = "stays", broken = "untouched",
  },
  expunge = {
    verb = "delete_vm", before = "vm", arguments = function(cid) return { cid } end,
    policy = [[return { api = 1, decide = function() return "leave" end }]],
    outcome = function(cloud)
      return ("%d moved, %d destroyed"):format(count(cloud, "updateVmNicIp"), count(cloud, "destroyVirtualMachine"))
    end,
    ours = "1 moved, 1 destroyed", theirs = "0 moved, 1 destroyed", broken = "untouched",
  },
  names = {
    verb = "create_vm", arguments = function() return create_vm() end,
    policy = [[return { api = 1, decide = function(facts) return { display_name = "site " .. facts.kind } end }]],
    outcome = function(cloud) return (vm_of(cloud)[1].displayname:gsub(" cpivm%-.*", "")) end,
    ours = "bosh-cf-web", theirs = "site vm", broken = "untouched",
  },
  networks = {
    verb = "create_vm",
    arguments = function()
      return create_vm(nil, { a = network("bosh-net", { default = { "dns", "gateway" } }), b = network "bosh-net-2" })
    end,
    policy = [[return { api = 1, decide = function(facts, default)
      local answer = default(facts)
      return { order = { answer.order[2], answer.order[1] }, macs = answer.macs }
    end }]],
    outcome = function(cloud)
      local first = last(cloud, "deployVirtualMachine")["iptonetworklist[0].networkid"]
      for _, row in ipairs(cloud:api("listNetworks", {}).network) do
        if row.id == first then return row.name end
      end
    end,
    ours = "bosh-net", theirs = "bosh-net-2", broken = "untouched",
  },
  ip_conflict = {
    verb = "create_vm",
    arguments = function()
      return create_vm(nil, { a = network("bosh-net", { type = "manual", ip = "10.0.0.1", netmask = "255.255.255.0" }) })
    end,
    policy = [[return { api = 1, decide = function() return "ignore" end }]],
    outcome = function(cloud) return ("%d deploys"):format(count(cloud, "deployVirtualMachine")) end,
    ours = "1 deploys", theirs = "2 deploys", broken = "clean",
  },
  affinity = {
    verb = "create_vm", arguments = function() return create_vm() end,
    policy = [[return { api = 1, decide = function(facts)
      return { { name = "all-" .. facts.group, type = "host affinity" } }
    end }]],
    outcome = function(cloud)
      local group = vm_of(cloud)[1].affinitygroup[1]
      return group and group.name or "no group"
    end,
    ours = "no group", theirs = "all-bosh-cf-web", broken = "untouched",
  },
  retry = {
    verb = "has_vm", arguments = function() return { "cpivm-none" } end,
    arm = function(cloud) cloud:faults { { command = "listVirtualMachines", fault = "status", status = 503 } } end,
    policy = [[return { api = 1, decide = function() return nil end }]],
    outcome = function(cloud, response)
      return ("%d asked, %s"):format(count(cloud, "listVirtualMachines"), response.error == json.null and "answered" or "failed")
    end,
    ours = "2 asked, answered", theirs = "1 asked, failed", broken = "untouched",
  },
  stemcell = {
    verb = "create_stemcell", arguments = function() return { image, { hypervisor = "xen", name = "s", version = "1" } } end,
    policy = [[return { api = 1, decide = function(facts)
      return { how = "register", url = "http://images.example.com/s.vhd.bz2", checksum = true }
    end }]],
    outcome = function(cloud, response)
      local sent = last(cloud, "registerTemplate")
      return (response.error == json.null and "%s, %d uploads" or "failed"):format(sent and sent.url or "nothing registered",
        count(cloud, "getUploadParamsForTemplate"))
    end,
    ours = "nothing registered, 1 uploads", theirs = "http://images.example.com/s.vhd.bz2, 0 uploads", broken = "untouched",
  },
  failed_vm = {
    verb = "create_vm", arguments = function() return create_vm() end,
    arm = function(cloud)
      cloud:faults { { command = "deployVirtualMachine", fault = "fail_job", when = "after", errortext = "no start" } }
    end,
    policy = [[return { api = 1, decide = function() return "keep" end }]],
    outcome = function(cloud) return ("%d VMs"):format(#(vm_of(cloud) or {})) end,
    ours = "0 VMs", theirs = "1 VMs", broken = "clean", class = "Bosh::Clouds::VMCreationFailed",
  },
}

setup(function() io.open(image, "wb"):write("BZh9", ("x"):rep(1000)):close() end)
teardown(function() os.remove(image) end)

-- What can be wrong with a file, and the words that tell of it; %s is the file.
local broken = {
  ["does not compile"] = { "-- of a site\nreturn { api = 1, decide = function(facts)\n  return facts..\nend }\n",
    "%s:4: unexpected symbol near 'end'" },
  ["is no policy"] = { "return 5\n", "(%s): it must return { api = 1, decide = function }" },
  ["breaks"] = { "-- of a site\nreturn { api = 1, decide = function(facts)\n  return facts.nothing.here\nend }\n",
    "%s:3: attempt to index a nil value (field 'nothing')" },
  ["answers nonsense"] = { "return { api = 1, decide = function() return true end }\n", "(%s): not an answer it may give: " },
  ["never ends"] = { "return { api = 1, decide = function()\n  while true do end\nend }\n",
    "%s:2: ran for more than 10000000 steps" },
  ["wants all memory"] = { "return { api = 1, decide = function()\n  local all = {}\n  while true do "
    .. "all[#all + 1] = (\"x\"):rep(100000) .. #all end\nend }\n", "(%s): used more than 32 MB of memory" },
}

describe("a site's policy", function()
  local cloud

  setup(function() cloud = rig.start {} end)
  teardown(function() cloud:stop() end)

  -- A configuration whose policies are these.
  local function configured(texts)
    local config = json.decode(io.open(cloud.config):read "a")
    config.policies = { directory = texts and rig.policies(texts) or "" }
    local path = cloud.directory .. "/policies.json"
    io.open(path, "w"):write(json.encode(config)):close()
    return path, config.policies.directory
  end

  local function request(verb, arguments, config)
    local run = cloud:cpi({ method = verb, arguments = json.array(arguments), api_version = 2,
      context = { director_uuid = "d-1", vm = { stemcell = { api_version = 3 } } } }, { config = config })
    assert.equal(0, run.exit, run.stderr)
    return run.response, run.stderr
  end

  -- Begins a scenario; answers the CID of what is there.
  local function begin(scenario)
    cloud:reset()
    local cid
    if scenario.before == "vm" then
      local response = request("create_vm", create_vm(), (configured()))
      cid = assert(response.result ~= json.null and response.result[1], json.encode(response))
    end
    if scenario.make then scenario.make(cloud) end
    return cid
  end

  local function outcome(scenario, texts)
    local cid = begin(scenario)
    if scenario.arm then scenario.arm(cloud) end
    local response, log = request(scenario.verb, scenario.arguments(cid), (configured(texts)))
    return scenario.outcome(cloud, response), log
  end

  local function writes(since)
    local list = {}
    for _, one in ipairs(cloud:requests(since)) do
      if not one.command:find "^list" and one.command ~= "queryAsyncJobResult" then list[#list + 1] = one.command end
    end
    return list
  end

  for _, name in ipairs(require "decisions") do
    describe(name, function()
      local scenario = scenarios[name]

      it("has a scenario here", function() assert.truthy(scenario, name) end)
      if not scenario then return end

      it("changes the outcome of " .. scenario.verb, function()
        assert.equal(scenario.ours, outcome(scenario))
        local theirs, log = outcome(scenario, { [name] = scenario.policy })
        assert.equal(scenario.theirs, theirs)
        local sum = rig.sha256(scenario.policy):sub(1, 12)
        assert.truthy(log:find(("%s is decided by /%%S+/%s%%.lua %%(SHA%%-256 %s%%)\n"):format(name, name, sum)), log)
      end)

      -- All of CloudStack, but the time.
      local function state()
        local all = cloud:state()
        all.time = nil
        return all
      end

      it("that is broken is an error with file and line, and changes nothing else", function()
        local leaves_something, cid = scenario.broken == "clean", begin(scenario)
        local before, left = state(), nil
        if leaves_something then
          if scenario.arm then scenario.arm(cloud) end
          request(scenario.verb, scenario.arguments(cid), (configured()))
          left = state().left
        end
        for how, one in pairs(broken) do
          if leaves_something then begin(scenario) end
          if scenario.arm then scenario.arm(cloud) end
          local since = #cloud:requests()
          local config, directory = configured { [name] = one[1] }
          local response = request(scenario.verb, scenario.arguments(cid), config)
          assert.is_not.equal(json.null, response.error, how .. json.encode(response))
          local file, message = ("%s/%s.lua"):format(directory, name), response.error.message
          assert.equal(scenario.class or "Bosh::Clouds::CpiError", response.error.type, how .. " " .. message)
          assert.truthy(message:find("policy " .. name, 1, true), message)
          assert.truthy(message:find(one[2]:format(file), 1, true), message)
          assert.equal(false, response.error.ok_to_retry)
          if leaves_something then
            assert.equal(scenario.ours, scenario.outcome(cloud, response), how)
            assert.same(left, state().left, how)
          else
            assert.same({}, writes(since))
            assert.same(before, state(), how)
          end
        end
      end)
    end)
  end
end)
