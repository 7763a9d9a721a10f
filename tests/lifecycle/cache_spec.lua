-- What one process learnt of CloudStack serves the next ones: a deployment costs a few requests a VM.

local create_env = require "create_env"
local rig = require "rig"

local null = rig.json.null

local function create_vm(cloud, stemcell, number)
  local run = cloud:cpi {
    method = "create_vm", context = { director_uuid = "director" },
    arguments = { "agent-" .. number, stemcell, { cpu = 1, ram = 512 },
      { default = { type = "manual", ip = "10.0.0." .. 10 + number, netmask = "255.255.255.0", gateway = "10.0.0.1",
        cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = { group = "g" } } },
  }
  assert.equal(null, run.response.error, run.stdout)
end

-- The commands since the nth request, without looks at jobs, as a set with counts.
local function commands_since(cloud, n)
  local counted, all = {}, 0
  for _, request in ipairs(cloud:requests(n)) do
    counted[request.command], all = (counted[request.command] or 0) + 1, all + 1
  end
  return counted, all
end

local function cloud_with_stemcell(options)
  local cloud = rig.start(options)
  local path = cloud.directory .. "/image"
  local file = assert(io.open(path, "w"))
  file:write "BZh9 image"
  file:close()
  local run = cloud:cpi(create_env.calls.create_stemcell { image = path })
  return cloud, run.response.result
end

describe("the cache across processes", function()
  it("asks for what hardly changes once, so that a VM costs its deploy, its start, its tags and looks at jobs", function()
    local cloud <close>, stemcell = cloud_with_stemcell { role = "bosh", store = true }
    create_vm(cloud, stemcell, 0)
    local before = #cloud:requests()
    for number = 1, 10 do create_vm(cloud, stemcell, number) end
    local counted, all = commands_since(cloud, before)
    assert.equal(10, counted.deployVirtualMachine)
    counted.deployVirtualMachine, counted.startVirtualMachine, counted.createTags, counted.queryAsyncJobResult = nil, nil, nil, nil
    assert.same({}, counted, "no look-up is repeated")
    assert.is_true(all <= 70, all .. " requests for ten VMs")
  end)

  it("is not there without a store, or with an age of 0", function()
    for _, options in ipairs { { role = "bosh" },
      { role = "bosh", store = true, config = { cloudstack = { cache_age = 0 } } } } do
      local cloud <close>, stemcell = cloud_with_stemcell(options)
      create_vm(cloud, stemcell, 0)
      local before = #cloud:requests()
      create_vm(cloud, stemcell, 1)
      assert.equal(1, commands_since(cloud, before).listZones)
    end
  end)

  it("is asked past before a name counts as unknown", function()
    local cloud <close>, stemcell = cloud_with_stemcell { role = "bosh", store = true }
    create_vm(cloud, stemcell, 0)
    local run = cloud:cpi { method = "create_vm", context = { director_uuid = "director" },
      arguments = { "agent-9", stemcell, { compute_offering = "no such" },
        { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, rig.json.null } }
    assert.truthy(run.response.error.message:find("service offering 'no such' is not in CloudStack", 1, true))
    assert.equal(2, (commands_since(cloud, 0)).listServiceOfferings, "asked again before it was refused")
  end)
end)
