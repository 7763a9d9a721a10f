-- The command line and the output of cpi gc; what it finds, spec/made/leftovers_spec.lua and its neighbours say.

local machine = require "machine"

-- A machine whose CloudStack has an affinity group that no VM is in, made at the time that at(m) returns
-- (seconds since 1970; nil: long ago).
local function with_a_group(at)
  local m = machine.new { store = true }
  local mark = "made by cloudstack_cpi for director " .. machine.DIRECTOR .. (at and " at " .. at(m) or "")
  m.sim.send { { command = "createAffinityGroup", params = { name = "web", type = "host anti-affinity", description = mark } } }
  m.sim.advance(10)
  return m, m.sim.state().affinitygroups[1].id
end

local function gc(m, ...) return m:command("gc", ...) end

describe("the command line of cpi gc", function()
  it("prints a line a finding, and what became of it", function()
    local m, id = with_a_group()
    local line = ("leftover  affinity group web (%s)  -: no VM is in it"):format(id)
    assert.same({ exit = 1, text = line .. "\n1 found, 1 left\n" }, gc(m, "--director", machine.DIRECTOR))
    assert.same({ exit = 0, text = line .. "; removed\n1 found, 0 left\n" }, gc(m, "--director", machine.DIRECTOR, "--apply"))
    assert.same({ exit = 0, text = "0 found, 0 left\n" }, gc(m, "--director", machine.DIRECTOR))
  end)

  it("prints JSON", function()
    local m, id = with_a_group()
    local answer = gc(m, "--director", machine.DIRECTOR, "--apply", "--output", "json")
    assert.same({ left = 0, found = { { is = "leftover", kind = "affinity group", cid = "web", id = id, why = "no VM is in it",
      fate = "removed" } } }, machine.json.decode(answer.text))
    assert.equal(0, answer.exit)
  end)

  it("takes an age with a unit", function()
    local m = with_a_group(function(m) return m.sim.clock.utc() // 1 end)
    m.sim.advance(7000)
    for age, found in pairs { ["90"] = 1, ["90s"] = 1, ["15m"] = 1, ["1h"] = 1, ["2h"] = 0, ["1d"] = 0 } do
      assert.equal(found, gc(m, "--director", machine.DIRECTOR, "--older-than", age).exit, age)
    end
  end)

  it("refuses what it does not understand", function()
    local m = with_a_group()
    for words, arguments in pairs {
      ["whose leftovers is not said: --director UUID"] = {},
      ["--older-than 'soon' is not a time such as 90s, 15m, 2h or 1d"] = { "--director", "d", "--older-than", "soon" },
      ["no such argument"] = { "vms", "--director", "d" },
    } do
      local answer = gc(m, table.unpack(arguments))
      assert.equal(2, answer.exit, words)
      assert.truthy(answer.text:find(words, 1, true), answer.text)
    end
  end)

  it("goes by the journal for what living processes are at, and not without it", function()
    local m = with_a_group()
    m.store.rows = function() return nil, "disk I/O error" end
    local answer = gc(m, "--director", machine.DIRECTOR, "--apply")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("what living processes are at is in the journal, which cannot be read: disk I/O error", 1, true))
    assert.equal(1, #m.sim.state().affinitygroups)
  end)
end)
