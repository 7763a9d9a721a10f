-- The simulator's switches over HTTP: faults that are listed and taken back, states from outside, and what the model lacks.

local rig = require "rig"

describe("the simulator's switches", function()
  local cloud
  setup(function() cloud = rig.start() end)
  teardown(function() cloud:stop() end)
  before_each(function() cloud:reset() end)

  local function sim(path, arguments) return rig.json.decode((cloud:curl(path, arguments))) end

  it("list faults and take them back", function()
    cloud:faults { { command = "listZones", fault = "html", times = 3 }, { command = "listVolumes", fault = "drop" } }
    cloud:curl("/client/api", "-d " .. rig.quote(cloud:signed "listZones"))
    local list = sim "/sim/faults"
    assert.same({ 1, true, 0 }, { list[1].struck, list[1].waits, list[2].struck })
    assert.equal(1, sim("/sim/faults?id=2", "-X DELETE").taken_back)
    assert.equal(1, sim("/sim/faults", "-X DELETE").taken_back)
    local _, told = cloud:curl("/client/api", "-d " .. rig.quote(cloud:signed "listZones"))
    assert.equal(200, told.code)
  end)

  it("refuse faults of commands that nobody knows", function()
    local body, told = cloud:curl("/sim/faults", [[-d '{"command":"deployVM","fault":"drop"}']])
    assert.equal(400, told.code)
    assert.truthy(body:find("there is no command 'deployVM'", 1, true), body)
  end)

  it("set states from outside", function()
    local body, told = cloud:curl("/sim/states", [[-d '{"name":"none","state":"Error"}']])
    assert.equal(400, told.code)
    assert.truthy(body:find("there is no vm 'none'", 1, true), body)
  end)

  local function text_of(path)
    local file = assert(io.open(path))
    local text = file:read "a"
    file:close()
    return text
  end

  it("say what the model lacks, in a header, in the log of requests and once on stderr", function()
    local dump = cloud.directory .. "/headers"
    for _ = 1, 2 do
      cloud:curl("/client/api", ("-D %s -d %s"):format(rig.quote(dump), rig.quote(cloud:signed("listZones", { colour = "red" }))))
    end
    assert.truthy(text_of(dump):find("X-Sim: listZones ignores colour", 1, true))
    local _, count = text_of(cloud.directory .. "/server.err"):gsub("simulator: listZones ignores colour", "")
    assert.equal(1, count)
    assert.equal("listZones ignores colour", cloud:requests()[1].shortcoming)
  end)

  it("refuse what is not UTF-8 and go on", function()
    local form = cloud:signed "listZones"
    local _, told = cloud:curl("/client/api", "-d " .. rig.quote(form .. "&name=caf%e9"))
    assert.equal(401, told.code)
    assert.equal("caf\u{FFFD}", cloud:requests()[1].parameters.name)
  end)

  it("make errors of what the model lacks with --strict", function()
    local strict <close> = rig.start { strict = true }
    for _, form in ipairs { strict:signed "createVMSnapshot", strict:signed("listZones", { colour = "red" }) } do
      local body, told = strict:curl("/client/api", "-d " .. rig.quote(form))
      assert.equal(501, told.code)
      assert.truthy(body:find("simulator: ", 1, true), body)
    end
  end)
end)
