-- Every verb, explained and then done: what is told is what happens, and nothing happens while it is told.

local explain = require "operator.explanation"
local native = require "host_native"
local verb_calls = require "tests.support.verb_calls"

local function setting(settings) return verb_calls.setting { settings = settings } end

-- What is in an explanation, by kind.
local function commands(told, kind)
  local list = {}
  for _, event in ipairs(told.events) do
    for _, request in ipairs(event.kind == kind and event.requests or {}) do list[#list + 1] = request.command end
  end
  return list
end

local function writes(trial)
  local list = {}
  for _, request in ipairs(trial.requests()) do
    if not request.command:find "^list" then list[#list + 1] = request.command end
  end
  return list
end

local network = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }

describe("explaining", function()
  it("is tried with every verb that there is", function() assert.same({}, verb_calls.missing()) end)

  for _, row in ipairs(verb_calls) do
    it(row[1] .. " tells what is then sent, and sends nothing", function()
      local trial, vm, disk = setting()
      local made = row.before and row.before(trial, vm, disk)
      trial.requests()
      local slept = trial.sim.clock.now()
      local told = explain(trial.host, trial.request(row[1], row[2](vm, disk, made)))
      assert.equal(row.failure, told.failure and told.failure.type)
      assert.same({}, writes(trial))
      assert.equal(slept, trial.sim.clock.now())
      pcall(trial.call, row[1], row[2](vm, disk, made))
      local wanted, sent = writes(trial), {}
      for i, command in ipairs(commands(told, "send")) do sent[i] = command end
      table.sort(wanted)
      table.sort(sent)
      assert.same(wanted, sent)
    end)
  end

  it("delete_vm tells how it leaves, when it may expunge and when it may not", function()
    local trial, vm = setting()
    assert.same({ "stopVirtualMachine", "updateVmNicIp", "destroyVirtualMachine", "deleteVolume", "updateVirtualMachine" },
      commands(explain(trial.host, trial.request("delete_vm", vm)), "send"))
  end)

  it("create_vm tells which further addresses its NICs get, and what the agent is told of them", function()
    local trial = setting()
    local networks = { a = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
      b = { type = "manual", ip = "10.0.0.32", prefix = "31", netmask = "255.255.255.0", cloud_properties = { name = "bosh-net" } } }
    trial.requests() -- forgets those before
    local told = explain(trial.host, trial.request("create_vm", "agent-2", "ubuntu-builtin", { cpu = 2, ram = 4096 }, networks, {}, {}))
    assert.is_nil(told.failure)
    assert.same({ "deployVirtualMachine", "addIpToNic", "addIpToNic", "updateVirtualMachine", "startVirtualMachine", "createTags" },
      commands(told, "send"))
    assert.same({}, writes(trial))
  end)

  it("tells each decision with its facts, its file and its answer", function()
    local trial = setting()
    local told = explain(trial.host, trial.request("create_vm", "agent-2", "ubuntu-builtin", { cpu = 2, ram = 4096 }, network,
      {}, {}))
    local decided = {}
    for _, event in ipairs(told.events) do
      if event.kind == "decide" then decided[event.decision] = event end
    end
    assert.equal("lua/policies/service_offering.lua", decided.service_offering.file)
    assert.equal(2, decided.service_offering.facts.cpu)
    assert.equal("shared.medium", decided.service_offering.answer[1].name)
    assert.same({ name = "shared.small", why = "has 1 of 2 CPUs" }, decided.service_offering.candidates[1])
    assert.same({ name = "shared.medium", rank = 1 }, decided.service_offering.candidates[2])
    assert.same({ "default" }, decided.networks.answer.order)
    assert.equal("vm", decided.names.facts.kind)
  end)

  it("tells what was asked, and what came", function()
    local trial, vm = setting()
    local told = explain(trial.host, trial.request("has_vm", vm))
    assert.same({ { kind = "ask", requests = { { command = "listVirtualMachines", answer = "1: " .. vm,
      params = told.events[1].requests[1].params } } } }, told.events)
    assert.equal(vm, told.events[1].requests[1].params.name)
    assert.is_true(told.result)
    assert.is_true(told.is_certain)
  end)

  it("tells a failure before anything was imagined for certain", function()
    local trial, vm = setting()
    local told = explain(trial.host, trial.request("attach_disk", vm, "cpi-disk-none"))
    assert.is_true(told.is_certain)
    assert.equal("Bosh::Clouds::DiskNotFound", told.failure.type)
  end)

  it("tells which policy broke", function()
    local directory = require("tests.support.operator").directory {
      ["service_offering.lua"] = "return { api = 1, decide = function(facts)\n return facts.x.y\nend }" }
    local trial = setting { policies = { directory = directory } }
    local told = explain(trial.host, trial.request("create_vm", "a", "ubuntu-builtin", { cpu = 2, ram = 4096 }, network, {}, {}))
    local last = told.events[#told.events]
    assert.equal("service_offering", last.decision)
    assert.truthy(last.failure:find("service_offering.lua:2: attempt to index a nil value", 1, true), last.failure)
    assert.is_true(told.is_certain)
  end)

  it("does not wait for what is imagined to be over", function()
    local directory = require("tests.support.operator").directory {
      ["expunge.lua"] = "return { api = 1, decide = function() return { strategy = 'wait', deadline = 9 } end }" }
    local trial, vm = setting { policies = { directory = directory } }
    local told = explain(trial.host, trial.request("delete_vm", vm))
    assert.is_nil(told.failure)
    assert.same({ "destroyVirtualMachine", "deleteVolume" }, commands(told, "send"))
  end)

  it("neither reads nor writes the store", function()
    local trial, vm = setting { store = { path = "/nowhere/store.db" } }
    local before = native.json.encode(trial.store)
    trial.host.store = setmetatable({}, { __index = function(_, name) error("the store was asked to " .. name) end })
    trial.host.throttle = setmetatable({}, { __index = function(_, name) error("the throttle was asked to " .. name) end })
    assert.is_nil(explain(trial.host, trial.request("create_vm", "a", "ubuntu-builtin", { compute_offering = "shared.small" },
      network, {}, {})).failure)
    assert.is_nil(explain(trial.host, trial.request("delete_vm", vm)).failure)
    assert.equal(before, native.json.encode(trial.store))
  end)

  -- What is told of the registry, without the sizes.
  local function registry_of(told)
    local list = {}
    for _, event in ipairs(told.events) do
      if event.kind == "registry" then list[#list + 1] = { event.action, event.vm, event.disks } end
    end
    return list
  end

  it("tells what would be written to the registry, and writes nothing", function()
    local trial, vm, disk = setting { store = { path = "/nowhere/store.db" },
      registry = { host = "10.0.0.9", username = "admin", password = "registry-password" } }
    local request = trial.request("create_vm", "a", "ubuntu-builtin", { compute_offering = "shared.small" }, network, {}, {})
    request.context.vm = { stemcell = { api_version = 1 } }
    local told = explain(trial.host, request)
    assert.is_nil(told.failure and tostring(told.failure))
    assert.same({ { "write", told.result[1] } }, registry_of(told))
    local attached = explain(trial.host, trial.request("attach_disk", vm, disk))
    assert.same({ { "edit", vm, { [disk] = attached.result } } }, registry_of(attached))
    assert.same({ { "remove", vm } }, registry_of(explain(trial.host, trial.request("delete_vm", vm))))
    assert.is_nil(next(trial.store.registry or {}))
  end)

  it("tells nothing of a registry where none is configured, by the file or the request", function()
    for _, registry in ipairs { { username = "admin" }, { host = "" } } do
      local trial, vm, disk = setting { store = { path = "/nowhere/store.db" }, registry = registry }
      local request = trial.request("attach_disk", vm, disk)
      assert.same({}, registry_of(explain(trial.host, request)))
      assert.same({}, registry_of(explain(trial.host, trial.request("delete_vm", vm))))
      request.context.registry = { host = "10.0.0.9" }
      assert.equal(1, #registry_of(explain(trial.host, request)))
    end
  end)

  it("tells what becomes of a VM that does not start, without asking anything again", function()
    local directory = require("tests.support.operator").directory {
      ["failed_vm.lua"] = "return { api = 1, decide = function(facts, default)\n return default(facts)\nend }" }
    local trial = setting { policies = { directory = directory } }
    trial.requests()
    local told = explain(trial.host, trial.request("create_vm", "a", "ubuntu-builtin", { compute_offering = "shared.small" },
      network, {}, {}))
    local asked = #trial.requests()
    assert.equal(asked, #commands(told, "ask"))
    assert.equal("deployVirtualMachine", told.otherwise.command)
    assert.equal("Bosh::Clouds::VMCreationFailed", told.otherwise.failure.type)
    local decided
    for _, event in ipairs(told.otherwise.events) do
      if event.decision == "failed_vm" then decided = event end
    end
    assert.equal(directory .. "/failed_vm.lua", decided.file)
    assert.same({ "Error", 530, "destroy" }, { decided.facts.vm.state, decided.facts.error.code, decided.answer })
    local sent = commands(told.otherwise, "send")
    assert.equal("destroyVirtualMachine", sent[#sent])
    assert.is_nil(explain(trial.host, trial.request("has_vm", "cpivm-1")).otherwise)
  end)

  it("ends where a verb waits for ever", function()
    local trial = setting()
    local search = package.searchpath
    local over <close> = setmetatable({}, { __close = function() package.searchpath = search end }) -- luacheck: ignore
    package.searchpath = function() return "verbs/loops.lua" end -- luacheck: ignore
    package.loaded["verbs.loops"] = function(cpi)
      local made = cpi.cloudstack:job { "createVolume", { name = "x" } }
      while true do cpi.cloudstack:rows { "listVolumes", { id = made.volume.id }, rows = "volume" } end
    end
    local told = explain(trial.host, trial.request "loops")
    package.loaded["verbs.loops"] = nil
    assert.is_false(told.is_certain)
    assert.truthy(told.failure.message:find "only a real request gets")
  end)
end)
