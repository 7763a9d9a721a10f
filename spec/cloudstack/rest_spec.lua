local fake = require "tests.support.fake"
local rest = require "cloudstack.rest"

local function row(state, more)
  local vm = { id = "v", name = "cpivm-1", state = state }
  for key, value in pairs(more or {}) do vm[key] = value end
  return vm
end
local function look(...) return { "listVirtualMachines", { id = "v" }, { virtualmachine = { ... } } } end

describe("a VM or a disk at rest", function()
  it("is asked for nothing", function()
    local cpi <close> = fake.cpi {}
    local vm, disk = row "Stopped", { id = "d", name = "cpi-disk-1", state = "Ready" }
    assert.equal(vm, rest.vm(cpi, vm, 10))
    assert.equal(disk, rest.volume(cpi, disk, 10))
    assert.same({}, cpi.waves)
  end)
end)

describe("what is under way", function()
  it("is waited for by its job", function()
    local cpi <close> = fake.cpi { { "startVirtualMachine", {}, job = {}, lasts = 5 }, look(row "Running") }
    local task = cpi.cloudstack:start({ { "startVirtualMachine", { id = "v" }, job = true } })[1]
    assert.equal("Running", rest.vm(cpi, row("Stopped", { jobid = task.jobid, jobstatus = 0 }), 60).state)
    assert.is_true(cpi.clock.now() >= 1005)
  end)

  it("is waited for by the state, where there is no job", function()
    local cpi <close> = fake.cpi { look(row "Migrating"), look(row "Migrating"), look(row "Running") }
    assert.equal("Running", rest.vm(cpi, row "Migrating", 60).state)
  end)

  it("is in the log where it lasts", function()
    local script, lines = {}, {}
    script.capture = lines
    for i = 1, 10 do script[i] = look(row "Migrating") end
    script[11] = look(row "Running")
    local cpi <close> = fake.cpi(script)
    rest.vm(cpi, row "Migrating", 600)
    local text = table.concat(lines, "\n")
    assert.truthy(text:find("info waiting for VM 'cpivm-1', which is Migrating: 30 s", 1, true), text)
  end)

  it("may be another account's job, about which nothing is said", function()
    local refused = { "queryAsyncJobResult", {}, refuse = "Account bosh is not authorized to see job id=30", code = 531 }
    local cpi <close> = fake.cpi { refused, look(row("Stopped", { jobid = "j", jobstatus = 0 })), refused, look(row "Stopped") }
    assert.equal("Stopped", rest.vm(cpi, row("Stopped", { jobid = "j", jobstatus = 0 }), 60).state)
  end)

  it("may end with nothing", function()
    local cpi <close> = fake.cpi { look() }
    assert.is_nil(rest.vm(cpi, row "Stopping", 60))
  end)

  it("on a disk is waited for likewise", function()
    local cpi <close> = fake.cpi { { "listVolumes", { id = "d" }, { volume = { { id = "d", name = "cpi-disk-1", state = "Ready" } } } } }
    assert.equal("Ready", rest.volume(cpi, { id = "d", name = "cpi-disk-1", state = "Snapshotting" }, 60).state)
  end)

  it("is not waited for longer than the caller has time", function()
    local script = {}
    for i = 1, 40 do script[i] = look(row "Migrating") end
    local cpi = fake.cpi(script)
    local failure = fake.failure(rest.vm, cpi, row "Migrating", 60)
    assert.equal("VM 'cpivm-1' is Migrating, and has not come to rest in 60 s", failure.message)
    assert.equal(1060, cpi.clock.now())
    pcall(getmetatable(cpi).__close, cpi, "the rest of the script is not wanted")
  end)
end)
