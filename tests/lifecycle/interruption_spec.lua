-- A caller that goes away, and signals, while the CPI waits for CloudStack: what it was making is removed, one line says so
-- where somebody reads it, and the same again goes well.

local caller = require "caller"
local create_env = require "create_env"
local rig = require "rig"

local null = rig.json.null
local calls = create_env.calls
local LONG = 3600 -- seconds by the simulator's clock, which the specs turn
local LATENCY = { template = LONG, jobs = { startVirtualMachine = LONG, createVolume = LONG, attachVolume = LONG,
  createSnapshot = LONG } }

local function ready_cloud(has_store)
  local cloud = rig.start { role = "bosh", store = has_store, world = { latency = LATENCY } }
  local known = { image = create_env.image(cloud.directory, 1000), agent = "agent-1" }
  known.stemcell = cloud:state().templates[1].id
  return cloud, known
end

local function count(cloud, command)
  local n = 0
  for _, request in ipairs(cloud:requests()) do
    if request.command == command then n = n + 1 end
  end
  return n
end

-- Turns the simulator's clock on until the call has ended; not before there were so many uploads, each of which has its time.
local function finish(cloud, call, uploads)
  rig.wait(function()
    if count(cloud, "upload") >= (uploads or 0) then cloud:clock(LONG) end
    return call:has_ended()
  end, 120)
  return call:wait(1)
end

local function good(cloud, text)
  local uploads = text:find("create_stemcell", 1, true) and count(cloud, "upload") + 1 or 0
  local run = finish(cloud, caller.start(cloud, text), uploads)
  assert.equal(null, run.response and run.response.error, run.stderr)
  return run.response.result
end

-- verb, the command during whose work the interruption comes, and what is to be there before.
local verbs = {
  { name = "create_vm", during = "startVirtualMachine", kind = "vms" },
  { name = "create_disk", during = "createVolume", kind = "volumes", arrange = function(_, known) known.vm = "" end },
  { name = "create_stemcell", during = "upload", kind = "templates" },
  { name = "attach_disk", during = "attachVolume", arrange = function(cloud, known)
    known.vm = good(cloud, calls.create_vm(known))[1]
    known.disk = good(cloud, calls.create_disk(known))
  end },
}

local ways = {
  { name = "the caller goes away", come = function(call) call:leave() end },
  { name = "SIGTERM comes", come = function(call) call:signal "TERM" end, says = "SIGTERM arrived" },
  { name = "SIGINT comes", come = function(call) call:signal "INT" end, says = "SIGINT arrived" },
  { name = "SIGHUP comes", come = function(call) call:signal "HUP" end, says = "SIGHUP arrived" },
}

local function interrupted(verb, way, has_store)
  local cloud <close>, known = ready_cloud(has_store)
  if verb.arrange then verb.arrange(cloud, known) end
  local before, asked = verb.kind and #cloud:state()[verb.kind], count(cloud, verb.during)
  local call = caller.start(cloud, calls[verb.name](known))
  rig.wait(function() return count(cloud, verb.during) > asked end, 30)
  way.come(call)
  local run = finish(cloud, call)
  if verb.kind and way.says then
    assert.equal(0, run.exit, run.stderr)
    assert.equal("Bosh::Clouds::CloudError", run.response.error.type)
    assert.truthy(run.response.error.message:find("^interrupted: " .. way.says), run.response.error.message)
  end
  cloud:expunge()
  if verb.kind then assert.equal(before, #cloud:state()[verb.kind], "something is left") end
  assert.equal("", cloud:journal())
  good(cloud, calls[verb.name](known))
  assert.equal("", cloud:journal())
end

for _, verb in ipairs(verbs) do
  for _, way in ipairs(ways) do
    for _, has_store in ipairs { true, false } do
      it(("%s, %s a store, when %s"):format(verb.name, has_store and "with" or "without", way.name), function()
        interrupted(verb, way, has_store)
      end)
    end
  end
end

describe("an interruption", function()
  it("a second time ends the CPI at once, and the journal has what it was making", function()
    local cloud <close>, known = ready_cloud(true)
    local call = caller.start(cloud, calls.create_vm(known))
    rig.wait(function() return count(cloud, "deployVirtualMachine") > 0 end, 30)
    call:signal "TERM"
    rig.wait(function()
      call:signal "TERM"
      return call:has_ended()
    end, 30)
    assert.equal(128 + 15, call:wait(1).exit)
    local show = cloud:command { "journal", "show" }
    assert.truthy(show.stdout:find("interrupted  vm", 1, true), show.stdout)
  end)

  it("of `cpi call` tells the person, and leaves nothing", function()
    local cloud <close> = ready_cloud(true)
    local call = caller.start(cloud, "", { words = "call create_disk 1024 {}" })
    rig.wait(function() return count(cloud, "createVolume") > 0 end, 30)
    call:signal "INT"
    local run = finish(cloud, call)
    assert.equal(1, run.exit)
    assert.truthy(run.stderr:find("interrupted: SIGINT arrived", 1, true), run.stderr)
    cloud:expunge()
    assert.equal(0, #cloud:state().volumes)
    assert.equal("", cloud:journal())
  end)

  it("before anything is made makes nothing", function()
    local cloud <close>, known = ready_cloud(true)
    local run = cloud:cpi(calls.create_vm(known), { under = "sh -c 'exec \"$@\" >&-' x" })
    assert.equal(1, run.exit)
    assert.equal(0, count(cloud, "deployVirtualMachine"))
    assert.truthy(run.stderr:find("the response could not be written", 1, true), run.stderr)
  end)

  it("of an answer that does not fit on its disk is one too", function()
    local cloud <close>, known = ready_cloud(true)
    local waiting = caller.start(cloud, calls.create_vm(known), { under = "sh -c 'exec \"$@\" >/dev/full' x" })
    local run = finish(cloud, waiting)
    assert.equal(1, run.exit)
    assert.truthy(run.stderr:find("nobody took the answer; VM cpivm-", 1, true), run.stderr)
    cloud:expunge()
    assert.equal(0, #cloud:state().vms)
    assert.equal("", cloud:journal())
  end)
end)
