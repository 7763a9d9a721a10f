local cloud = require "spec.sim.cloud"

describe("a posted fault", function()
  local c
  before_each(function() c = cloud.new() end)

  local function send(command, params, timeout)
    return c.sim.send({ { command = command, params = params, timeout = timeout } })[1]
  end
  local function volume() return { name = "v", zoneid = c.zone, size = 1, diskofferingid = c.disk["shared.custom"] } end
  local function volumes() return #c.sim.state().volumes end

  it("strikes at the nth request of its command, once", function()
    c.sim.fault { fault = "drop", command = "listZones", nth = 2 }
    c:call("listZones")
    c:call("listVolumes")
    assert.equal("closed", send("listZones").fault)
    c:call("listZones")
  end)

  it("may strike several times, and at any command", function()
    c.sim.fault { fault = "drop", times = 2 }
    assert.equal("closed", send("listZones").fault)
    assert.equal("closed", send("listVolumes").fault)
    c:call("listZones")
  end)

  it("may wait for one account", function()
    c.sim.fault { fault = "drop", account = "admin" }
    c:call("listZones")
    assert.equal("closed", c.sim.send({ { command = "listZones" } }, "admin")[1].fault)
  end)

  it("drop: nothing happens, no answer", function()
    c.sim.fault { fault = "drop", command = "createVolume" }
    assert.same({ fault = "closed", sent = true, seconds = 0, text = "the server closed the connection" },
      send("createVolume", volume()))
    assert.equal(0, volumes())
  end)

  it("refuse: nothing happens, and CloudStack says why", function()
    c.sim.fault { fault = "refuse", command = "createVolume", errortext = "please try again later", code = 431 }
    local reply = send("createVolume", volume())
    assert.equal(431, reply.status)
    assert.same({ uuidList = {}, errorcode = 431, cserrorcode = 9999, errortext = "please try again later" },
      require("host_native").json.decode(reply.body).createvolumeresponse)
    assert.equal(0, volumes())
    assert.has_error(function() c.sim.fault { fault = "refuse" } end, "fault: refuse needs errortext")
  end)

  it("lose: it happens, no answer", function()
    c.sim.fault { fault = "lose", command = "createVolume" }
    assert.equal("closed", send("createVolume", volume()).fault)
    assert.equal(1, volumes())
    assert.equal(200, c.sim.requests[1].status)
    assert.equal("lose", c.sim.requests[1].fault)
    assert.is_string(c.sim.requests[1].jobid)
  end)

  it("hang: it happens or not, and the caller waits as long as he likes", function()
    c.sim.fault { fault = "hang", command = "createVolume" }
    local before = c.sim.clock.now()
    assert.same({ "timeout", true }, { send("createVolume", volume(), 30).fault, true })
    assert.equal(30, c.sim.clock.now() - before)
    assert.equal(1, volumes())
    c.sim.fault { fault = "hang", command = "createVolume", before = true }
    send("createVolume", volume(), 1)
    assert.equal(1, volumes())
  end)

  it("delay: it happens, and the answer takes time or comes too late", function()
    c.sim.fault { fault = "delay", command = "createVolume", seconds = 5 }
    assert.equal(5, send("createVolume", volume()).seconds)
    c.sim.fault { fault = "delay", command = "createVolume", seconds = 5 }
    assert.equal("timeout", send("createVolume", volume(), 2).fault)
    assert.equal(2, volumes())
  end)

  it("status and html: an answer from elsewhere, and nothing happens unless told", function()
    c.sim.fault { fault = "status", status = 503, command = "createVolume" }
    local reply = send("createVolume", volume())
    assert.equal(503, reply.status)
    assert.matches("Maintenance or Shutdown has been initiated", reply.body)
    c.sim.fault { fault = "html", status = 404, command = "createVolume" }
    reply = send("createVolume", volume())
    assert.equal(404, reply.status)
    assert.matches("<h2>HTTP ERROR 404 Not Found</h2>", reply.body)
    assert.equal(0, volumes())
    c.sim.fault { fault = "status", status = 502, body = "bad gateway", after = true, command = "createVolume" }
    assert.equal("bad gateway", send("createVolume", volume()).body)
    assert.equal(1, volumes())
  end)

  it("truncate and garbage: it happens, and the answer is of no use", function()
    c.sim.fault { fault = "truncate", bytes = 10, command = "createVolume" }
    assert.equal("closed", send("createVolume", volume()).fault)
    c.sim.fault { fault = "garbage", command = "createVolume" }
    assert.equal("[]", send("createVolume", volume()).body)
    assert.equal(2, volumes())
  end)

  it("fail_job: before or after the effect, with or without text or result", function()
    local vm = c:vm("vm-a")
    c.sim.fault { fault = "fail_job", command = "stopVirtualMachine", errortext = "no", code = 533 }
    assert.equal("533 no", c:failed("stopVirtualMachine", { id = vm.id }))
    assert.equal("Running", c:seen_vm(vm.id).state)
    c.sim.fault { fault = "fail_job", command = "stopVirtualMachine", when = "after" }
    local job = c:run("stopVirtualMachine", { id = vm.id })
    assert.same({ errorcode = 530 }, job.jobresult)
    assert.equal("Stopped", c:seen_vm(vm.id).state)
    c.sim.fault { fault = "fail_job", command = "startVirtualMachine", jobresult = false }
    job = c:run("startVirtualMachine", { id = vm.id })
    assert.same({ 2, 530 }, { job.jobstatus, job.jobresultcode })
    assert.is_nil(job.jobresult)
    c.sim.fault { fault = "fail_job", command = "deployVirtualMachine", errortext = "no" }
    c:failed("deployVirtualMachine", c:deployment("vm-b"))
    assert.equal("Error", c:rows("listVirtualMachines", "virtualmachine", { name = "vm-b" })[1].state)
  end)

  it("throttle: 429 until the time has passed", function()
    c.sim.fault { fault = "throttle", milliseconds = 340, command = "listZones" }
    assert.equal("429 The given user has reached his/her account api limit, please retry after [340] ms.",
      (c:refused("listZones")))
    c.sim.advance(0.2)
    assert.matches("%[140%] ms", (c:refused("queryAsyncJobResult", { jobid = "x" })))
    c.sim.advance(0.2)
    c:call("listZones")
  end)

  it("vanish_job: the job is unknown as soon as it is over", function()
    c.sim.fault { fault = "vanish_job", command = "createVolume" }
    local started = c:call("createVolume", volume())
    assert.matches("Invalid parameter jobid", (c:refused("queryAsyncJobResult", { jobid = started.jobid })))
    assert.equal(1, volumes())
  end)

  it("that makes no sense is refused in clear words", function()
    assert.has_error(function() c.sim.fault { fault = "delay" } end, "fault: delay needs seconds")
    assert.has_error(function() c.sim.fault { fault = "drop", seconds = 3 } end, "fault: drop has no option 'seconds'")
  end)
end)

describe("time", function()
  it("passes as the observed server's does when asked to", function()
    local c = cloud.new { latency = "observed" }
    local began = c.sim.clock.now()
    c:vm("vm-a")
    local took = c.sim.clock.now() - began
    assert.is_true(took > 1.6 and took < 2.2)
  end)

  it("of a wave is that of its slowest request", function()
    local c = cloud.new { latency = { request = { user = 0.05, createVolume = 0.2 } } }
    local before = c.sim.clock.now()
    c.sim.send { { command = "listZones" }, { command = "createVolume" }, { command = "listZones" } }
    assert.is_true(math.abs(c.sim.clock.now() - before - 0.2) < 1e-6)
  end)

  it("is told as the clock of the host tells it", function()
    local c = cloud.new()
    assert.equal("2026-01-01T00:00:00Z", c.sim.clock.iso())
    c.sim.clock.sleep(90.5)
    assert.equal("2026-01-01T00:01:30Z", c.sim.clock.iso())
    assert.equal(1767225690, c.sim.clock.utc())
  end)

  it("is the host's with what was added, when the simulator runs behind HTTP", function()
    local host = require "host_native"
    local now = 1000
    local sim = require("sim").new { host = host, base_url = "http://127.0.0.1:1", clock = {
      utc = function() return 1700000000 + now end, now = function() return now end,
    } }
    local began = sim.clock.now()
    now = now + 5
    assert.equal(5, sim.clock.now() - began)
    sim.advance(60)
    assert.equal(65, sim.clock.now() - began)
    assert.is_true(sim.next_due() <= 60)
  end)
end)

describe("the posted faults", function()
  local c
  before_each(function() c = cloud.new() end)

  it("are listed with how often each struck, and taken back", function()
    c.sim.fault { fault = "html", command = "listZones", times = 5 }
    c.sim.fault { fault = "drop", command = "listVolumes" }
    for _ = 1, 2 do c.sim.send { { command = "listZones" } } end
    local list = cloud.json.decode(c.sim.http({ method = "GET", path = "/sim/faults" }).body)
    assert.same({ 1, "html", 2, true }, { list[1].id, list[1].fault, list[1].struck, list[1].waits })
    assert.same({ 2, 0, true }, { list[2].id, list[2].struck, list[2].waits })
    assert.equal('{"taken_back":1}', c.sim.http({ method = "DELETE", path = "/sim/faults", query = "id=1" }).body)
    c:call("listZones")
    assert.equal('{"taken_back":1}', c.sim.http({ method = "DELETE", path = "/sim/faults" }).body)
    c:call("listVolumes")
    list = c.sim.faults()
    assert.same({ 2, false, 0, false }, { list[1].struck, list[1].waits, list[2].struck, list[2].waits })
  end)

  it("wait for nothing that never comes", function()
    local function refused(text, fault) assert.has_error(function() c.sim.fault(fault) end, "fault: " .. text) end
    refused("there is no command 'deployVM'", { fault = "drop", command = "deployVM" })
    refused("there is no account 'nobody'", { fault = "drop", account = "nobody" })
    refused("fail_job: when is never 'middle'", { fault = "fail_job", when = "middle" })
    refused("delay: seconds is a number, not '5'", { fault = "delay", seconds = "5" })
    c.sim.fault { fault = "drop", command = "upload" }
  end)
end)

describe("what the model lacks", function()
  local function told(c, command, params, who)
    local lines = {}
    local sim = require("sim").new { host = { json = cloud.json, bytes = cloud.bytes, log = { warn = function(format, ...)
      lines[#lines + 1] = format:format(...)
    end } }, strict = c }
    local reply = sim:transact({ { "command", command }, table.unpack(params or {}) }, sim.model:named("account", who or "bosh"))
    return reply, sim.requests[1].shortcoming, lines
  end

  it("is said of a command in the header, the log of requests and the log", function()
    for _, who in ipairs { "bosh", "admin" } do
      local reply, note, lines = told(false, "createVMSnapshot", nil, who)
      assert.equal(432, reply.status)
      assert.truthy(reply.body:find("The API [createVMSnapshot] does not exist or is not available for the account " .. who, 1, true))
      assert.equal("createVMSnapshot is not modelled", reply.headers["X-Sim"])
      assert.equal("createVMSnapshot is not modelled", note)
      assert.same({ "simulator: createVMSnapshot is not modelled" }, lines)
    end
  end)

  it("is said of parameters, which change nothing", function()
    local reply, note = told(false, "listZones", { { "colour", "red" }, { "response", "json" } })
    assert.equal(200, reply.status)
    assert.equal("listZones ignores colour", reply.headers["X-Sim"])
    assert.equal("listZones ignores colour", note)
  end)

  it("is an error where the simulator is strict", function()
    local reply = told(true, "listZones", { { "colour", "red" } })
    assert.equal(501, reply.status)
    assert.truthy(reply.body:find("simulator: listZones ignores colour", 1, true))
    assert.equal(501, told(true, "createVMSnapshot").status)
    assert.equal(200, told(true, "listZones").status)
  end)

  it("is nothing of a command that nobody knows", function()
    local reply, note = told(true, "noSuchCommand")
    assert.same({ 401 }, { reply.status, note })
  end)

  it("takes no option that it does not know", function()
    assert.has_error(function() require("sim").new { host = {}, wrold = {} } end, "sim.new has no option 'wrold'")
  end)
end)
