local native = require "host_native"
local stopwatch = require "operator.stopwatch"

-- A host whose answers take the seconds that are said, in the order in which they are asked for.
local function host_of(answers)
  local now, at = 100, 0
  local host = { json = native.json, clock = { now = function() return now end } }
  host.cloudstack = { open = "as it was", send = function(requests)
    local replies = {}
    for i in ipairs(requests) do
      at = at + 1
      now = now + answers[at][1]
      replies[i] = { status = 200, body = answers[at][2] and native.json.encode { response = answers[at][2] } }
    end
    return replies
  end }
  host.pass = function(seconds) now = now + seconds end
  return host
end

local function poll(jobid) return { command = "queryAsyncJobResult", params = { jobid = jobid } } end

describe("a stopwatch", function()
  it("counts seconds and requests, and those in which a job is under way once", function()
    local host = host_of { { 1, {} }, { 2, { jobid = "a" } }, { 1, { jobid = "b" } }, { 1, { jobstatus = 0 } }, { 1, { jobstatus = 1 } },
      { 1, { jobstatus = 2 } } }
    local watched, watch = stopwatch(host)
    watched.cloudstack.send { { command = "listZones" } }
    watched.cloudstack.send { { command = "deployVirtualMachine" } }
    watched.cloudstack.send { { command = "createTags" } }
    host.pass(10)
    watched.cloudstack.send { poll "a" }
    watched.cloudstack.send { poll "a" }
    watched.cloudstack.send { poll "b" }
    host.pass(5)
    assert.same({ seconds = 22, job_seconds = 16, requests = 6 }, watch.lap())
    assert.same({ seconds = 0, job_seconds = 0, requests = 0 }, watch.lap())
  end)

  it("counts a job whose first answer was lost, and one that nobody waits for until the lap's end", function()
    local host = host_of { { 1 }, { 1, { jobstatus = 0 } }, { 1, { jobstatus = 1 } }, { 1, { jobid = "left" } } }
    local watched, watch = stopwatch(host)
    watched.cloudstack.send { { command = "deployVirtualMachine" } }
    watched.cloudstack.send { poll "a" }
    watched.cloudstack.send { poll "a" }
    watched.cloudstack.send { { command = "createTags" } }
    host.pass(3)
    assert.same({ seconds = 7, job_seconds = 6, requests = 4 }, watch.lap())
    host.pass(2)
    assert.equal(0, watch.lap().job_seconds)
  end)

  it("leaves everything else of the host as it is", function()
    local host = host_of {}
    local watched = stopwatch(host)
    assert.equal("as it was", watched.cloudstack.open)
    assert.equal(host.json, watched.json)
  end)
end)
