local native = require "host_native"
local trial = require "operator.trial"

-- create_disk in a world of its own; fate: of its answer, options: of the trial -> the trial, its settle, the CID.
local function create_disk(options)
  local t = trial.new(options)
  local result, settle = require "cpi"(t.host, t.request("create_disk", 1024, {}))
  return t, settle, result
end

local function journal_of(t)
  local list = {}
  for _, text in pairs(t.store.journal or {}) do list[#list + 1] = native.json.decode(text) end
  return list
end

for _, has_store in ipairs { true, false } do
  describe(has_store and "an answer, with a store," or "an answer, without a store,", function()
    it("that was taken leaves what was made, and no entry", function()
      local t, settle, cid = create_disk { host = native, store = has_store }
      settle "taken"
      assert.truthy(t.disk(cid))
      assert.same({}, journal_of(t))
    end)

    it("that nobody took is undone", function()
      local t, settle = create_disk { host = native, store = has_store }
      settle "lost"
      assert.same({}, t.left())
      assert.same({}, journal_of(t))
      assert.truthy(t.log[#t.log]:find("^warn nobody took the answer; disk cpi%-disk%-%S+: made and removed again$"))
    end)

    it("that was written and not read leaves what was made", function()
      local t, settle, cid = create_disk { host = native, store = has_store }
      settle "unknown"
      assert.truthy(t.disk(cid))
      assert.equal(has_store and true or nil, has_store and journal_of(t)[1].written or nil)
    end)

    it("is not given where the process was asked to end meanwhile", function()
      local t, why = trial.new { host = native, store = has_store }, nil
      t.host.interruption = function() return why end
      local send = t.host.cloudstack.send
      t.host.cloudstack.send = function(requests)
        local replies = send(requests)
        -- The last thing that create_disk waits for.
        if requests[1].command == "queryAsyncJobResult" then why = "SIGTERM arrived" end
        return replies
      end
      local failure = t.failure("create_disk", 1024, {})
      assert.truthy(failure.message:find("^interrupted: SIGTERM arrived"))
      assert.same({}, t.left())
      assert.same({}, journal_of(t))
    end)
  end)
end

describe("an answer that nobody took", function()
  it("leaves an entry for a later process where it cannot be undone", function()
    local t, settle, cid = create_disk { host = native, store = true }
    t.sim.fault { command = "deleteVolume", fault = "status", status = 431, times = 100 }
    t.sim.fault { command = "destroyVolume", fault = "status", status = 431, times = 100 }
    settle "lost"
    assert.truthy(t.disk(cid))
    local entry = journal_of(t)[1]
    assert.same({ cid }, { entry.name, entry.answered })
    assert.truthy(t.log[#t.log]:find("left behind: disk " .. cid, 1, true))
  end)
end)

describe("a create whose entry another process has taken over", function()
  it("does not answer success, and removes what it made", function()
    local t = trial.new { host = native, store = true }
    local send = t.host.cloudstack.send
    t.host.cloudstack.send = function(requests)
      for key, text in pairs(t.store.journal or {}) do
        local record = native.json.decode(text)
        record.owner, record.claimed = "somebody else", true
        t.store.journal[key] = native.json.encode(record)
      end
      return send(requests)
    end
    local failure = t.failure("create_disk", 1024, {})
    assert.truthy(failure.message:find("another process took this one for dead", 1, true))
    assert.same({}, t.left())
    assert.equal("somebody else", journal_of(t)[1].owner)
  end)
end)
