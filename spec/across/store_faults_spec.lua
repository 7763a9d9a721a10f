-- Every verb on a store that fails at its nth operation, once or from there on: the verb goes on and what it made stays, or
-- it fails and nothing of it stays. What is left of it in the journal never has an object removed that BOSH was told of.

local fake = require "tests.support.fake"
local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"

local WHY = "store /store: the disk is full; make room"
local OPERATIONS = { "open", "get", "put", "replace", "delete", "rows" }
local WRITES = { put = true, replace = true, delete = true }

-- The store, failing as the fault says; fault.count counts its operations.
local function failing(store, fault)
  local proxy = {}
  for _, operation in ipairs(OPERATIONS) do
    proxy[operation] = function(...)
      fault.count = fault.count + 1
      local is_it = fault.count == fault.nth or fault.lasting and fault.count > fault.nth
      if is_it and (WRITES[operation] or not fault.writes_only) then
        fault.struck = true
        return nil, WHY
      end
      return store[operation](...)
    end
  end
  return proxy
end

-- One run of the verb with that fault, and healed afterwards.
local function run(method, scenario, fault)
  local stage, arguments = scenarios.open(scenario, { store = true })
  local store, before = stage.store, inventory.of(stage.sim)
  fault.count = 0
  stage.store = failing(store, fault)
  local answer, process = stage:call(method, arguments)
  stage.store = store
  return { stage = stage, answer = answer, process = process, made = inventory.beyond(before, inventory.of(stage.sim)),
    before = before }
end

-- What another process does next: one that creates, hours later, and the operator.
local function go_on(trial)
  local stage = trial.stage
  stage.sim.advance(circumstances.SETTLING)
  local disk = stage:disk()
  stage:command("journal", "replay")
  stage:good("delete_disk", { disk })
  stage.sim.advance(circumstances.SETTLING)
  return inventory.of(stage.sim)
end

local function check(method, scenario, fault, title)
  local trial = run(method, scenario, fault)
  local answer, log = trial.answer, table.concat(trial.process.log, "\n")
  assert.is_nil(trial.process.bug, title)
  local later = go_on(trial)
  if answer.error and not scenario.answers then
    assert.equal("Bosh::Clouds::CpiError", answer.error.type, title .. ": " .. answer.error.message)
    assert.truthy(answer.error.message:find(WHY, 1, true), answer.error.message)
    assert.same({}, inventory.beyond(trial.before, later), title .. ": it failed, and something is left")
    return "failed"
  end
  for _, object in ipairs(trial.made) do
    assert.truthy(later[object.id], ("%s: %s was made, told and removed"):format(title, object.looks))
  end
  if fault.struck and fault.lasting and fault.writes_only and method:find "^create_" then
    assert.truthy(log:find(WHY, 1, true), title .. ": nobody said so")
  end
  return "good"
end

describe("a store that fails under", function()
  for _, method in ipairs(scenarios.verbs()) do
    local scenario = scenarios.of[method][1]
    it(method .. " costs no more than that call", function()
      local told = {}
      for _, lasting in ipairs { false, true } do
        for _, writes_only in ipairs { false, true } do
          for nth = 1, math.huge do
            local fault = { nth = nth, lasting = lasting, writes_only = writes_only }
            local title = ("%s, operation %d%s"):format(method, nth, lasting and " and on" or "")
            local outcome = check(method, scenario, fault, title)
            told[outcome] = true
            if fault.count < nth then break end
          end
        end
      end
      assert.is_true(told.good, "it goes on where it can")
    end)
  end

  it("a create whose entry cannot be marked gives no answer and takes back what it made", function()
    local m = machine.new { store = true }
    local replace, delete = m.store.replace, m.store.delete
    function m.store.replace(name, key, old, text)
      if text:find('"answered":true', 1, true) then return nil, WHY end
      return replace(name, key, old, text)
    end
    function m.store.delete() return nil, WHY end
    local answer = m:call("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.equal("Bosh::Clouds::CpiError", answer.error.type)
    assert.is_false(answer.error.ok_to_retry)
    assert.truthy(answer.error.message:find("the journal cannot note that the answer is ready: " .. WHY
      .. "; disk cpi-disk-", 1, true), answer.error.message)
    assert.truthy(answer.error.message:find("made and removed again$"), answer.error.message)
    assert.same({}, m.sim.state().volumes)
    m.sim.fault { command = "deleteVolume", fault = "status", status = 431 }
    answer = m:call("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.truthy(answer.error.message:find "; left behind: disk cpi%-disk%-[%x-]+ %(", answer.error.message)
    m.store.replace, m.store.delete = replace, delete
    m.sim.advance(circumstances.SETTLING)
    assert.equal(0, m:command("journal", "replay").exit)
    assert.same({}, m.sim.state().volumes)
  end)

  it("gc is no empty journal: nothing is said to be nobody's", function()
    local m = machine.new { store = true }
    m.store.rows = function() return nil, "store /store: it is damaged" end
    local answer = m:command("gc", "--director", machine.DIRECTOR, "--apply")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("which cannot be read: store /store: it is damaged", 1, true), answer.text)
  end)

  it("a replay is told, and the create goes on", function()
    local m = machine.new { store = true }
    m.store.rows = function() return nil, "store /store: it is damaged" end
    local answer, process = m:call("create_disk", { 1024, { disk_offering = "shared.custom" } })
    assert.is_nil(answer.error)
    assert.truthy(table.concat(process.log, "\n"):find(
      "warn the journal was not replayed: the journal cannot be read: store /store: it is damaged", 1, true))
    answer = m:command("journal", "replay")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("it is damaged", 1, true))
  end)
end)

describe("a store that cannot be opened", function()
  local registry = require "registry.settings"
  local SITE = { registry = { host = "10.0.0.6", username = "admin", password = "registry-password" } }

  local function without(context)
    local cpi = fake.cpi { settings = SITE, context = context }
    cpi.store_trouble = "store /store: it is damaged"
    return cpi
  end

  it("stops a VM whose agent needs the registry, and a disk of one that may", function()
    for _, context in ipairs { { vm = { stemcell = { api_version = 1 } } }, {} } do
      local cpi <close> = without(context)
      local failure = fake.failure(registry.attach, cpi, "cpivm-1", "cpi-disk-1", {})
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.equal("the registry's settings of VM cpivm-1: store /store: it is damaged", failure.message)
    end
    local cpi <close> = without { vm = { stemcell = { api_version = 1 } } }
    assert.truthy(fake.failure(registry.check, cpi).message:find("needs store /store: it is damaged", 1, true))
  end)

  it("stops nobody else", function()
    local cpi <close> = without { vm = { stemcell = { api_version = 2 } } }
    registry.check(cpi)
    registry.attach(cpi, "cpivm-1", "cpi-disk-1", {})
    registry.forget(cpi, "cpivm-1")
  end)
end)
