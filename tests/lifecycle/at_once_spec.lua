-- Many real processes at once, on one store and one CloudStack: what several need is made once, no journal entry is lost,
-- and nobody reads of a locked database. (Every order of two of them: tests/faults/pairs.lua.)

local native = require "host_native"
local rig = require "rig"

local null = rig.json.null
local DIRECTOR = "5b1c7a52-90d3-4c1e-6f0a-3d2b7e41c908"
local MANY, ALL = 6, 96

local function request(method, ...)
  return { method = method, arguments = rig.json.array { ... }, api_version = 2,
    context = { director_uuid = DIRECTOR, request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } } }
end

-- Runs them all at once -> their runs.
local function at_once(cloud, requests)
  local waits, runs = {}, {}
  for i, one in ipairs(requests) do waits[i] = select(2, cloud:cpi_background(one)) end
  for i, wait in ipairs(waits) do
    runs[i] = wait(120)
    assert.equal(0, runs[i].exit, runs[i].stderr)
    assert.is_nil(runs[i].stderr:find "lock", runs[i].stderr)
  end
  return runs
end

local function results(runs)
  local list = {}
  for i, run in ipairs(runs) do
    assert.equal(null, run.response.error, run.stderr)
    list[i] = run.response.result
  end
  return list
end

-- So many create_vm of one kind.
local function orders(cloud, properties, networks)
  local list = {}
  properties.compute_offering = "shared.small"
  for i = 1, MANY do
    list[i] = request("create_vm", "agent-" .. i, cloud:state().templates[1].id, properties,
      networks or { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = {} })
  end
  return list
end

local function started(world)
  return rig.start { role = "bosh", store = true, world = world }
end

local function leave(cloud, vms)
  local list = {}
  for i, vm in ipairs(vms) do list[i] = request("delete_vm", vm) end
  results(at_once(cloud, list))
end

local function cids(list)
  for i, one in ipairs(list) do list[i] = one[1] end
  return list
end

describe("at once", function()
  it("VMs that need one affinity group make one, and the last takes it along", function()
    local cloud <close> = started()
    local vms = cids(results(at_once(cloud, orders(cloud, { affinity_group = "web",
      affinity_group_type = "non-strict host anti-affinity" }))))
    local groups = cloud:state().affinitygroups
    assert.equal(1, #groups)
    assert.equal(MANY, #groups[1].vms)
    leave(cloud, vms)
    assert.same({}, cloud:state().affinitygroups)
  end)

  it("VMs that need one load balancer make one, and the last takes it along", function()
    local cloud <close> = started { public_addresses = { { name = "192.0.2.50", network = "bosh-net" } } }
    local lbs = rig.json.array { { name = "web", private_port = 8080, public_port = 80, public_ip = "192.0.2.50" } }
    local vms = cids(results(at_once(cloud, orders(cloud, { lbs = lbs }))))
    local rules = cloud:state().loadbalancers
    assert.equal(1, #rules)
    assert.equal(MANY, #rules[1].members)
    leave(cloud, vms)
    assert.same({}, cloud:state().loadbalancers)
  end)

  it("VMs that want one vip: one has it, the others say who, and leave nothing", function()
    local cloud <close> = started()
    local networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
      public = { type = "vip", ip = "192.0.2.60", cloud_properties = { acquire = true } } }
    local good = {}
    for _, run in ipairs(at_once(cloud, orders(cloud, {}, networks))) do
      if run.response.error == null then good[#good + 1] = run.response.result[1]
      else assert.truthy(run.response.error.message:find("192.0.2.60", 1, true), run.response.error.message) end
    end
    assert.equal(1, #good)
    local count = 0
    for _, row in ipairs(cloud:state().publicaddresses) do
      if row.address == "192.0.2.60" then
        count = count + 1
        assert.equal(good[1], row.virtualmachine)
      end
    end
    assert.equal(1, count)
    leave(cloud, good)
    cloud:expunge()
    assert.equal(0, cloud:state().left.vms)
    assert.equal(0, cloud:state().left.public_addresses)
  end)

  it("the same stemcell is uploaded once", function()
    local cloud <close> = started()
    local image = cloud.directory .. "/image"
    local file = assert(io.open(image, "w"))
    file:write("BZh9 image")
    file:close()
    local before, list = #cloud:state().templates, {}
    for i = 1, MANY do list[i] = request("create_stemcell", image, { name = "ubuntu", version = "1.1", hypervisor = "xen" }) end
    local made = results(at_once(cloud, list))
    for i = 2, MANY do assert.equal(made[1], made[i]) end
    -- CloudStack keeps a template to which nothing was uploaded until it has given up waiting: such a one is left in the journal.
    cloud:clock(3700)
    local run = cloud:command { "journal", "replay" }
    assert.equal(0, run.exit, run.stdout .. run.stderr)
    assert.equal(before + 1, #cloud:state().templates)
    assert.equal("", cloud:journal())
    assert.equal(made[1], cloud:state().templates[before + 1].name)
  end)

  it("networks of a free block have blocks of their own, inside a VPC and outside", function()
    local cloud <close> = started { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } } }
    for _, properties in ipairs { {}, { vpc = "vpc1" } } do
      local list, seen = {}, {}
      for i = 1, 3 do list[i] = request("create_network", { type = "manual", netmask_bits = 24, cloud_properties = properties }) end
      for _, made in ipairs(results(at_once(cloud, list))) do
        assert.is_nil(seen[made[2].range], made[2].range .. " twice")
        seen[made[2].range] = true
      end
    end
  end)

  it("a key pair is made once", function()
    local cloud <close> = started()
    local line = ("for i in 1 2 3 4 5 6; do %s --config %s keypair create web >%s/key.$i 2>&1 & done; wait"):format(
      rig.quote(rig.program "cpi"), rig.quote(cloud.config), rig.quote(cloud.directory))
    os.execute(line)
    local shown, all = 0, {}
    for i = 1, 6 do
      all[i] = io.open(("%s/key.%d"):format(cloud.directory, i)):read "a"
      if all[i]:find("PRIVATE KEY", 1, true) then shown = shown + 1 else assert.truthy(all[i]:find("web", 1, true), all[i]) end
    end
    assert.equal(1, shown, table.concat(all))
    local there = 0
    for _, key in ipairs(cloud:state().keys) do there = there + (key.name == "web" and 1 or 0) end
    assert.equal(1, there)
  end)
end)

describe(ALL .. " processes", function()
  local function entries(cloud)
    local set, count = {}, 0
    assert(native.store.open(cloud.store))
    for _, row in ipairs(assert(native.store.rows "journal")) do
      set[rig.json.decode(row.value).name], count = true, count + 1
    end
    return set, count
  end

  it("lose no journal entry, also when all are killed, and the next create deals with them", function()
    local cloud <close> = started()
    local disk = request("create_disk", 1024, { disk_offering = "shared.custom" })
    cloud:faults { { command = "createVolume", fault = "hang", times = ALL } }
    local pids = {}
    for i = 1, ALL do pids[i] = cloud:cpi_background(disk) end
    local asked = rig.wait(function()
      local names, count = {}, 0
      for _, one in ipairs(cloud:requests()) do
        if one.command == "createVolume" then names[one.parameters.name], count = true, count + 1 end
      end
      return count == ALL and names
    end, 120)
    local written, count = entries(cloud)
    assert.equal(ALL, count)
    for name in pairs(asked) do assert.is_true(written[name], name .. " is not in the journal") end
    for _, pid in ipairs(pids) do rig.kill(pid) end
    assert.equal(ALL, select(2, entries(cloud)))

    cloud:faults {}
    local run = cloud:cpi(disk)
    assert.equal(null, run.response.error, run.stderr)
    assert.equal(0, select(2, entries(cloud)))
    assert.equal(1, #cloud:state().volumes, "what the dead left is gone")
  end)
end)
