local machine = require "machine"

local OTHER = "00000000-0000-4000-8000-000000000001"

-- A machine on which a create_disk died: "before the answer" or, unless told, before its last poll.
local function after_a_crash(at, more)
  local m = machine.new { store = true, settings = more and more.settings }
  if at == "before the answer" then
    function m.before_answer() coroutine.yield "kill" end
  else
    function m.after_send(_, requests)
      if requests[1].command == "createVolume" then coroutine.yield "kill" end
    end
  end
  m:run(m:begin("create_disk", { 1024, { disk_offering = "shared.custom" } }, more))
  m.before_answer, m.after_send = nil, nil
  return m
end

local function disks(m)
  local names = {}
  for _, volume in ipairs(m.sim.state().volumes) do names[#names + 1] = volume.name end
  return names
end

local function record(m, change)
  local row = m.store.rows("journal")[1]
  local value = machine.json.decode(row.value)
  for name, field in pairs(change or {}) do value[name] = field end
  m.store.put("journal", row.key, machine.json.encode(value))
  return value
end

describe("cpi journal replay", function()
  it("removes what a dead process left, and says so", function()
    local m = after_a_crash()
    assert.equal(1, #disks(m))
    local answer = m:command("journal", "replay")
    assert.equal(0, answer.exit)
    assert.truthy(answer.text:find("removed      disk       cpi-disk-", 1, true), answer.text)
    assert.same({}, disks(m))
    assert.equal("nothing is left in the journal\n", m:command("journal", "show").text)
  end)

  it("leaves alone what a living process is at", function()
    local m = after_a_crash()
    m.living[record(m).owner] = true
    local answer = m:command("journal", "replay")
    assert.equal(1, answer.exit)
    assert.truthy(answer.text:find("at work", 1, true))
    assert.equal(1, #disks(m))
  end)

  it("is not deceived by a pid that was given out again", function()
    local m = after_a_crash()
    local pid = record(m).owner:match "^%d+"
    m.living[pid .. ".99999"] = true
    m:command("journal", "replay")
    assert.same({}, disks(m))
  end)

  it("leaves alone another director's entry, and another account's", function()
    for name, value in pairs { director = OTHER, cloud = "0123456789abcdef" } do
      local m = after_a_crash()
      record(m, { [name] = value, name = name == "cloud" and "cpi-disk-of-the-other" or nil })
      local answer = m:command("journal", "replay", "--director", machine.DIRECTOR)
      assert.equal(1, answer.exit)
      assert.truthy(answer.text:find("another", 1, true), answer.text)
      assert.equal(1, #disks(m))
    end
  end)

  it("knows an entry of another API key as this account's where the object is in it; a verb does not look", function()
    local m = after_a_crash()
    record(m, { cloud = "0123456789abcdef" })
    m:call("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.equal(2, #disks(m))
    local answer = m:command("journal", "replay", "--director", machine.DIRECTOR)
    assert.equal(0, answer.exit, answer.text)
    assert.truthy(answer.text:find("removed", 1, true), answer.text)
    assert.equal(1, #disks(m))
  end)

  it("asks whose entries, where several directors wrote them", function()
    local m = after_a_crash()
    m.store.put("journal", "other", machine.json.encode { kind = "vm", name = "cpivm-1", director = OTHER })
    local answer = m:command("journal", "replay")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("say --director UUID", 1, true))
  end)

  it("does not touch what BOSH may know, and lets go of what BOSH does know", function()
    local m = after_a_crash "before the answer"
    local cid = record(m).name
    local answer = m:command("journal", "replay")
    assert.equal(1, answer.exit)
    assert.truthy(answer.text:find("unclear: BOSH may have its CID", 1, true), answer.text)
    m:good("set_disk_metadata", { cid, { director = "d", deployment = "dep" } })
    answer = m:command("journal", "replay")
    assert.equal(0, answer.exit)
    assert.truthy(answer.text:find("known to BOSH", 1, true), answer.text)
    assert.same({ cid }, disks(m))
  end)

  it("leaves alone an entry of a kind that it does not know, and one without a kind or a name", function()
    for _, change in ipairs { { kind = "spaceship" }, { kind = 5 }, { name = false } } do
      local m = after_a_crash()
      record(m, change)
      local answer = m:command("journal", "replay")
      assert.truthy(answer.text:find("of an unknown kind", 1, true), answer.text)
      assert.equal(1, #disks(m))
    end
  end)

  it("keeps what the failed_vm policy keeps", function()
    local m = after_a_crash()
    record(m, { kept = true })
    assert.equal(1, m:command("journal", "replay").exit)
    assert.equal(1, #disks(m))
  end)

  it("waits for what may still appear, and not for ever", function()
    local m = after_a_crash()
    record(m, { name = "cpi-disk-never", job = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11" })
    assert.truthy(m:command("journal", "replay").text:find("may still appear", 1, true))
    m.sim.advance(600)
    assert.equal(0, m:command("journal", "replay").exit)
  end)

  it("is wrong usage with other words", function()
    assert.equal(2, after_a_crash():command("journal", "rewind").exit)
  end)
end)

describe("a process that creates", function()
  it("first removes what a dead one left, and none that only reads does", function()
    local m = after_a_crash()
    m:good("has_disk", { "cpi-disk-x" })
    assert.equal(1, #disks(m))
    local cid = m:good("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.same({ cid }, disks(m))
    assert.same({}, m.store.rows "journal")
  end)

  it("goes on when that cannot be removed, and the entry stays", function()
    local m = after_a_crash()
    m.sim.fault { command = "deleteVolume", fault = "status", status = 431 }
    local answer, process = m:call("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.is_nil(answer.error)
    assert.truthy(table.concat(process.log, "\n"):find("of a process that died: not removed: ", 1, true))
    assert.equal(1, #m.store.rows "journal")
  end)
end)

describe("what a dead process has under way", function()
  local leaving = require "tests.support.leaving"

  -- A stage on which a create_vm died after its nth send, and the number of its sends where it did not.
  local function killed_after(n)
    local s = leaving.stage { store = true, world = { latency = { jobs = { default = 2, startVirtualMachine = 4, createTags = 0.1 } } } }
    local sends = 0
    function s.after_send(process)
      sends = sends + 1
      if sends == n then coroutine.yield("kill", process) end
    end
    local process = s:run(s:begin("create_vm", s:small_order()))
    s.after_send = nil
    return s, not process.is_answered
  end

  -- A plain user, and CloudStack expunges after a day: the address is free at once or not at all.
  it("is waited for: the next create_vm has the address, whenever the one before it died, and at once", function()
    local n, was_killed = 0, true
    while was_killed do
      n = n + 1
      local s
      s, was_killed = killed_after(n)
      if was_killed then
        local began = s.sim.clock.now()
        local answer, process = s:call("create_vm", s:small_order())
        assert.is_nil(answer.error, ("killed after send %d: %s"):format(n, answer.error and answer.error.message or ""))
        assert.is_true(s.sim.clock.now() - began < 60, ("killed after send %d: %.0f s"):format(n, s.sim.clock.now() - began))
        assert.equal("10.0.0.11", s:find("vms", answer.result[1]).nics[1].address)
        assert.is_nil(table.concat(process.log, "\n"):find("waiting until it is free", 1, true))
      end
    end
    assert.is_true(n > 5)
  end)

  it("is not waited for without end: another verb leaves it for later", function()
    local s = leaving.stage { store = true, world = { latency = { jobs = { deployVirtualMachine = 1000, createTags = 0.1 } } } }
    function s.after_send(_, requests)
      if requests[1].command == "deployVirtualMachine" then coroutine.yield "kill" end
    end
    s:run(s:begin("create_vm", s:small_order()))
    s.after_send = nil
    local began = s.sim.clock.now()
    s:disk()
    assert.is_true(s.sim.clock.now() - began < 60)
    assert.equal(1, #s.store.rows "journal")
    assert.equal(0, s:command("journal", "replay").exit) -- an operator has the time
    assert.same({}, s.store.rows "journal")
  end)
end)

describe("what may still appear", function()
  local leaving = require "tests.support.leaving"
  local NEVER = { "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11", "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b12", "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b13" }

  -- A stage with three entries of creates that never reached CloudStack, and how many requests a replay of them takes.
  local function stage_of(kind, command)
    local s = leaving.stage { store = true }
    for i, job in ipairs(NEVER) do
      s.store.put("journal", "k" .. i, machine.json.encode { kind = kind, name = "cpi-never-" .. i, director = machine.DIRECTOR, job = job,
        command = command, owner = "1.1", since = s.sim.clock.utc(), vm = "cpivm-never",
        cloud = require("host_native").bytes.sha256("http://cloud.test/client/api KEY-xyzzy"):sub(1, 16) })
    end
    return s
  end

  local is_never = { [NEVER[1]] = true, [NEVER[2]] = true, [NEVER[3]] = true }

  -- The requests of a create_disk that are about the entries.
  local function cost(s)
    local before, count = #s.sim.requests, 0
    s:disk()
    for i = before + 1, #s.sim.requests do
      local params = s.sim.requests[i].parameters or s.sim.requests[i].params
      if is_never[params.jobid] or tostring(params.name):find "never" or tostring(params.key):find "never" then count = count + 1 end
    end
    return count
  end

  for kind, command in pairs { vm = "deployVirtualMachine", disk = "createVolume", address = "associateIpAddress", ["firewall rule"] =
    "createFirewallRule" } do
    it("costs a verb two requests at most, however much there is: " .. kind, function()
      local s = stage_of(kind, command)
      local first = cost(s)
      assert.is_true(first > 0 and first <= 2 * #NEVER) -- each is looked at once
      assert.equal(0, cost(s))                          -- and not again at once
      for _, pause in ipairs { 60, 20, 40 } do
        s.sim.advance(pause)
        local later = cost(s)
        assert.is_true(later > 0 and later <= 2, later)
      end
      assert.equal(3, #s.store.rows "journal")
      s.sim.advance(300)
      s:disk()
      assert.same({}, s.store.rows "journal")
    end)
  end
end)

describe("what a VM has outside itself", function()
  local scenarios = require "tests.faults.scenarios"

  -- The stage on which a create_vm of that scenario died after a command; and the arguments.
  local function dead(what, command)
    for _, scenario in ipairs(scenarios.of.create_vm) do
      if scenario.what == what then
        local stage, arguments = scenarios.open(scenario, { store = true })
        function stage.after_send(_, requests)
          for _, request in ipairs(requests) do
            if request.command == command then coroutine.yield "kill" end
          end
        end
        stage:run(stage:begin("create_vm", arguments))
        stage.after_send = nil
        stage.sim.advance(60)
        return stage, scenario.again(stage, arguments)
      end
    end
  end

  local function addresses(stage)
    local count = 0
    for _, row in ipairs(stage.sim.state().publicaddresses) do count = count + (row.sourcenat and 0 or 1) end
    return count
  end

  it("is found by its job where nobody was told its id", function()
    local stage = dead("a vip to be acquired", "associateIpAddress")
    assert.equal(1, addresses(stage))
    assert.equal(0, stage:command("journal", "replay").exit)
    assert.equal(0, addresses(stage))
  end)

  it("is an address that leads to the VM already, and has no tag by which a delete_vm would know that it is to be released", function()
    local stage = dead("a vip to be acquired", "enableStaticNat")
    for _, row in ipairs(stage.sim.state().publicaddresses) do
      if not row.sourcenat then stage:send("deleteTags", { resourceids = row.id, resourcetype = "PublicIpAddress" }) end
    end
    assert.equal(1, addresses(stage))
    stage:command("journal", "replay")
    assert.equal(0, addresses(stage))
  end)

  it("is free again before the next create_vm looks for it", function()
    local stage, arguments = dead("a vip with a firewall", "enableStaticNat")
    stage:good("create_vm", arguments)
    stage.sim.advance(600)
    assert.equal(1, #stage.sim.state().vms)
  end)

  it("is this director's load balancer also where nobody came to tag it, and goes with its last VM", function()
    local stage, arguments = dead("a new load balancer", "createLoadBalancerRule")
    stage.store.delete("journal", stage.store.rows("journal")[1].key)
    stage.store.delete("journal", stage.store.rows("journal")[1].key)
    for _, vm in ipairs(stage.sim.state().vms) do stage:good("delete_vm", { vm.name }) end
    local vm = stage:good("create_vm", arguments)[1]
    assert.equal(machine.DIRECTOR, stage.sim.state().loadbalancers[1].tags.bosh_made_for)
    stage:good("delete_vm", { vm })
    assert.same({}, stage.sim.state().loadbalancers)
  end)

  it("is an affinity group too that a delete_vm could not delete", function()
    for _, fault in ipairs { { fault = "fail_job", errortext = "no" }, { fault = "status", status = 431 } } do
      local stage = dead("new affinity groups", "no such command")
      fault.command, fault.times = "deleteAffinityGroup", 2
      stage.sim.fault(fault)
      stage:good("delete_vm", { stage.sim.state().vms[1].name })
      assert.equal(2, #stage.sim.state().affinitygroups)
      assert.equal(0, stage:command("journal", "replay").exit)
      assert.same({}, stage.sim.state().affinitygroups)
    end
  end)
end)

describe("what is known by its job alone", function()
  local LBS = { lbs = { { name = "web", private_port = 8080, public_port = 80 } } }
  local VIP = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
    public = { type = "vip", cloud_properties = { acquire = true } } }

  -- A create_vm that dies when that command is sent and not answered.
  local function killed_at(command, properties, networks)
    local scenarios = require "tests.faults.scenarios"
    local m = scenarios.open({ arrange = function() return {} end }, { store = true })
    function m.after_send(_, requests)
      if requests[1].command == command then coroutine.yield "kill" end
    end
    m:run(m:begin("create_vm", m:order(properties, networks)))
    m.after_send = nil
    return m
  end

  it("goes too: a load balancer and an address whose process died before it heard of them", function()
    for command, m in pairs { createLoadBalancerRule = killed_at("createLoadBalancerRule", LBS),
      associateIpAddress = killed_at("associateIpAddress", {}, VIP) } do
      m:command("journal", "replay")
      m.sim.advance(86400)
      assert.equal(0, m.sim.state().left.rules, command)
      assert.equal(0, m.sim.state().left.public_addresses, command)
      assert.same({}, m.store.rows "journal")
    end
  end)

  it("is not there where CloudStack has forgotten the job", function()
    local m = machine.new { store = true }
    m.store.put("journal", "k", machine.json.encode { kind = "address", name = "(any)", director = machine.DIRECTOR,
      job = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11", command = "associateIpAddress", owner = "1.1", since = 0,
      cloud = require("host_native").bytes.sha256("http://cloud.test/client/api KEY-xyzzy"):sub(1, 16) })
    local told = m:command("journal", "replay")
    assert.equal(0, told.exit, told.text)
    assert.truthy(told.text:find("not there", 1, true), told.text)
  end)
end)
