-- Many processes, one CloudStack: the limits of cloudstack.throttle hold for all of them together.

local rig = require "rig"

local null = rig.json.null
local HAS_VM = { method = "has_vm", context = { director_uuid = "d" }, arguments = { "cpivm-none" } }

local PROCESSES, LATENCY, SLOTS = 96, 0.03, 4

-- has_vm of so many processes at once, each to its end -> CloudStack's requests; raises when one did not go well.
local function all_at_once(cloud)
  local base = cloud.directory .. "/many"
  local file = assert(io.open(base, "w"))
  file:write(rig.json.encode(HAS_VM))
  file:close()
  local line = "for i in $(seq %d); do %s --config %s <%s >%s.$i 2>&1 & done; wait"
  os.execute(line:format(PROCESSES, rig.quote(rig.program "cpi"), rig.quote(cloud.config), rig.quote(base), rig.quote(base)))
  for i = 1, PROCESSES do
    local answer = assert(io.open(base .. "." .. i)):read "a"
    assert.truthy(answer:find('"error":null', 1, true), answer)
  end
  return cloud:requests()
end

local function refused(requests)
  local count = 0
  for _, request in ipairs(requests) do count = count + (request.status == 429 and 1 or 0) end
  return count
end

describe("the throttle", function()
  it("lets no more be under way than the site allows", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = { latency = { request = LATENCY } },
      config = { cloudstack = { throttle = { concurrent = SLOTS } } } }
    local requests = all_at_once(cloud)
    assert.equal(PROCESSES, #requests)
    for i = SLOTS + 1, #requests do
      assert.is_true(requests[i].at - requests[i - SLOTS].at >= LATENCY - 0.005, "more than 4 were under way")
    end
  end)

  it("brings everybody through where CloudStack itself has a limit", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = { settings = {
      ["api.throttling.enabled"] = true, ["api.throttling.interval"] = 1, ["api.throttling.max"] = PROCESSES // 2 } } }
    local requests = all_at_once(cloud)
    assert.is_true(refused(requests) > 0, "the limit was not reached")
    assert.equal(PROCESSES, #requests - refused(requests))
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

  it("keeps another process waiting for the milliseconds that CloudStack asked the first for", function()
    local cloud <close> = rig.start { role = "bosh", store = true }
    cloud:faults { { command = "listVirtualMachines", fault = "throttle", milliseconds = 700 } }
    local _, first = cloud:cpi_background(HAS_VM)
    local answered = rig.wait(function() return cloud:requests()[1] end, 10)
    assert.equal(429, answered.status)
    local run = cloud:cpi(HAS_VM)
    assert.equal(null, run.response.error, run.stdout)
    assert.equal(null, first(20).response.error)
    local requests = cloud:requests()
    assert.equal(3, #requests)
    for i = 2, 3 do assert.is_true(requests[i].at - answered.at >= 0.69, "one did not wait: " .. requests[i].at - answered.at) end
  end)

  it("makes all wait when CloudStack asks one to", function()
    local cloud <close> = rig.start { role = "bosh", store = true }
    cloud:faults { { command = "listVirtualMachines", fault = "throttle", milliseconds = 300 } }
    for _ = 1, 2 do
      local run = cloud:cpi(HAS_VM)
      assert.equal(null, run.response.error, run.stdout)
    end
    assert.equal(1, refused(cloud:requests()))
  end)
end)
