-- cpi validate as its own process, over HTTP: a whole life, and one that a signal ends.

local rig = require "rig"

local json = rig.json
local JOBS = { deployVirtualMachine = 0.3, destroyVirtualMachine = 0.2, attachVolume = 0.3, createSnapshot = 0.2,
  rebootVirtualMachine = 0.2 }

-- What stays in CloudStack once it has expunged.
local function left(cloud)
  cloud:expunge()
  local list = {}
  for kind, count in pairs(cloud:state().left) do
    if count > 0 then list[#list + 1] = kind end
  end
  return list
end

describe("cpi validate", function()
  it("lives a VM's life and leaves nothing, in CloudStack nor in the journal", function()
    local cloud <close> = rig.start { store = true, world = { latency = { jobs = JOBS } } }
    local run = cloud:command { "validate", "--yes", "--network", "bosh-net" }
    assert.equal(0, run.exit, run.stdout .. run.stderr)
    assert.truthy(run.stdout:find("18 done, 0 failed, 0 not supported, 0 skipped; ", 1, true), run.stdout)
    assert.truthy(run.stdout:find("\nnothing is left in CloudStack\n", 1, true), run.stdout)
    assert.same({}, left(cloud))
    assert.equal("", cloud:journal())
  end)

  it("removes what it made after a signal, and says so", function()
    local cloud <close> = rig.start { store = true, world = { latency = { jobs = JOBS } } }
    local pid, finish = cloud:command_background { "validate", "--yes", "--network", "bosh-net", "--output", "json" }
    rig.wait(function() return cloud:has_had "attachVolume" end, 20)
    os.execute(("kill -TERM %d"):format(pid))
    local run = finish(30)
    assert.equal(1, run.exit, run.stderr)
    local told, last = assert(json.decode(run.stdout), run.stdout .. run.stderr), nil
    for _, step in ipairs(told.steps) do
      if step.outcome == "skipped" then last = step.result end
    end
    assert.equal("interrupted: SIGTERM arrived", last)
    assert.same({}, told.left)
    assert.same({}, left(cloud))
    assert.equal("", cloud:journal())
  end)
end)
