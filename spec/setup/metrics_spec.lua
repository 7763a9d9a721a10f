-- What is counted of requests, by several processes.

local errors = require "errors"
local memory_store = require "base.memory_store"
local metrics = require "setup.metrics"
local native = require "host_native"
local tally = require "cloudstack.tally"

local json = native.json

local function some_tally()
  local one = tally()
  one:sent({ { command = "startVirtualMachine" } }, { { seconds = 0.1 } })
  one:sent({ { command = "queryAsyncJobResult" } }, { { seconds = 0.05 } })
  one:waited_for("startVirtualMachine", 1.7, 1.7)
  return one
end

local function record(store, verb, seconds, failure)
  return metrics.record(store, json, 1000000, verb, seconds, failure, some_tally())
end

describe("metrics", function()
  it("are counts and seconds by verb, class and command", function()
    local store = memory_store {}
    record(store, "create_vm", 2.5)
    record(store, "create_vm", 0.05, errors.vm_creation_failed("no room"))
    record(store, "create_vm", 2000, "a bug")
    record(store, "delete_vm", 1)
    local all = metrics.all(store, json)
    local row = all.create_vm
    assert.same({ 3, { VMCreationFailed = 1, bug = 1 }, 1000000 }, { row.count, row.failed, row.since })
    assert.is_true(math.abs(row.seconds - 2002.55) < 1e-6)
    assert.same({ 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 }, row.buckets)
    local one = row.commands.startVirtualMachine
    assert.same({ 3, 3 }, { one.count, one.waits })
    assert.is_true(math.abs(one.seconds - 0.3) < 1e-9 and math.abs(one.waited - 5.1) < 1e-9)
    assert.equal(1, all.delete_vm.count)
    assert.equal(4, metrics.by_command(all).startVirtualMachine.count)
  end)

  it("lose nothing when another process counts at the same time", function()
    local store = memory_store {}
    record(store, "has_vm", 1)
    local between = true
    local racing = setmetatable({ get = function(...)
      local text = store.get(...)
      if between then
        between = false
        record(store, "has_vm", 1)
      end
      return text
    end }, { __index = store })
    record(racing, "has_vm", 1)
    assert.equal(3, metrics.all(store, json).has_vm.count)
  end)

  it("give up where the store fails, and begin anew over what is not theirs", function()
    local function fail() return nil, "locked" end
    local failing = { get = fail, put = fail, rows = fail }
    assert.is_nil((record(failing, "has_vm", 1)))
    assert.same({ nil, "locked" }, { metrics.all(failing, json) })
    for _, text in ipairs { "7", "[]", '{"count":"1"}', "nonsense",
      '{"count":1,"seconds":1,"since":1,"buckets":[1],"failed":{},"commands":{}}' } do
      local store = memory_store {}
      store.put(metrics.TABLE, "has_vm", text)
      assert.is_nil(metrics.all(store, json).has_vm)
      record(store, "has_vm", 1)
      assert.equal(1, metrics.all(store, json).has_vm.count)
    end
  end)

  it("are written to the file by one of the processes, every 15 seconds", function()
    local store = memory_store {}
    assert.is_true(metrics.is_due(store, 1000000))
    assert.is_false(metrics.is_due(store, 1000014))
    assert.is_true(metrics.is_due(store, 1000015))
    assert.is_true(metrics.is_due(store, 999)) -- the clock was set back
    assert.same({}, metrics.all(store, json))
  end)
end)
