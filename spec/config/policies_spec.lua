-- The worked site policies of config/policies, each put where a site puts it, loaded by the real sandbox, asked
-- through lua/policy.lua, and compared with what ours answers to the same facts.

local native = require "host_native"
local policy = require "policy"

local EXAMPLES = "config/policies/"

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- A site's policies.directory with the example of that name in it.
local function site_directory(name)
  local directory = os.tmpname()
  os.remove(directory)
  assert(os.execute(("mkdir '%s'"):format(directory)))
  local file = assert(io.open(directory .. "/" .. name .. ".lua", "w"))
  file:write(text_of(EXAMPLES .. name .. ".lua.example"))
  file:close()
  return directory
end

local function decider(directory)
  return policy.new {
    sandbox = native.policy, ours = "lua/policies", directory = function() return directory end, log = {},
  }
end

local ours = decider(nil)

-- The example's answer, or nil and the failure's words.
local function asked(directory, name, facts)
  local ok, answer = pcall(decider(directory), name, facts)
  if ok then return answer end
  return nil, answer.message or tostring(answer)
end

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  return names
end

local zone = { id = "z", name = "zone1" }

describe("the example policy", function()
  local directory, example

  local function site(name)
    directory = site_directory(name)
    return function(facts) return asked(directory, name, facts) end
  end

  after_each(function()
    if directory then os.execute(("rm -r '%s'"):format(directory)) end
    directory = nil
  end)

  describe("service_offering", function()
    local facts = {
      cpu = 1, ram = 1024, zone = zone, refused = {},
      offerings = {
        { id = "1", name = "gpu.small", cpunumber = 1, memory = 1024, hosttags = "rack7,gpu" },
        { id = "2", name = "shared.small", cpunumber = 1, memory = 2048 },
        { id = "3", name = "shared.large", cpunumber = 4, memory = 8192, hosttags = "gpus" },
      },
    }

    before_each(function() example = site "service_offering" end)

    it("keeps VMs that are sized by cpu and ram off the GPU hosts", function()
      assert.same({ "gpu.small", "shared.small", "shared.large" }, names_of(ours("service_offering", facts)))
      assert.same({ "shared.small", "shared.large" }, names_of(example(facts)))
    end)

    it("says in our words that nothing else fits", function()
      local only_gpu = { cpu = 1, ram = 1024, zone = zone, refused = {}, offerings = { facts.offerings[1] } }
      local answer, words = example(only_gpu)
      assert.is_nil(answer)
      assert.truthy(words:find("no service offering has 1 CPUs and 1024 MB", 1, true), words)
    end)
  end)

  describe("disk_offering", function()
    local offerings = {
      { id = "1", name = "shared.custom", iscustomized = true },
      { id = "2", name = "fast.custom", iscustomized = true, tags = "ssd" },
      { id = "3", name = "slow.50", disksize = 50, tags = "nfs,capacity" },
      { id = "4", name = "slow.500", disksize = 500, tags = "capacity,nfs" },
    }

    local function facts(kind, size)
      return { kind = kind, size = size, fallback = "shared.custom", zone = zone, offerings = offerings }
    end

    before_each(function() example = site "disk_offering" end)

    it("puts small persistent disks on ssd, large and ephemeral ones on capacity", function()
      for _, case in ipairs {
        { "persistent", 100, "fast.custom", 100 }, { "persistent", 101, "slow.500" }, { "ephemeral", 10, "slow.50" },
      } do
        local kind, size, wanted, chosen_size = table.unpack(case)
        assert.equal("shared.custom", ours("disk_offering", facts(kind, size)).offering.name)
        local choice = example(facts(kind, size))
        assert.equal(wanted, choice.offering.name)
        assert.equal(chosen_size, choice.size)
      end
    end)

    it("refuses with the class's name where the zone has none of it", function()
      local answer, words = example { kind = "persistent", size = 1, zone = zone, offerings = { offerings[1] } }
      assert.is_nil(answer)
      assert.truthy(words:find("no disk offering in zone zone1 has the tag ssd", 1, true), words)
    end)
  end)

  describe("disk_placement", function()
    local function disk(size)
      return { cid = "cpi-disk-1", id = "d", size = size, state = "Ready", zone_id = "z1", scope = "host", pool = "h2-local",
        pool_id = "p2", host = "h2", host_id = "2" }
    end
    local function facts(verb, size, state)
      return { verb = verb, sees_storage = true, zone = zone, zone_named = true, disks = { disk(size) },
        vm = verb == "attach_disk" and { name = "cpivm-1", state = "Running", host = "h1", host_id = "1" } or nil,
        hosts = { { id = "1", name = "h1", state = "Up" }, { id = "2", name = "h2", state = state or "Up" } },
        pools = { { id = "p1", name = "h1-local", scope = "host", host_id = "1", free = 999, suitable = true } } }
    end

    before_each(function() example = site "disk_placement" end)

    it("lets a VM go elsewhere whose disks are small", function()
      assert.is_true(ours("disk_placement", facts("create_vm", 50)).strict)
      assert.is_false(example(facts("create_vm", 200)).strict)
      assert.is_true(example(facts("create_vm", 201)).strict)
    end)

    it("moves small disks of a host that is up, and no others", function()
      assert.equal("p1", example(facts("attach_disk", 200)).migrate)
      for _, one in ipairs { facts("attach_disk", 201), facts("attach_disk", 10, "Down") } do
        assert.equal("p1", ours("disk_placement", one).migrate)
        local answer, words = example(one)
        assert.is_nil(answer)
        assert.truthy(words:find("stays on host h2", 1, true))
      end
    end)

    it("is ours for disks that every host reaches", function()
      local one = facts("attach_disk", 500)
      one.disks[1].scope = "zone"
      assert.same({}, example(one))
    end)
  end)

  describe("expunge", function()
    local function facts(network, may_expunge)
      return {
        vm = { id = "v", name = "cpivm-1", state = "Running", zone = "zone1" }, wanted = true, version = "4.20.1.0",
        may_expunge = may_expunge, addresses = { { address = "10.0.0.5", network = network, network_id = "n" } },
      }
    end

    before_each(function() example = site "expunge" end)

    it("waits for addresses of the network that has none to spare", function()
      assert.equal("release", ours("expunge", facts("dmz", false)).strategy)
      assert.same({ strategy = "wait", deadline = 600, addresses = {} }, example(facts("dmz", false)))
    end)

    it("leaves the rest to ours", function()
      assert.equal("release", example(facts("bosh-net", false)).strategy)
      assert.equal("now", example(facts("dmz", true)).strategy)
    end)
  end)

  describe("names", function()
    local facts = { kind = "vm", cid = "cpivm-0f0f0f0f-0000-4000-8000-00000000abcd", director = "prod",
      director_uuid = "d", agent_id = "a", group = "prod-cf-diego-cell" }

    before_each(function() example = site "names" end)

    it("adds accounting's tags to ours and shows the group first", function()
      local default = ours("names", facts)
      assert.equal("prod-cf-diego-cell cpivm-0f0f0f0f-0000-4000-8000-00000000abcd", default.display_name)
      assert.is_nil(default.tags.cost_centre)
      local answer = example(facts)
      assert.equal("prod-cf-diego-cell/0000abcd", answer.display_name)
      assert.same({ bosh_kind = "vm", director_name = "prod", owner = "platform-team", cost_centre = "4712" },
        answer.tags)
    end)

    it("has a cost centre for what belongs to no group", function()
      local answer = example { kind = "disk", cid = "cpi-disk-1", director = "" }
      assert.equal("4700", answer.tags.cost_centre)
      assert.equal("cpi-disk-1", answer.display_name)
    end)
  end)

  describe("networks", function()
    local function network(name, ip)
      return { name = name, kind = ip and "manual" or "dynamic", ip = ip, undiscoverable = false, gateway = false,
        dns = false, fresh_mac = "02:11:22:33:44:55",
        network = { id = name, name = name, type = "Isolated", serves_metadata = true } }
    end

    before_each(function() example = site "networks" end)

    it("gives a single NIC the MAC that belongs to its address", function()
      local facts = { networks = { network("a", "10.0.16.5") } }
      assert.same({ order = { "a" }, macs = {} }, ours("networks", facts))
      assert.same({ order = { "a" }, macs = { a = "02:00:0a:00:10:05" } }, example(facts))
    end)

    it("leaves the order and the dynamic networks to ours", function()
      local facts = { networks = { network "b", network("a", "192.168.255.1") } }
      assert.same({ order = { "a", "b" }, macs = { a = "02:00:c0:a8:ff:01", b = "02:11:22:33:44:55" } }, example(facts))
    end)
  end)

  describe("ip_conflict", function()
    local function facts(address, more)
      local all = { address = address, network = { id = "n", name = "net", cidr = "10.0.16.0/24" }, in_range = true,
        may_expunge = false, wanted = true, attempt = 1, elapsed = 0 }
      for key, value in pairs(more or {}) do all[key] = value end
      return all
    end

    before_each(function() example = site "ip_conflict" end)

    it("waits longer than ours", function()
      assert.same({ answer = "wait", deadline = 180 }, ours("ip_conflict", facts "10.0.16.5"))
      assert.same({ answer = "wait", deadline = 900 }, example(facts "10.0.16.5"))
    end)

    it("leaves the rest to ours, and one address to CloudStack", function()
      assert.same({ answer = "fail" }, example(facts("10.0.16.5", { holder = { id = "v", name = "x", state = "Running", ours = true } })))
      assert.same({ answer = "ignore" }, example(facts "10.0.16.250"))
    end)
  end)

  describe("affinity", function()
    local function facts(group, names)
      return { names = names or {}, group = group, auto_type = "host anti-affinity", groups = {} }
    end

    before_each(function() example = site "affinity" end)

    it("keeps databases apart at any cost, others where it can", function()
      assert.same({}, ours("affinity", facts "prod-cf-db"))
      assert.same({ { name = "bosh-prod-cf-db", type = "host anti-affinity" } }, example(facts "prod-cf-db"))
      assert.equal("non-strict host anti-affinity", example(facts "prod-cf-web")[1].type)
    end)

    it("leaves compilation VMs and named groups alone", function()
      assert.same({}, example(facts()))
      assert.same({}, example(facts("prod-cf-db", { "theirs" })))
    end)
  end)

  describe("retry", function()
    local function facts(more)
      local all = { command = "listZones", reading = true, kind = "transport", text = "x", attempt = 40, elapsed = 900 }
      for key, value in pairs(more) do all[key] = value end
      return all
    end

    before_each(function() example = site "retry" end)

    it("is patient with management servers that are down", function()
      for _, down in ipairs {
        { fault = "connect" }, { kind = "busy", code = 503, status = 503 }, { kind = "garbled", status = 503 },
      } do
        assert.is_nil(ours("retry", facts(down)).after)
        assert.equal(15, example(facts(down)).after)
      end
      assert.is_nil(example(facts { fault = "connect", elapsed = 1200 }).after)
    end)

    it("leaves the rest to ours", function()
      assert.is_nil(example(facts { fault = "tls", attempt = 1, elapsed = 0 }).after)
      assert.equal(0.25, example(facts { fault = "closed", attempt = 1, elapsed = 0 }).after)
      assert.equal(0.4, example(facts { kind = "busy", code = 429, wanted = 0.4, attempt = 1, elapsed = 0 }).after)
    end)
  end)

  describe("failed_vm", function()
    local function facts(text, code, more)
      local all = { vm = { id = "v", name = "cpivm-1", state = "Error" }, attempt = 1,
        error = { text = text, code = code, kind = "job" } }
      for key, value in pairs(more or {}) do all[key] = value end
      return all
    end

    before_each(function() example = site "failed_vm" end)

    it("keeps the first VM that fails, for a look", function()
      local broken = facts("Unable to start a VM due to an agent that is not there", 530)
      assert.equal("destroy", ours("failed_vm", broken))
      assert.equal("keep", example(broken))
    end)

    it("keeps none that found no room, and no second one", function()
      assert.equal("destroy", example(facts("x", 533)))
      assert.equal("destroy", example(facts("Unable to create a deployment for VM", 530)))
      assert.equal("destroy", example(facts("x", 530, { attempt = 2 })))
    end)
  end)
end)

describe("the example stemcell", function()
  local facts = require("decisions.stemcell").example

  local function with(more)
    local all = {}
    for key, value in pairs(facts) do all[key] = value end
    for key, value in pairs(more) do all[key] = value end
    return all
  end

  it("registers what is on the image server, with a controller for KVM", function()
    local directory = site_directory "stemcell"
    assert.equal("upload", ours("stemcell", facts).how)
    assert.same({ how = "register", details = {},
      url = "http://images.example.com/stemcells/bosh-cloudstack-xen-ubuntu-jammy-go_agent-1.1094.vhd.bz2" },
      asked(directory, "stemcell", facts))
    local kvm = asked(directory, "stemcell", with { format = "QCOW2", hypervisor = "KVM" })
    assert.equal("virtio", kvm.details.rootDiskController)
    os.execute("rm -rf " .. directory)
  end)

  it("leaves to ours what is there, and what has no place on the server", function()
    local directory = site_directory "stemcell"
    local there = { { id = "t", name = "cpitemplate-a", zone_id = "z1", ready = true, director_uuid = facts.director_uuid,
      stemcell = facts.name .. "/" .. facts.version } }
    assert.same({ how = "existing", template = "t", details = {} }, asked(directory, "stemcell", with { templates = there }))
    assert.equal("upload", asked(directory, "stemcell", with { format = "RAW" }).how)
    os.execute("rm -rf " .. directory)
  end)
end)

describe("config/policies", function()
  it("has one example per decision, and no other", function()
    local wanted, found = {}, {}
    for _, name in ipairs(require "decisions") do wanted[#wanted + 1] = name .. ".lua.example" end
    local listing = assert(io.popen("ls " .. EXAMPLES))
    for name in listing:lines() do found[#found + 1] = name end
    listing:close()
    table.sort(wanted)
    assert.same(wanted, found)
  end)
end)
