-- The command line and the output of cpi journal; what replay does, spec/made/recovery_spec.lua says.

local machine = require "machine"

local DEAD, ALIVE = "9.9", "8.8"

-- A machine with those entries, { fields, ... }; the rest of each is alike.
local function with(entries)
  local m = machine.new { store = true }
  m.living[ALIVE] = true
  for i, fields in ipairs(entries) do
    local record = { kind = "disk", name = "cpi-disk-" .. i, verb = "create_disk", owner = DEAD, at = "2026-01-01T00:00:00Z",
      director = machine.DIRECTOR, request = "cpi-" .. i }
    for key, value in pairs(fields) do record[key] = value end
    m.store.put("journal", "key-" .. i, machine.json.encode(record))
  end
  return m
end

describe("cpi journal show", function()
  it("says that nothing is left", function()
    assert.same({ exit = 0, text = "nothing is left in the journal\n" }, with({}):command("journal", "show"))
  end)

  it("prints a line an entry, with what is known of it without CloudStack", function()
    local answer = with({ {}, { owner = ALIVE }, { answered = true }, { answered = true, written = true },
      { kind = "address", name = "(any)", vm = "cpivm-1", id = "a-1" }, { kind = "something new" } }):command("journal", "show")
    assert.same({ exit = 1, text = [[
2026-01-01T00:00:00Z  interrupted  disk       cpi-disk-1  create_disk of cpi-1
2026-01-01T00:00:00Z  at work      disk       cpi-disk-2  create_disk of cpi-2
2026-01-01T00:00:00Z  unclear: ended while it answered  disk       cpi-disk-3  create_disk of cpi-3
2026-01-01T00:00:00Z  unclear: answered, and not seen to be taken  disk       cpi-disk-4  create_disk of cpi-4
2026-01-01T00:00:00Z  interrupted  address    (any) for VM cpivm-1 (a-1)  create_disk of cpi-5
2026-01-01T00:00:00Z  interrupted  something new cpi-disk-6  create_disk of cpi-6
]] }, answer)
  end)

  it("prints JSON", function()
    local answer = with({ {} }):command("journal", "show", "--output", "json")
    assert.same({ left = 1, entries = { { at = "2026-01-01T00:00:00Z", state = "interrupted", kind = "disk", name = "cpi-disk-1",
      verb = "create_disk", request = "cpi-1", director = machine.DIRECTOR } } }, machine.json.decode(answer.text))
    assert.equal(1, answer.exit)
  end)
end)

describe("cpi journal replay", function()
  it("is for one director", function()
    local m = with { {}, { director = "another" } }
    local answer = m:command("journal", "replay")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("several directors wrote the journal: say --director UUID", 1, true), answer.text)
    assert.truthy(m:command("journal", "replay", "--director", "another").text:find("another account's", 1, true))
  end)

  it("leaves alone an entry of a kind that it does not know", function()
    local m = with { { kind = "something new" } }
    local answer = m:command("journal", "replay")
    assert.equal(1, answer.exit)
    assert.truthy(answer.text:find("of an unknown kind", 1, true), answer.text)
  end)
end)

describe("cpi journal", function()
  it("refuses what it does not understand", function()
    for _, arguments in ipairs { {}, { "eat" }, { "show", "me" } } do
      assert.equal(2, with({}):command("journal", table.unpack(arguments)).exit)
    end
  end)

  it("needs a store", function()
    local answer = machine.new({}):command("journal", "show")
    assert.equal(2, answer.exit)
    assert.truthy(answer.text:find("store.path is not configured: there is no journal", 1, true), answer.text)
  end)
end)
