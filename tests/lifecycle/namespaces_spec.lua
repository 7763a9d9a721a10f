-- Processes that share a store from PID namespaces of their own, as BPM's containers do: each is alive for all the others,
-- for an operator on the host too, and a dead one is cleaned up after at once.

local namespace = require "namespace"
local rig = require "rig"

local null = rig.json.null
local DIRECTOR = "5b1c7a52-90d3-4c1e-6f0a-3d2b7e41c908"
local JOB = 3600 -- seconds that a deploy takes, by the simulator's clock: it ends when the spec says so
local WORLD = { latency = { jobs = { deployVirtualMachine = JOB } } }

local function create_vm(cloud, number)
  return { method = "create_vm", api_version = 2,
    context = { director_uuid = DIRECTOR, request_id = "cpi-" .. number, vm = { stemcell = { api_version = 3 } } },
    arguments = rig.json.array { "agent-" .. number, cloud:state().templates[1].id, { compute_offering = "shared.small" },
      { default = { type = "manual", ip = "10.0.0." .. (20 + number), netmask = "255.255.255.0", gateway = "10.0.0.1",
        cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = {} } } }
end

local function deploys(cloud)
  local count = 0
  for _, request in ipairs(cloud:requests()) do
    if request.command == "deployVirtualMachine" then count = count + 1 end
  end
  return count
end

-- Starts a create_vm in a namespace of its own -> pid, wait; it is in the middle of its deploy then.
local function start(cloud, number)
  local before = deploys(cloud)
  local pid, wait = cloud:cpi_background(create_vm(cloud, number), { under = namespace.words })
  rig.wait(function() return deploys(cloud) > before end, 30)
  return pid, wait
end

-- Ends the deploys that are under way, as long as one of the processes waits for one.
local function finish(cloud, waits)
  for i, wait in ipairs(waits) do
    waits[i] = rig.wait(function()
      cloud:clock(JOB)
      local is_over, run = pcall(wait, 0.2)
      return is_over and run
    end, 120)
  end
  return waits
end

local function living(cloud)
  local count = 0
  for _, vm in ipairs(cloud:state().vms) do
    if vm.state == "Running" then count = count + 1 end
  end
  return count
end

local function entries(cloud)
  return select(2, cloud:journal():gsub("\n", ""))
end

describe("create_vm in PID namespaces of their own", function()
  if not namespace.words then
    pending "not tried: no PID namespaces can be made here"
    return
  end

  it("five at once: five are answered, and five are there", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = WORLD }
    local waits = {}
    for i = 1, 5 do
      waits[i] = select(2, start(cloud, i))
      assert.equal(i, entries(cloud))
    end
    for _, run in ipairs(finish(cloud, waits)) do
      assert.equal(0, run.exit, run.stderr)
      assert.equal(null, run.response.error, run.stderr)
    end
    assert.equal(5, living(cloud))
    assert.equal("", cloud:journal())
  end)

  it("a living one is at work for an operator outside, who removes nothing of it", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = WORLD }
    local _, wait = start(cloud, 1)
    for _, word in ipairs { "show", "replay" } do
      local run = cloud:command { "journal", word }
      assert.equal(1, run.exit, run.stderr)
      assert.truthy(run.stdout:find("at work", 1, true), run.stdout)
    end
    local run = finish(cloud, { wait })[1]
    assert.equal(null, run.response.error, run.stderr)
    assert.equal(1, living(cloud))
  end)

  it("a killed one is cleaned up after by the next process, in whatever namespace", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = WORLD }
    local _, wait = start(cloud, 1)
    local pid = start(cloud, 2)
    rig.kill(pid)
    -- The kernel ends the contained process with the one that started it.
    rig.wait(function()
      return cloud:command({ "journal", "show" }).stdout:find("interrupted", 1, true)
    end, 30)
    local _, next_wait = cloud:cpi_background(create_vm(cloud, 2), { under = namespace.words })
    for _, run in ipairs(finish(cloud, { wait, next_wait })) do
      assert.equal(null, run.response.error, run.stderr)
    end
    assert.equal(2, living(cloud))
    assert.equal("", cloud:journal())
  end)
end)
