local deployment = require "vm.deployment"
local fake = require "tests.support.fake"
local native = require "host_native"
local rollback = require "base.rollback"
local trial = require "operator.trial"

local user_data = { name = "user_data" }
function user_data.renew() return { text = "USERDATA" } end
function user_data.parameters(_, _, _, plan) return { userdata = plan.user_data.text } end

local of_a_vm = { require "disks.placement", require "vm.networks", require "vm.offering", require "disks.with_vm",
  require "vm.key_pairs", require "vm.affinity", user_data }

local small, big = { id = "s1", name = "small" }, { id = "s2", name = "big" }
local network = { id = "n1", name = "net-a", cidr = "10.0.0.0/24" }
local can = { may_expunge = true, may_force_stop = true, version = "4.23.0.0" }
local NO_ROOM = { job_fails = "No destination found for a deployment for VM instance {..}", code = 533 }

local function row(state, name)
  return { id = "v", name = name or "cpivm-1", state = state or "Running", nic = {
    { id = "nic-1", networkid = "n1", ipaddress = "10.0.0.5" },
  } }
end

local function deploy(how, params)
  local step = { "deployVirtualMachine", params or {} }
  for key, value in pairs(how) do step[key] = value end
  return step
end

local function start(how, params)
  local step = deploy(how, params or { id = "v" })
  step[1] = "startVirtualMachine"
  return step
end

local change = { "changeServiceForVirtualMachine", { id = "v", serviceofferingid = "s2" }, {} }

local function only_one(offering) return { first = { offering }, after = function() end } end

local made = { job = { virtualmachine = row "Stopped" }, id = "v" }
local runs, no_room = start { job = { virtualmachine = row() } }, start(NO_ROOM)
local tag = { "createTags", { resourceids = "v" }, job = {} }
local function by_id(state) return { "listVirtualMachines", { id = "v" }, { virtualmachine = state and { row(state) } } } end
local function by_name(...) return { "listVirtualMachines", { name = "cpivm-1" }, { virtualmachine = { ... } } } end
local disks = { "listVolumes", { virtualmachineid = "v" }, {} }
local swept = { "listVolumes", { ["tags[0].key"] = "bosh_ephemeral_of", ["tags[0].value"] = "cpivm-1" }, {} }
local destroy = { "destroyVirtualMachine", { id = "v", expunge = true }, job = {} }
local free = { "listNics", { virtualmachineid = "v" }, refuse = "Virtual machine id does not exist", code = 530 }

-- Runs a deployment in a verb's shape: -> vm_cid, row, cpi. The n-th try's VM is called cpivm-n.
-- script.aspects: more of them.
local function run(script, more)
  script.store = true
  local list = table.move(script.aspects or {}, 1, #(script.aspects or {}), #of_a_vm + 1, table.move(of_a_vm, 1, #of_a_vm, 1, {}))
  local tries = 0
  local found = { zone = { id = "z1", name = "zone1" }, template = { id = "t1" }, can = can }
  local plan = {
    offering = { first = { small, big }, after = function() end }, networks = { { name = "a", ip = "10.0.0.5",
      target = network, networks = {}, more = {} } },
    disks = {}, key_pairs = {}, affinity = {},
  }
  for key, value in pairs(more or {}) do plan[key] = value end
  local function christen()
    tries = tries + 1
    return { vm_cid = "cpivm-" .. tries, names = { display_name = "x", tags = { a = "b" } } }
  end
  local cpi <close> = fake.cpi(script)
  if script.seen then script.seen(cpi) end
  local undo <close> = rollback(cpi)
  local job = { order = { properties = {} }, aspects = list, undo = undo, memory = {}, christen = christen,
    next_choice = function() end }
  local result = deployment.run(cpi, job, { found = found, plan = plan })
  return result.vm_cid, result.vm, cpi
end

-- The failure of a deployment, and the names left in its journal.
local function failing(script, more)
  local cpi
  script.seen = function(one) cpi = one end
  local failure = fake.failure(run, script, more)
  local names = {}
  for _, text in pairs(cpi.store.tables.journal or {}) do names[#names + 1] = fake.json.decode(text).name end
  return failure, names, cpi
end

describe("a deployment", function()
  it("goes where its disks are, and elsewhere where that is no must and has no room", function()
    local place = { parameters = { hostid = "h" }, words = "on the host of its disks" }
    local there, elsewhere = start(NO_ROOM, { id = "v", hostid = "h" }), start { job = { virtualmachine = row() } }
    elsewhere.without = { "hostid" }
    local cid, _, cpi = run({ deploy(made, { serviceofferingid = "s1" }), there, tag, elsewhere },
      { placement = place, offering = only_one(small) })
    assert.equal("cpivm-1", cid)
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("no room on the host of its disks; trying elsewhere", 1, true))
    place.strict = true
    local failure = failing({ deploy(made), there, tag, by_id "Stopped", disks, destroy, free },
      { placement = place, offering = only_one(small) })
    assert.truthy(failure.message:find("creating VM cpivm-1 on the host of its disks: ", 1, true), failure.message)
    assert.is_true(failure.ok_to_retry)
  end)

  it("makes the VM stopped, and starts and tags it in one wave", function()
    local cid, vm, cpi = run {
      deploy(made, { serviceofferingid = "s1", name = "cpivm-1", userdata = "USERDATA", startvm = false }), runs, tag }
    assert.same({ "cpivm-1", "v" }, { cid, vm.id })
    assert.same({ "deployVirtualMachine", "startVirtualMachine createTags" }, cpi.waves)
  end)

  it("looks again when the start's result does not show the VM", function()
    run { deploy(made), start { job = {} }, tag, by_id "Running" }
  end)

  it("goes on after a lost reply with the job that it finds, and tags that VM only", function()
    local _, _, cpi = run {
      deploy { job = made.job, fault = "closed", sent = true }, runs, tag,
    }
    assert.equal(3, #cpi.sent)
  end)

  it("has failed where a lost reply left a VM in Error, which goes", function()
    local failure, journal = failing({
      deploy { fault = "closed", sent = true, unknown = true }, by_name(row "Error"), by_name(row "Error"), disks, destroy, free,
    }, { offering = only_one(small) })
    assert.truthy(failure.message:find("the line is dead; CloudStack knows nothing of its job", 1, true), failure.message)
    assert.same({}, journal)
  end)

  it("has failed where nobody sees its VM any more", function()
    local failure = failing({ deploy(made), start { job = {} }, tag, by_id(), by_id(), { "listVolumes", {} } },
      { offering = only_one(small) })
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.truthy(failure.message:find("VM cpivm-1 is gone after its creation", 1, true), failure.message)
  end)

  it("goes on after a lost reply with the VM that it finds by name", function()
    run { deploy { fault = "closed", sent = true, unknown = true }, by_name(row "Stopped"), runs, tag }
  end)
end)

describe("what a stopped VM is furnished with", function()
  -- An aspect that has those requests of addIpToNic for the NIC.
  local function furnishing(...)
    local aspect, addresses = { name = "more" }, { ... }
    function aspect.furnish(_, _, _, _, _, vm)
      local requests = {}
      for i, address in ipairs(addresses) do
        requests[i] = { "addIpToNic", { nicid = vm.nic[1].id, ipaddress = address }, job = true, what = "adding " .. address }
      end
      return requests
    end
    return { aspect }
  end
  local function add(address, how)
    local step = { "addIpToNic", { nicid = "nic-1", ipaddress = address } }
    for key, value in pairs(how or { job = {} }) do step[key] = value end
    return step
  end

  it("is one wave before the start", function()
    local _, _, cpi = run { deploy(made), add "10.0.0.6", add "10.0.0.7", runs, tag, aspects = furnishing("10.0.0.6", "10.0.0.7") }
    assert.same({ "deployVirtualMachine", "addIpToNic addIpToNic", "startVirtualMachine createTags" }, cpi.waves)
  end)

  it("is no wave where no aspect has anything", function()
    local _, _, cpi = run { deploy(made), runs, tag, aspects = furnishing() }
    assert.equal(2, #cpi.waves)
  end)

  it("goes by the VM's NICs, which are looked up where the deploy's result does not show them", function()
    run { deploy { job = {}, id = "v" }, by_id "Stopped", add "10.0.0.6", runs, tag, aspects = furnishing "10.0.0.6" }
  end)

  it("that CloudStack refuses ends the try, and the VM goes", function()
    local failure, journal = failing({ deploy(made), add "10.0.0.6", add("10.0.0.7", { job_fails = "Failed to assign", code = 530 }),
      add("10.0.0.8", { dies = true }), by_id "Stopped", disks, destroy, free,
      aspects = furnishing("10.0.0.6", "10.0.0.7", "10.0.0.8") }, { offering = only_one(small) })
    assert.equal("creating VM cpivm-1: addIpToNic: Failed to assign (530)", failure.message)
    assert.same({}, journal)
  end)

  it("goes with a VM that finds no room", function()
    failing({ deploy(made), add "10.0.0.6", no_room, tag, by_id "Stopped", disks, destroy, free, aspects = furnishing "10.0.0.6" },
      { offering = only_one(small) })
  end)

  it("stays while the VM gets another offering", function()
    run { deploy(made), add "10.0.0.6", no_room, tag, change, runs, aspects = furnishing "10.0.0.6" }
  end)
end)

describe("no room for a VM", function()
  it("leads to the next offering for the same VM, with its name and its tags", function()
    local cid, _, cpi = run { deploy(made, { serviceofferingid = "s1", name = "cpivm-1" }), no_room, tag, change, runs }
    assert.equal("cpivm-1", cid)
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("no room for offering 'small'", 1, true))
  end)

  it("leads to a new VM where CloudStack does not change the offering, once the first one is gone", function()
    local cid, _, cpi = run {
      deploy(made, { serviceofferingid = "s1", name = "cpivm-1" }), no_room, tag,
      { "changeServiceForVirtualMachine", { serviceofferingid = "s2" }, refuse = "cannot switch between local storage", code = 431 },
      by_id "Stopped", disks, destroy, free, deploy(made, { serviceofferingid = "s2", name = "cpivm-2" }), runs, tag,
    }
    assert.equal("cpivm-2", cid)
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("VM cpivm-1 cannot have offering 'big', a new one is made", 1, true))
  end)

  it("leads on where the offering is the VM's already, as after a lost answer", function()
    run { deploy(made), no_room, tag, { "changeServiceForVirtualMachine", {}, code = 431,
      refuse = "Not upgrading vm VM instance {..} since it already has the requested service offering (big)" }, runs }
  end)

  it("anywhere may be tried again by the director, nothing being left", function()
    local failure, journal = failing { deploy(made), no_room, tag, change, no_room, by_id(nil), free }
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_true(failure.ok_to_retry)
    assert.truthy(failure.message:find("^creating VM cpivm%-1: no room for offering 'big' in zone 'zone1': "
      .. "startVirtualMachine: No destination found.*%(533%); before that there was no room for offering 'small' in zone 'zone1'$"),
      failure.message)
    assert.same({}, journal)
  end)
end)

describe("no room in several ways", function()
  it("is told in the words of each", function()
    local short = start { job_fails = "insufficient capacity in pod 7", code = 530 }
    local failure = failing { deploy(made), short, tag, change, no_room, by_id "Stopped", disks, destroy, free }
    assert.truthy(failure.message:find("No destination found", 1, true), failure.message)
    assert.truthy(failure.message:find("insufficient capacity in pod 7 (530)", 1, true), failure.message)
  end)
end)

describe("a start of which nobody heard", function()
  it("is asked for, and the VM that runs is taken", function()
    run { deploy(made), start { fault = "closed", sent = true, unknown = true }, tag, by_id "Running" }
    run { deploy(made), start { dies = true }, tag, by_id "Running" }
  end)

  it("is made again where the VM does not run, without its tags", function()
    local _, _, cpi = run { deploy(made), start { fault = "closed", sent = true, unknown = true }, tag, by_id "Stopped", runs }
    assert.equal("startVirtualMachine", cpi.waves[#cpi.waves])
    run { deploy(made), start { dies = true }, tag, by_id "Stopped", runs }
    run { deploy(made), start { vanishes = true }, tag, by_id "Starting", runs }
  end)

  it("has succeeded where the second one hears that the VM runs already", function()
    run { deploy(made), start { dies = true }, tag, by_id "Stopped",
      start { job_fails = "The virtual machine v (cpivm-1) is already running", code = 431 }, by_id "Running" }
  end)

  it("has failed after the third time, and the VM goes", function()
    local dies = start { dies = true }
    local failure, journal = failing({ deploy(made), dies, tag, by_id "Stopped", dies, by_id "Stopped", dies, by_id "Stopped",
      by_id "Stopped", disks, destroy, free }, { offering = only_one(small) })
    assert.is_true(failure.ok_to_retry)
    assert.same({}, journal)
  end)
end)

-- On a simulated CloudStack, whose start takes three seconds: the VM runs in the end, and it is the only one.
describe("a create_vm whose start meets trouble succeeds:", function()
  for what, fault in pairs {
    ["the management server restarts"] = { fault = "restart" },
    ["it restarts when the VM runs"] = { fault = "restart", done = true },
    ["the answer is lost"] = { fault = "lose" }, ["CloudStack forgets the job"] = { fault = "vanish_job" },
    ["a gateway answers a page"] = { fault = "html" },
  } do
    it(what, function()
      local t = trial.new { host = native, world = { latency = { jobs = { startVirtualMachine = 3 } } } }
      fault.command = "startVirtualMachine"
      t.sim.fault(fault)
      assert.equal("Running", t.vm(t.cid()).state)
      assert.equal(1, t.sim.state().left.vms)
    end)
  end
end)

describe("a VM whose creation failed", function()
  local only = { offering = only_one(small) }

  it("is found by its name when CloudStack told no id, and removed", function()
    local failure, journal = failing({
      deploy { refuse = "Unable to acquire Guest IP address", code = 530 }, by_name(row "Error"), disks, destroy, free,
      { "listVirtualMachines", { networkid = "n1" }, { virtualmachine = {
        { id = "db", name = "db", state = "Running", nic = { { networkid = "n1", ipaddress = "10.0.0.5" } } } } } },
    }, only)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find("address 10.0.0.5 is held by VM 'db' (Running)", 1, true), failure.message)
    assert.same({}, journal)
  end)

  it("says what CloudStack said where there is nothing to explain", function()
    local failure = failing({ deploy { refuse = "The vm with hostName cpivm-1 already exists", code = 431 }, by_name() }, only)
    assert.equal("creating VM cpivm-1: deployVirtualMachine: The vm with hostName cpivm-1 already exists (431)", failure.message)
  end)

  it("says why it could not be removed, and is removed at the end of the verb", function()
    local failure, journal = failing({
      deploy(made), no_room, tag, by_id "Stopped", disks, { "destroyVirtualMachine", { id = "v" }, refuse = "not now", code = 431 },
      by_id "Stopped", by_id "Stopped", disks, destroy, swept, free,
    }, only)
    assert.truthy(failure.message:find("%(533%); cleaning up after it: destroying VM cpivm%-1: .*not now %(431%)$"), failure.message)
    assert.is_false(failure.ok_to_retry)
    assert.same({}, journal)
  end)

  it("says why nobody could look for the addresses of its networks", function()
    local any = { candidates = { small }, nics = { { name = "a", target = network } } }
    local failure = failing({
      deploy { refuse = "Internal error executing command", code = 530 }, by_name(),
      { "listVirtualMachines", { networkid = "n1" }, refuse = "not for you", code = 432 },
    }, any)
    assert.truthy(failure.message:find("the CPI could not find out which VM has its addresses: "
      .. "listVirtualMachines: not for you (432)", 1, true), failure.message)
  end)

  it("is removed when its job was killed with the management server", function()
    local failure = failing({ deploy { dies = true, id = "v" }, by_id "Stopped", disks, destroy, free }, only)
    assert.is_true(failure.ok_to_retry)
  end)

  it("is removed when its job takes too long", function()
    local settings = { cloudstack = { timeout = { create_vm = 30 } } }
    local script = { deploy { lasts = 10000, job = {}, id = "v" }, by_id "Stopped", disks, destroy, free, settings = settings }
    assert.matches("creating VM cpivm%-1: deployVirtualMachine: job %x[%x-]+ has not ended after 3%d s; the last look: pending",
      failing(script, only).message)
    script = { deploy(made), start { lasts = 10000, job = {} }, tag, by_id "Starting", by_id "Starting", disks, destroy, free,
      settings = settings }
    assert.matches("creating VM cpivm%-1: startVirtualMachine: job %x[%x-]+ has not ended after 3%d s; the last look: pending",
      failing(script, only).message)
  end)

  it("is removed when it does not run", function()
    local failure = failing({
      deploy(made), start { job = {} }, tag, by_id "Stopped", by_id "Stopped", disks, destroy, swept, free,
    }, only)
    assert.equal("VM cpivm-1 is Stopped after its creation", failure.message)
    assert.is_true(failure.ok_to_retry)
  end)

  it("is removed when it has another address than asked", function()
    local wrong = row()
    wrong.nic[1].ipaddress = "10.0.0.77"
    local failure = failing({ deploy(made), start { job = { virtualmachine = wrong } }, tag,
      by_id "Running", disks, destroy, swept, free }, only)
    assert.equal("VM cpivm-1 has no NIC with 10.0.0.5 in network 'net-a'", failure.message)
  end)

  local stays = { "destroyVirtualMachine", { id = "v" }, job_fails = "no way", code = 530 }

  it("is named in the message and in the journal when it cannot be removed, tried twice", function()
    local failure, journal = failing({
      deploy(made), no_room, tag, by_id "Stopped", disks, stays, by_id "Stopped", by_id "Stopped", disks, stays, by_id "Stopped",
    }, only)
    assert.truthy(failure.message:find("; left behind: VM cpivm-1 (destroying VM cpivm-1: ", 1, true), failure.message)
    assert.is_false(failure.ok_to_retry)
    assert.same({ "cpivm-1" }, journal)
  end)

  it("stops the tries when it cannot be removed", function()
    failing { deploy(made), no_room, tag, { "changeServiceForVirtualMachine", {}, refuse = "no", code = 431 }, by_id "Stopped", disks,
      stays, by_id "Stopped", by_id "Stopped", disks, destroy, swept, free }
  end)

  it("may be kept by the site, and is in the journal", function()
    local facts
    local failure, journal = failing({ deploy(made), no_room, tag, by_id "Stopped", policies = { failed_vm = function(given)
      facts = given
      return "keep"
    end } }, only)
    assert.is_false(failure.ok_to_retry)
    assert.same({ "cpivm-1" }, journal)
    assert.same({ "Stopped", 1, 533, "job" }, { facts.vm.state, facts.attempt, facts.error.code, facts.error.kind })
  end)

  it("keeps its journal entry when nobody knows whether it will appear", function()
    local failure, journal = failing({
      deploy { fault = "closed", sent = true, unknown = true }, by_name(), by_name(),
    }, only)
    assert.truthy(failure.message:find("CloudStack knows nothing of its job", 1, true))
    assert.same({ "cpivm-1" }, journal)
  end)

  it("is removed or named when the look for it after a lost reply fails", function()
    local failure = failing({
      deploy { fault = "closed", sent = true, unknown = true }, { "listVirtualMachines", {}, refuse = "no", code = 432 },
      by_name(row()), disks, destroy, free,
    }, only)
    assert.truthy(failure.message)
  end)

  it("stays in the journal when neither that look nor the last one tells", function()
    local _, journal = failing({
      deploy { fault = "closed", sent = true, unknown = true }, { "listVirtualMachines", {}, refuse = "no", code = 432 },
      by_name(),
    }, only)
    assert.same({ "cpivm-1" }, journal)
  end)

  it("is removed when a policy of the site breaks while it starts", function()
    local disk = { "listVolumes", { virtualmachineid = "v" },
      { volume = { { id = "e", name = "DATA-1", type = "DATADISK", deviceid = 1 } } } }
    local failure = failing({
      deploy(made), runs, tag, disk, by_id "Running", disks, destroy,
      policies = { names = function() error("site/names.lua:3: oops", 0) end },
    }, { offering = only_one(small), disks = { ephemeral = { offering = { id = "dc" }, size = 1 } } })
    assert.truthy(failure.message:find("site/names.lua:3: oops", 1, true))
  end)

  it("needs CPU and memory for a customised offering, said before anything is journaled", function()
    local failure, journal = failing({}, { offering = only_one { id = "sc", name = "any", iscustomized = true } })
    assert.truthy(failure.message:find("'any' is customised", 1, true))
    assert.same({}, journal)
  end)
end)

describe("a deployment that is ended before it has begun", function()
  it("leaves no VM, and nothing in the journal", function()
    local t = trial.new { host = native, store = true }
    t.host.interruption = function()
      for _, request in ipairs(t.sim.requests) do
        if request.command == "listZones" then return "SIGTERM arrived" end
      end
    end
    local ok, failure = pcall(t.cid, {})
    assert.is_false(ok)
    assert.equal("interrupted: SIGTERM arrived", failure.message)
    assert.same({}, t.store.journal or {})
    assert.equal(0, #t.sim.state().vms)
  end)
end)
