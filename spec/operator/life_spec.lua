local native = require "host_native"
local life = require "operator.life"
local new_trial = require("operator.trial").new
local stopwatch = require "operator.stopwatch"

-- (the whole life, and what becomes of it when a step fails: spec/commands/validate_spec.lua)

local trial, watched, watch

before_each(function()
  trial = new_trial { host = native }
  watched, watch = stopwatch(trial.host)
end)

local function order_of(more)
  local order = { director = "validating", stemcell = { image = "", cloud_properties = { light_template = "ubuntu-builtin" } },
    network = { name = "bosh-net", cidr = "10.0.0.0/24", gateway = "10.0.0.1" }, properties = { cpu = 1, ram = 1024 }, disk = 1024,
    disk_properties = {}, find_vm = trial.vm }
  for name, value in pairs(more or {}) do order[name] = value end
  return order
end

describe("a life", function()
  it("reports each step when it is over, in their order", function()
    local seen = {}
    local steps, trouble = life.run(order_of(), function(step) seen[#seen + 1] = step end, watched, watch)
    assert.is_nil(trouble)
    assert.same(steps, seen)
    assert.equal("create_stemcell", steps[1].verb)
    assert.equal("delete_stemcell", steps[#steps].verb)
  end)

  it("is asked for as a director does: its uuid, a request's id, the stemcell's API version", function()
    life.run(order_of(), function() end, watched, watch)
    local tags = {}
    for _, request in ipairs(trial.requests()) do
      for key, value in pairs(request.parameters) do
        local at = key:match "^tags%[(%d+)%]%.key$"
        if at and request.command ~= "listVolumes" then tags[value] = request.parameters[("tags[%s].value"):format(at)] end
      end
    end
    assert.equal("validating", tags.director_uuid)
    assert.truthy(tags.bosh_request:find "^validate%-%d+$")
  end)

  it("has the netmask of a network that reports only its range", function()
    life.run(order_of { address = "10.0.0.9" }, function() end, watched, watch)
    for _, request in ipairs(trial.requests()) do
      if request.command == "deployVirtualMachine" then assert.equal("10.0.0.9", request.parameters["iptonetworklist[0].ip"]) end
    end
    trial.sim.advance(86400 * 2)
    assert.same({}, trial.left())
  end)

  it("goes to its end where a report fails, and returns that failure", function()
    local count = 0
    local steps, trouble = life.run(order_of(), function()
      count = count + 1
      if count == 4 then error("no more", 0) end
    end, watched, watch)
    assert.same({ 4, "no more" }, { count, trouble })
    assert.equal("interrupted: the output cannot be written", steps[5].result)
    assert.equal("delete_stemcell", steps[#steps].verb)
  end)

  it("says that a bug is one", function()
    local steps = life.run(order_of { find_vm = function() error("a bug", 0) end }, function() end, watched, watch)
    assert.same({ "failed", "Bosh::Clouds::CpiError", "a bug" }, { steps[2].outcome, steps[2].failure.type, steps[2].failure.message })
    trial.sim.advance(86400 * 2)
    assert.same({}, trial.left())
  end)
end)
