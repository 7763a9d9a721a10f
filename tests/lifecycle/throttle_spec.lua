-- Many processes, one CloudStack: the limits of cloudstack.throttle hold for all of them together.

local rig = require "rig"

local null = rig.json.null
local HAS_VM = { method = "has_vm", context = { director_uuid = "d" }, arguments = { "cpivm-none" } }

-- Starts so many at once and waits until CloudStack has heard of all -> its requests.
local function at_once(cloud, count)
  for _ = 1, count do cloud:cpi_background(HAS_VM) end
  return rig.wait(function()
    local requests = cloud:requests()
    return #requests >= count and requests
  end, 20)
end

describe("the throttle", function()
  it("lets no more be under way than the site allows", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = { latency = { request = 0.03 } },
      config = { cloudstack = { throttle = { concurrent = 1 } } } }
    local previous
    for _, request in ipairs(at_once(cloud, 8)) do
      assert.is_true(not previous or request.at - previous >= 0.025, "two were under way")
      previous = request.at
    end
  end)

  it("is free again when its holder was killed", function()
    local cloud <close> = rig.start { role = "bosh", store = true, config = { cloudstack = { throttle = { concurrent = 1 } } } }
    cloud:faults { { command = "listVirtualMachines", fault = "hang" } }
    local pid = cloud:cpi_background(HAS_VM)
    rig.wait(function() return #cloud:requests() == 1 end, 10)
    rig.kill(pid)
    local run = cloud:cpi(HAS_VM)
    assert.equal(null, run.response.error, run.stdout)
    assert.is_false(run.response.result)
  end)

  it("makes all wait when CloudStack asks one to", function()
    local cloud <close> = rig.start { role = "bosh", store = true }
    cloud:faults { { command = "listVirtualMachines", fault = "throttle", milliseconds = 300 } }
    local refused = 0
    for _ = 1, 2 do
      local run = cloud:cpi(HAS_VM)
      assert.equal(null, run.response.error, run.stdout)
    end
    for _, request in ipairs(cloud:requests()) do refused = refused + (request.status == 429 and 1 or 0) end
    assert.equal(1, refused)
  end)
end)
