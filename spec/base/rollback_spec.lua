local errors = require "errors"
local new_interruption = require "base.interruption"
local rollback = require "base.rollback"

local interruption = new_interruption { reason = function() end }

local kept -- what the last verb that ended well would undo

local function silent()
  local lines = {}
  return { warn = function(format, ...) lines[#lines + 1] = format:format(...) end }, lines
end

-- Runs body(undo) in a verb's shape and answers whether it raised, what, and the log.
local function verb(body)
  local log, lines = silent()
  local ok, failure = pcall(function()
    local undo <close> = rollback { log = log, interruption = interruption, decide = { prepare = function() end },
      delivery = { keep = function(undo) kept = undo end } }
    body(undo)
  end)
  return ok, failure, lines
end

describe("rollback", function()
  it("does nothing when the verb succeeds", function()
    local ran = false
    local ok = verb(function(undo) undo.add("VM", function() ran = true end) end)
    assert.is_true(ok)
    assert.is_false(ran)
    assert.same({ "VM" }, kept.names())
    kept.run()
    assert.is_true(ran)
    assert.same({}, kept.names())
  end)

  it("undoes last things first", function()
    local order = {}
    verb(function(undo)
      undo.add("disk", function() order[#order + 1] = "disk" end)
      undo.add("VM", function() order[#order + 1] = "VM" end)
      error(errors.cloud("no"))
    end)
    assert.same({ "VM", "disk" }, order)
  end)

  it("goes on after a step that fails, and says what is left behind", function()
    local ran = false
    local _, failure, lines = verb(function(undo)
      undo.add("disk d", function() ran = true end)
      undo.add("VM v", function() error(errors.cloud("it will not go")) end)
      error(errors.vm_creation_retriable("no room"))
    end)
    assert.is_true(ran)
    assert.equal("no room; left behind: VM v (it will not go)", failure.message)
    assert.same({ "could not undo VM v: it will not go" }, lines)
  end)

  it("leaves the failure as it was, and raises another one", function()
    local first = errors.vm_creation_retriable("no room")
    local _, failure = verb(function(undo)
      undo.add("VM v", function() error(errors.cloud("it will not go")) end)
      error(first)
    end)
    assert.same({ "no room", true }, { first.message, first.ok_to_retry })
    assert.equal(first, failure.cause)
  end)

  it("adds what each of two leaves behind", function()
    local _, failure = verb(function(undo)
      undo.add("VM v", function() error(errors.cloud("no")) end)
      local ok, inner = verb(function(within)
        within.add("disk d", function() error(errors.cloud("no")) end)
        error(errors.cloud("it broke"))
      end)
      assert.is_false(ok)
      error(inner)
    end)
    assert.equal("it broke; left behind: disk d (no); left behind: VM v (no)", failure.message)
  end)

  it("lets nobody retry while something is left behind", function()
    local _, failure = verb(function(undo)
      undo.add("VM v", function() error("bug") end)
      error(errors.vm_creation_retriable("no room"))
    end)
    assert.is_false(failure.ok_to_retry)
  end)
end)
