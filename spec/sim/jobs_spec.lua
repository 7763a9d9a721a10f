local cloud = require "spec.sim.cloud"

describe("a job", function()
  it("is pending without result, then done with one", function()
    local c = cloud.new { latency = { jobs = { deployVirtualMachine = 2 } } }
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    local job = c:query(started.jobid)
    assert.equal(0, job.jobstatus)
    assert.equal(0, job.jobresultcode)
    assert.is_nil(job.jobresult)
    assert.is_nil(job.completed)
    assert.equal("VirtualMachine", job.jobinstancetype)
    assert.equal(started.id, job.jobinstanceid)
    assert.is_string(job.managementserverid)
    c.sim.advance(2)
    job = c:query(started.jobid)
    assert.equal(1, job.jobstatus)
    assert.equal("object", job.jobresulttype)
    assert.is_string(job.completed)
    assert.is_nil(job.managementserverid)
  end)

  it("with no latency is done at the next request", function()
    local c = cloud.new()
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    assert.equal("Running", c:seen_vm(started.id).state)
  end)

  it("shows its VM Starting, Stopping, Expunging meanwhile, with its id in the row", function()
    local c = cloud.new { latency = { jobs = {
      deployVirtualMachine = 3, stopVirtualMachine = 3, expungeVirtualMachine = 3, destroyVirtualMachine = 0,
    } } }
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    assert.equal("Stopped", c:seen_vm(started.id).state)
    c.sim.advance(1)
    assert.equal("Starting", c:seen_vm(started.id).state)
    assert.equal(started.jobid, c:seen_vm(started.id).jobid)
    c.sim.advance(3)
    c:call("stopVirtualMachine", { id = started.id })
    c.sim.advance(1)
    assert.equal("Stopping", c:seen_vm(started.id).state)
    c.sim.advance(3)
    c:job("destroyVirtualMachine", { id = started.id })
    c:call("expungeVirtualMachine", { id = started.id }, "admin")
    c.sim.advance(1)
    assert.equal("Expunging", c:seen_vm(started.id, "admin").state)
    assert.is_nil(c:seen_vm(started.id))
  end)

  it("waits for the one before it on the same VM", function()
    local c = cloud.new { latency = { jobs = { stopVirtualMachine = 2, startVirtualMachine = 2 } } }
    local vm = c:vm("vm-a")
    local stop = c:call("stopVirtualMachine", { id = vm.id })
    local destroy = c:call("destroyVirtualMachine", { id = vm.id })
    c.sim.advance(1)
    assert.equal(0, c:query(destroy.jobid).jobstatus)
    c.sim.advance(1.5)
    assert.equal(1, c:query(stop.jobid).jobstatus)
    assert.equal(1, c:query(destroy.jobid).jobstatus)
  end)

  it("belongs to the account that started it", function()
    local c = cloud.new()
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    assert.matches('^531 Account Account %[{"accountName":"other","id":%d+,"uuid":".*"}%] is not authorized to see job id=1$',
      (c:refused("queryAsyncJobResult", { jobid = started.jobid }, "other")))
    assert.equal(1, c:query(started.jobid, "admin").jobstatus)
  end)

  it("that nobody knows is a bad parameter; none at all another one", function()
    local c = cloud.new()
    assert.matches("^431 Unable to execute API command queryasyncjobresult due to invalid value. Invalid parameter jobid "
      .. "value=zz due to", (c:refused("queryAsyncJobResult", { jobid = "zz" })))
    assert.equal("431 Unable to find a job by id 12345 resource type null resource id null",
      (c:refused("queryAsyncJobResult", { jobid = "12345" })))
    assert.equal("431 Expected parameter job id or parameters resource type and resource id",
      (c:refused("queryAsyncJobResult", {})))
    local old = cloud.new { version = "4.18.0" }
    assert.equal("431 Unable to execute API command queryasyncjobresult due to missing parameter jobid",
      (old:refused("queryAsyncJobResult", {})))
  end)

  it("is forgotten after a day", function()
    local c = cloud.new()
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    c.sim.advance(1440 * 60 - 60)
    assert.equal(1, c:query(started.jobid).jobstatus)
    c.sim.advance(120)
    assert.matches("Invalid parameter jobid", (c:refused("queryAsyncJobResult", { jobid = started.jobid })))
  end)

  it("is listed while it is pending, to its account and to admins who ask for all", function()
    local c = cloud.new { latency = { jobs = { deployVirtualMachine = 2 } } }
    local started = c:call("deployVirtualMachine", c:deployment("vm-a"))
    assert.equal(started.jobid, c:rows("listAsyncJobs", "asyncjobs")[1].jobid)
    assert.same({}, c:call("listAsyncJobs", {}, "other"))
    assert.same({}, c:call("listAsyncJobs", {}, "admin"))
    assert.equal(1, #c:rows("listAsyncJobs", "asyncjobs", { listall = true }, "admin"))
    c.sim.advance(3)
    assert.same({}, c:call("listAsyncJobs"))
  end)

  it("of the caller's id is unknown for a moment after its answer was lost", function()
    local c = cloud.new { latency = "observed" }
    local id = "415cd3f7-aa85-4560-be54-4c3ad696afe2"
    c.sim.fault { fault = "lose", command = "deployVirtualMachine" }
    local reply = c.sim.send({ { command = "deployVirtualMachine", params = c:deployment("vm-a",
      { customjobid = id }) } })[1]
    assert.same({ "closed", true }, { reply.fault, reply.sent })
    assert.matches("^431 ", (c:refused("queryAsyncJobResult", { jobid = id })))
    c.sim.advance(0.1)
    assert.equal(0, c:query(id).jobstatus)
  end)
end)

describe("a management server that is killed", function()
  it("ends pending jobs without result; the VM that was being made is Stopped and can be started", function()
    local c = cloud.new { latency = { jobs = { deployVirtualMachine = 5 } } }
    c.sim.fault { fault = "restart", command = "listZones", seconds = 3 }
    local started = c:call("deployVirtualMachine", c:deployment("vm-a", { ipaddress = "10.0.0.7" }))
    c.sim.advance(1)
    c:call("listZones")
    local reply = c.sim.send({ { command = "listZones" } })[1]
    assert.same({ "connect", false }, { reply.fault, reply.sent })
    c.sim.advance(3)
    local job = c:query(started.jobid)
    assert.same({ 2, 530 }, { job.jobstatus, job.jobresultcode })
    assert.is_nil(job.jobresult)
    local vm = c:seen_vm(started.id)
    assert.same({ "Stopped", "10.0.0.7" }, { vm.state, vm.ipaddress })
    assert.equal("Running", c:job("startVirtualMachine", { id = vm.id }).virtualmachine.state)
  end)

  it("may have done what it was about to do", function()
    local c = cloud.new { latency = { jobs = { destroyVirtualMachine = 5, attachVolume = 2 } } }
    local vm, disk = c:vm("vm-a"), c:volume("disk")
    local attach = c:call("attachVolume", { id = disk.id, virtualmachineid = vm.id })
    c.sim.fault { fault = "restart", command = "listZones", done = true }
    c:call("listZones")
    assert.equal(2, c:query(attach.jobid).jobstatus)
    assert.equal(vm.id, c:seen_volume(disk.id).virtualmachineid)
    c.sim.fault { fault = "restart", command = "listZones" }
    local destroy = c:call("destroyVirtualMachine", { id = vm.id })
    c.sim.advance(1)
    c:call("listZones")
    assert.equal(2, c:query(destroy.jobid).jobstatus)
    assert.equal("Running", c:seen_vm(vm.id).state)
    c:job("destroyVirtualMachine", { id = vm.id })
  end)
end)
