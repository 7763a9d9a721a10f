local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

-- (what is removed and what stays: spec/made/recovery_spec.lua)

local json = native.json
-- The account that a trial's configuration is of.
local CLOUD = native.bytes.sha256("http://cloud.test/client/api key"):sub(1, 16)
local trial

local function journal(...) return operator.on(trial, "journal", { ... }) end

local function entry(key, record)
  trial.store.journal = trial.store.journal or {}
  for name, value in pairs { at = "2026-01-01T00:00:00Z", kind = "disk", name = "cpi-disk-" .. key, verb = "create_disk",
    request = "cpi-7", director = "director-1", owner = "9.9", since = 0, cloud = CLOUD } do
    if record[name] == nil then record[name] = value end
  end
  trial.store.journal[key] = json.encode(record)
end

before_each(function() trial = new_trial { host = native, store = true } end)

describe("cpi journal show", function()
  it("says that nothing is left", function()
    assert.same({ 0, "nothing is left in the journal\n", "" }, { journal "show" })
    assert.same({ 0, '{"entries":[],"left":0}\n', "" }, { journal("show", "--output", "json") })
  end)

  it("tells each entry on a line, and whether its process is at work", function()
    entry("1", {})
    entry("2", { owner = "1.1", id = "id-2" })
    entry("3", { answered = true, vm = "cpivm-1" })
    entry("4", { answered = true, written = true })
    trial.host.process.alive = function(owner) return owner == "1.1" end
    local code, out = journal "show"
    assert.equal(1, code)
    for _, line in ipairs {
      "2026-01-01T00:00:00Z  interrupted  disk       cpi-disk-1  create_disk of cpi-7\n",
      "2026-01-01T00:00:00Z  at work      disk       cpi-disk-2 (id-2)  create_disk of cpi-7\n",
      "2026-01-01T00:00:00Z  unclear: ended while it answered  disk       cpi-disk-3 for VM cpivm-1  create_disk of cpi-7\n",
      "2026-01-01T00:00:00Z  unclear: answered, and not seen to be taken  disk       cpi-disk-4  create_disk of cpi-7\n",
    } do
      assert.truthy(out:find(line, 1, true), line .. "\n" .. out)
    end
  end)

  it("says the same as JSON", function()
    entry("1", { id = "i" })
    local code, out = journal("show", "--output", "json")
    assert.equal(1, code)
    assert.same({ left = 1, entries = { { at = "2026-01-01T00:00:00Z", state = "interrupted", kind = "disk", name = "cpi-disk-1",
      id = "i", verb = "create_disk", request = "cpi-7", director = "director-1" } } }, json.decode(out))
  end)

  it("shows an entry that cannot be read too", function()
    trial.store.journal = { odd = "nonsense" }
    local code, out = journal "show"
    assert.equal(1, code)
    assert.truthy(out:find("at work", 1, true), out)
  end)

  it("asks CloudStack nothing", function()
    entry("1", {})
    journal "show"
    assert.same({}, trial.requests())
  end)
end)

describe("cpi journal replay", function()
  it("tells what became of each entry, and ends with 0 where nothing is left", function()
    entry("1", {})
    local code, out = journal "replay"
    assert.equal(0, code)
    assert.matches("^2026%-01%-01T00:00:00Z  %S.*  disk       cpi%-disk%-1  create_disk of cpi%-7\nnothing is left in the journal\n$", out)
    assert.same({}, trial.store.journal)
  end)

  it("ends with 1 where a living process is at it", function()
    entry("1", {})
    trial.host.process.alive = function() return true end
    local code, out = journal("replay", "--output", "json")
    assert.equal(1, code)
    assert.equal(1, json.decode(out).left)
    assert.truthy(trial.store.journal["1"])
  end)

  it("wants to know the director where several wrote the journal", function()
    entry("1", {})
    entry("2", { director = "director-2" })
    local code, out, err = journal "replay"
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("several directors wrote the journal: say --director UUID", 1, true), err)
    journal("replay", "--director", "director-2")
    assert.is_nil(trial.store.journal["2"])
    assert.truthy(trial.store.journal["1"])
  end)
end)

describe("cpi journal forget", function()
  it("drops the entries of a name, and asks CloudStack nothing", function()
    entry("1", { cloud = "of an account that is gone" })
    entry("2", {})
    local code, out = journal("forget", "cpi-disk-1")
    assert.equal(0, code)
    assert.truthy(out:find("  forgotten  ", 1, true), out)
    assert.is_nil(trial.store.journal["1"])
    assert.truthy(trial.store.journal["2"])
    assert.same({}, trial.requests())
  end)

  it("says what could not be dropped, and ends with 1", function()
    entry("1", {})
    trial.host.store.delete = function() return nil, "the disk is full" end
    local code, out = journal("forget", "cpi-disk-1")
    assert.equal(1, code)
    assert.truthy(out:find("not forgotten: the disk is full", 1, true), out)
  end)

  it("drops nothing where one is not there, or its process may be alive", function()
    entry("1", {})
    entry("2", { owner = "1.1" })
    trial.host.process.alive = function(owner) return owner == "1.1" end
    local code, _, err = journal("forget", "cpi-disk-1", "cpi-disk-9")
    assert.equal(2, code)
    assert.truthy(err:find("no entry of the journal has the name 'cpi-disk-9'", 1, true), err)
    code, _, err = journal("forget", "cpi-disk-1", "cpi-disk-2")
    assert.equal(2, code)
    assert.truthy(err:find("'cpi-disk-2' is at work: its process may be alive", 1, true), err)
    assert.truthy(trial.store.journal["1"])
    code, _, err = journal "forget"
    assert.equal(2, code)
    assert.truthy(err:find("which entries? their names, as `cpi journal show` has them", 1, true), err)
  end)
end)

describe("on a terminal", function()
  local function at_terminal(answer, ...)
    local asked, console = {}, operator.host().console
    console.interactive, console.read = true, function() return answer end
    console.error = function(text) asked[#asked + 1] = text end
    return operator.on(trial, "journal", { ... }, { console = console }), table.concat(asked)
  end

  it("replay and forget ask before, and --yes is consent", function()
    entry("1", {})
    local code, asked = at_terminal("n", "replay")
    assert.equal(2, code)
    assert.truthy(asked:find("Remove what dead processes left of 1 entries? [y/N] ", 1, true), asked)
    assert.truthy(asked:find("nothing was changed", 1, true))
    code, asked = at_terminal("n", "forget", "cpi-disk-1")
    assert.equal(2, code)
    assert.truthy(asked:find("Drop 1 entries, whatever is left in CloudStack? [y/N] ", 1, true), asked)
    assert.truthy(trial.store.journal["1"])
    assert.equal(0, (at_terminal("n", "replay", "--yes")))
    assert.same({}, trial.store.journal)
    assert.same({ 0, "" }, { at_terminal("n", "replay") })
    assert.equal(0, (at_terminal("n", "show")))
  end)
end)

describe("cpi journal", function()
  for _, words in ipairs { {}, { "shew" }, { "show", "x" }, { "replay", "x" } } do
    it("ends with 2 for '" .. table.concat(words, " ") .. "'", function()
      local code, out, err = journal(table.unpack(words))
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find("usage: cpi [--config FILE] journal", 1, true), err)
    end)
  end

  it("ends with 2 where there is no store, or it cannot be opened or read", function()
    trial.host.store.rows = function() return nil, "it is torn" end
    local code, _, err = journal "show"
    assert.equal(2, code)
    assert.truthy(err:find("the journal cannot be read: it is torn", 1, true), err)
    trial.host.store.open = function() return nil, "it is broken" end
    code, _, err = journal "show"
    assert.equal(2, code)
    assert.truthy(err:find("the journal cannot be read: it is broken", 1, true), err)
    trial = new_trial { host = native }
    code, _, err = journal "show"
    assert.equal(2, code)
    assert.truthy(err:find("store.path is not configured: there is no journal", 1, true), err)
  end)
end)

do
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
end
