local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

-- (which object is whose: spec/made/leftovers_spec.lua)

local json = native.json
local trial

local function gc(...) return operator.on(trial, "gc", { "--director", "director-1", ... }) end

-- A VM that BOSH never spoke of.
local function leftover()
  local vm = trial.cid()
  trial.sim.advance(7200)
  return vm
end

-- CloudStack refuses the command, so many times.
local function refuse(command, code, text, times)
  local answer = json.encode { [command:lower() .. "response"] = { errorcode = code, errortext = text } }
  trial.sim.fault { command = command, fault = "status", status = code, body = answer, times = times }
end

before_each(function() trial = new_trial { host = native, store = true } end)

describe("cpi gc", function()
  it("tells what belongs to nobody, and changes nothing", function()
    local vm = leftover()
    local code, out = gc()
    assert.equal(1, code)
    assert.truthy(out:find("leftover  vm       " .. vm .. " (", 1, true), out)
    assert.truthy(out:find(")  Running, 2 h, 10.0.0.2: BOSH never spoke of it\n", 1, true), out)
    assert.truthy(out:find("\n1 found, 1 left\n", 1, true), out)
    assert.truthy(trial.vm(vm))
  end)

  it("removes it when told to, and says so", function()
    local vm = leftover()
    local code, out = gc "--apply"
    assert.equal(0, code)
    assert.truthy(out:find("BOSH never spoke of it; removed\n1 found, 0 left\n", 1, true), out)
    assert.is_nil(trial.vm(vm))
  end)

  it("says the same as JSON", function()
    local vm = leftover()
    local _, out = gc("--output", "json")
    local told = json.decode(out)
    assert.equal(1, told.left)
    assert.same({ is = "leftover", kind = "vm", cid = vm, id = trial.vm(vm).id, state = "Running", why = "BOSH never spoke of it",
      age = 7200, addresses = { "10.0.0.2" } }, told.found[1])
    told = json.decode(select(2, gc("--apply", "--output", "json")))
    assert.equal("removed", told.found[1].fate)
    assert.equal(0, told.left)
    told = json.decode(select(2, gc("--output", "json")))
    assert.same({ 0, 0, 0, vm }, { #told.found, told.left, told.younger, told.parked[1].vm }) -- it holds an address until it is expunged
  end)

  it("goes on where one cannot be removed, and ends with 1", function()
    leftover()
    refuse("destroyVirtualMachine", 530, "it is protected", 9)
    local code, out = gc "--apply"
    assert.equal(1, code)
    assert.truthy(out:find("; not removed: ", 1, true), out)
    assert.truthy(out:find("\n1 found, 1 left\n", 1, true), out)
  end)

  it("leaves a suspect alone, and counts it as left", function()
    trial.call("create_disk", 1024, {}, trial.cid())
    trial.sim.advance(7200)
    local code, out = gc "--apply"
    assert.equal(1, code)
    assert.truthy(out:find("suspect   disk ", 1, true), out)
    assert.truthy(out:find("; left alone\n", 1, true), out)
    assert.truthy(out:find("\n2 found, 1 left\n", 1, true), out)
  end)

  it("leaves alone what is young, by --older-than in each unit", function()
    leftover()
    for _, age in ipairs { "7100", "7100s", "118m", "1h" } do assert.equal(1, (gc("--older-than", age)), age) end
    for _, age in ipairs { "7300", "7300s", "122m", "3h", "1d" } do assert.equal(0, (gc("--older-than", age)), age) end
  end)

  it("leaves alone what was made within the hour, where no age is named", function()
    trial.cid()
    trial.sim.advance(3500)
    assert.equal(0, (gc()))
    trial.sim.advance(200)
    assert.equal(1, (gc()))
  end)

  it("takes BOSH's CIDs from any text", function()
    local vm = leftover()
    local path = operator.write(operator.directory() .. "/cids", "VM | " .. vm .. ", 1\n")
    local code, out = gc("--known", path)
    assert.same({ 0, "0 found, 0 left\n" }, { code, out })
    operator.write(path, "cpivm-1")
    code, out = gc("--known", path)
    assert.equal(1, code)
    assert.truthy(out:find("BOSH does not know it", 1, true), out)
  end)

  it("takes a list without any CID for a mistake, and not for a BOSH that knows nothing", function()
    local vm = leftover()
    for _, text in ipairs { "", "Name  State\n\n0 vms\n" } do
      local path = operator.write(operator.directory() .. "/cids", text)
      local code, out, err = gc("--apply", "--known", path)
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find("has no CID in it; where BOSH knows of nothing any more, say --none-known", 1, true), err)
    end
    assert.equal(2, (gc("--apply", "--known", "/dev/null")))
    assert.truthy(trial.vm(vm))
    trial.call("set_vm_metadata", vm, { job = "web", name = "web/0", deployment = "d" })
    assert.equal(0, (gc()))
    local code, out = gc "--none-known"
    assert.equal(1, code)
    assert.truthy(out:find("suspect   vm", 1, true), out)
    assert.equal(2, (gc("--none-known", "--known", "/dev/null")))
  end)

  it("says how many are only too young, and whose things are there where the director's uuid is misspelt", function()
    trial.cid()
    local code, out = gc()
    assert.same({ 0, "0 found, 0 left\n1 more would be on the list, but is younger than --older-than\n" }, { code, out })
    code, out = operator.on(trial, "gc", { "--director", "directro-1" })
    assert.same({ 0, "0 found, 0 left\nnothing in CloudStack carries this director; directors that are there: director-1\n" },
      { code, out })
    local _, text = operator.on(trial, "gc", { "--director", "directro-1", "--output", "json" })
    assert.same({ "director-1" }, json.decode(text).other_directors)
  end)

  it("shows a display name of its own", function()
    local vm = leftover()
    trial.sim.send { { command = "updateVirtualMachine", params = { id = trial.vm(vm).id, displayname = "web of cf" } } }
    assert.truthy(select(2, gc()):find("10.0.0.2, 'web of cf': BOSH never", 1, true))
  end)

  it("asks on a terminal before it removes, and without one it does not", function()
    local vm, asked = leftover(), {}
    local function at_terminal(answer, ...)
      local console = operator.host().console
      local out = {}
      console.interactive = true
      console.read = function() return answer end
      console.write = function(text) out[#out + 1] = text return true end
      console.error = function(text) asked[#asked + 1] = text end
      local code = operator.on(trial, "gc", { "--director", "director-1", ... }, { console = console })
      return code, table.concat(out)
    end
    local code, out = at_terminal("n", "--apply")
    assert.equal(2, code)
    assert.truthy(out:find("leftover  vm       " .. vm, 1, true), out)
    assert.same({ "Remove 1 leftover? [y/N] ", "cpi: nothing was removed\n" }, asked)
    assert.truthy(trial.vm(vm))
    assert.equal(1, (at_terminal("n")))
    assert.equal(0, (at_terminal("n", "--apply", "--older-than", "1d")))
    assert.equal(2, #asked)
    code, out = at_terminal("y", "--apply")
    assert.equal(0, code)
    assert.truthy(out:find("; removed\n1 found, 0 left\n", 1, true), out)
    assert.is_nil(trial.vm(vm))
    vm = leftover()
    assert.equal(0, (at_terminal("n", "--apply", "--yes")))
    assert.is_nil(trial.vm(vm))
    assert.equal(3, #asked)
  end)

  it("writes nothing before its JSON: what the question is about goes where the question goes", function()
    local vm, asked, out = leftover(), {}, {}
    local console = operator.host().console
    console.interactive, console.read = true, function() return "y" end
    console.write = function(text) out[#out + 1] = text return true end
    console.error = function(text) asked[#asked + 1] = text end
    assert.equal(0, (operator.on(trial, "gc", { "--director", "director-1", "--apply", "--output", "json" }, { console = console })))
    assert.equal(0, json.decode(table.concat(out)).left)
    assert.truthy(asked[1]:find("leftover  vm       " .. vm, 1, true), asked[1])
    assert.equal("Remove 1 leftover? [y/N] ", asked[2])
  end)

  it("leaves alone what a living process is at, and not what a dead one was", function()
    local vm = leftover()
    trial.store.journal = { k = json.encode { name = vm, owner = "7.7" }, odd = "[1]" }
    trial.host.process.alive = function(owner) return owner == "7.7" end
    assert.equal(0, (gc()))
    trial.host.process.alive = function() return false end
    assert.equal(1, (gc()))
  end)

  it("refuses to go on where the journal cannot be read", function()
    trial.host.store.rows = function() return nil, "it is broken" end
    local code, out, err = gc()
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("what living processes are at is in the journal, which cannot be read: it is broken", 1, true), err)
    trial.host.store.open = function() return nil, "not a database" end
    code, out, err = gc()
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("cannot be read: not a database", 1, true), err)
  end)

  for what, row in pairs {
    ["words"] = { { "x", "--director", "d" }, "no such argument" },
    ["no director"] = { {}, "whose leftovers is not said: --director UUID" },
    ["an age that is none"] = { { "--director", "d", "--older-than", "2w" }, "--older-than '2w'" },
    ["an age in parts"] = { { "--director", "d", "--older-than", "1.5h" }, "--older-than '1.5h'" },
    ["a list that is not there"] = { { "--director", "d", "--known", "/nowhere" }, "/nowhere" },
  } do
    it("ends with 2 for " .. what .. ", and asks nothing", function()
      local code, out, err = operator.on(trial, "gc", row[1])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(row[2], 1, true), err)
      assert.same({}, trial.requests())
    end)
  end
end)

do
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

  local function on_machine(m, ...) return m:command("gc", ...) end

  describe("the command line of cpi gc", function()
    it("prints a line a finding, and what became of it", function()
      local m, id = with_a_group()
      local line = ("leftover  affinity group web (%s)  -: no VM is in it"):format(id)
      assert.same({ exit = 1, text = line .. "\n1 found, 1 left\n" }, on_machine(m, "--director", machine.DIRECTOR))
      assert.same({ exit = 0, text = line .. "; removed\n1 found, 0 left\n" }, on_machine(m, "--director", machine.DIRECTOR, "--apply"))
      assert.same({ exit = 0, text = "0 found, 0 left\n" }, on_machine(m, "--director", machine.DIRECTOR))
    end)

    it("prints JSON", function()
      local m, id = with_a_group()
      local answer = on_machine(m, "--director", machine.DIRECTOR, "--apply", "--output", "json")
      assert.same({ left = 0, younger = 0, parked = {}, found = { { is = "leftover", kind = "affinity group", cid = "web", id = id,
        why = "no VM is in it", fate = "removed", addresses = {} } } }, machine.json.decode(answer.text))
      assert.equal(0, answer.exit)
    end)

    it("takes an age with a unit", function()
      local m = with_a_group(function(m) return m.sim.clock.utc() // 1 end)
      m.sim.advance(7000)
      for age, found in pairs { ["90"] = 1, ["90s"] = 1, ["15m"] = 1, ["1h"] = 1, ["2h"] = 0, ["1d"] = 0 } do
        assert.equal(found, on_machine(m, "--director", machine.DIRECTOR, "--older-than", age).exit, age)
      end
    end)

    it("refuses what it does not understand", function()
      local m = with_a_group()
      for words, arguments in pairs {
        ["whose leftovers is not said: --director UUID"] = {},
        ["--older-than 'soon' is not a time such as 90s, 15m, 2h or 1d"] = { "--director", "d", "--older-than", "soon" },
        ["no such argument"] = { "vms", "--director", "d" },
      } do
        local answer = on_machine(m, table.unpack(arguments))
        assert.equal(2, answer.exit, words)
        assert.truthy(answer.text:find(words, 1, true), answer.text)
      end
    end)

    it("names the addresses that deleted VMs hold, which are no leftovers", function()
      local m = with_a_group()
      local function note(address)
        m.store.put("parked", "n-1 " .. address, machine.json.encode { address = address, network_id = "n-1", cid = "cpivm-gone", id = "v",
          at = m.sim.clock.utc() // 1 - 7200 })
      end
      assert.is_nil(on_machine(m, "--director", machine.DIRECTOR).text:find("held by deleted VMs", 1, true))
      note "10.0.0.250"
      local answer = on_machine(m, "--director", machine.DIRECTOR)
      local words = "1 address is held by deleted VMs until CloudStack expunges them:\n  10.0.0.250      cpivm-gone, for "
      assert.truthy(answer.text:find(words, 1, true), answer.text)
      note "10.0.0.251"
      answer = on_machine(m, "--director", machine.DIRECTOR, "--output", "json")
      local parked = machine.json.decode(answer.text).parked
      assert.same({ 2, "10.0.0.250", "cpivm-gone" }, { #parked, parked[1].address, parked[1].vm })
    end)

    it("goes by the journal for what living processes are at, and not without it", function()
      local m = with_a_group()
      m.store.rows = function() return nil, "disk I/O error" end
      local answer = on_machine(m, "--director", machine.DIRECTOR, "--apply")
      assert.equal(2, answer.exit)
      assert.truthy(answer.text:find("what living processes are at is in the journal, which cannot be read: disk I/O error", 1, true))
      assert.equal(1, #m.sim.state().affinitygroups)
    end)
  end)
end
