-- create_vm where everything takes as long as it was seen to take on a small management server, in simulated time: against one
-- deploy that makes the VM, starts it and is tagged meanwhile, as a client without a plan for a lack of room would do.

local client = require "cloudstack.client"
local scenarios = require "tests.faults.scenarios"

local own_speed = {}

-- Seconds from the request to the end of the job: recordings of a server of 4.22.
local JOBS = { deployVirtualMachine = 2.3, ["deployVirtualMachine startvm=false"] = 0.3, startVirtualMachine = 1.75, createTags = 0.03 }
local WORLD = { latency = { request = { user = 0.02, admin = 0.02, deployVirtualMachine = 0.23 }, jobs = JOBS } }

local LOOKS = { { "listCapabilities", {} }, { "listNetworks", {} }, { "listServiceOfferings", {} }, { "listTemplates",
  { templatefilter = "executable" } }, { "listZones", {} } }

local function order(stage)
  local arguments = stage:order({}, stage:networks())
  arguments[3] = { compute_offering = "shared.small" }
  return arguments
end

local function timed(stage, run)
  local began = stage.sim.clock.now()
  run()
  return stage.sim.clock.now() - began
end

local function opened() return scenarios.open({ world = WORLD, arrange = order }, { seed = 1 }) end

local function ours()
  local stage, arguments = opened()
  return timed(stage, function() assert(not stage:call("create_vm", arguments).error) end)
end

local function started_by_the_deploy()
  local stage = opened()
  local sim, silent = stage.sim, setmetatable({ mask = function(text) return text end }, { __index = function() return function() end end })
  local plain = client { send = sim.send, json = require "host_native".json, clock = sim.clock, uuid = stage.uuid, log = silent,
    decide = function() return {} end }
  local state = sim.state()
  local offering
  for _, one in ipairs(state.serviceofferings) do offering = one.name == "shared.small" and one.id or offering end
  return timed(stage, function()
    local found = plain:wave(LOOKS)
    local networks, zones = found[2].payload.network, found[5].payload.zone
    local deploy = plain:start { { "deployVirtualMachine", { zoneid = zones[1].id, templateid = state.templates[1].id,
      serviceofferingid = offering, ["iptonetworklist[0].networkid"] = networks[1].id, name = "plain" }, job = true } }[1]
    local tags = plain:start { { "createTags", { resourceids = deploy.id, resourcetype = "UserVm", ["tags[0].key"] = "k",
      ["tags[0].value"] = "v" }, job = true } }[1]
    plain:wait { deploy, tags }
    assert(not deploy.failure, deploy.failure and deploy.failure.text)
  end)
end

function own_speed.measure(report)
  report.section "create_vm at CloudStack's own speed, in simulated time"
  local made, plain = ours(), started_by_the_deploy()
  report.row { "made stopped, then started and tagged", measured = ("%.2f s"):format(made),
    against = ("a deploy that starts it, %.2f s"):format(plain), value = made / plain, unit = "x", at_most = 1 }
end

return own_speed
