local director_mark = require "made.marks"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"

local function stage(world)
  return (scenarios.open({ arrange = function() return {} end, world = world }, {}))
end

-- A create that dies once the answer to its nth command of that name is there.
local function killed(s, method, arguments, command)
  function s.after_send(_, requests)
    if requests[1].command == command then coroutine.yield "kill" end
  end
  s:run(s:begin(method, arguments))
  s.after_send = nil
  s.sim.advance(30)
end

local function gc(s, ...) return s:command("gc", "--director", machine.DIRECTOR, "--older-than", "1s", ...) end
local function count(s, kind) return #s.sim.state()[kind] end

describe("cpi gc", function()
  it("finds nothing where BOSH knows everything", function()
    local s = stage()
    s:vm_with_disk()
    s:good("create_stemcell", { "/image", { name = "u", hypervisor = "xen" } })
    s.sim.advance(7200)
    assert.same({ exit = 0, text = "0 found, 0 left\n" }, gc(s))
  end)

  it("finds a VM that BOSH never spoke of, and removes it only when told to", function()
    local s = stage()
    killed(s, "create_vm", s:order(), "createTags")
    local dry = gc(s)
    assert.equal(1, dry.exit)
    assert.truthy(dry.text:find("leftover  vm       cpivm-", 1, true), dry.text)
    assert.equal(1, count(s, "vms"))
    local applied = gc(s, "--apply")
    assert.equal(0, applied.exit)
    assert.truthy(applied.text:find("BOSH never spoke of it; removed", 1, true), applied.text)
    s.sim.advance(600)
    assert.same({ 0, 0 }, { count(s, "vms"), count(s, "volumes") })
  end)

  it("leaves alone what is young, and what is another director's", function()
    local s = stage()
    killed(s, "create_vm", s:order(), "createTags")
    assert.equal(0, s:command("gc", "--director", machine.DIRECTOR, "--apply").exit)
    assert.equal(0, s:command("gc", "--director", "other", "--older-than", "1s", "--apply").exit)
    assert.equal(1, count(s, "vms"))
  end)

  it("goes by CloudStack's clock: nothing is old because this machine's is ahead", function()
    local s = stage()
    killed(s, "create_vm", s:order { affinity_group = "web" }, "createTags")
    s.skew = 7200
    assert.same({ exit = 0, text = "0 found, 0 left\n1 more would be on the list, but is younger than --older-than\n" },
      s:command("gc", "--director", machine.DIRECTOR, "--apply"))
    assert.equal(1, count(s, "vms"))
    s.sim.advance(7200) -- what a clock that is ahead may be wrong by is taken off, and not more than double
    assert.equal(0, s:command("gc", "--director", machine.DIRECTOR, "--apply").exit)
    s.sim.advance(600)
    assert.equal(0, count(s, "vms"))
  end)

  it("removes a VM that was made and never started, tags or not", function()
    local s = stage()
    killed(s, "create_vm", s:order(), "deployVirtualMachine")
    local answer = gc(s, "--apply")
    assert.equal(0, answer.exit)
    assert.truthy(answer.text:find("it never ran; removed", 1, true), answer.text)
    s.sim.advance(600)
    assert.same({ 0, 0 }, { count(s, "vms"), count(s, "volumes") })
  end)

  it("does not touch an untagged VM that runs, or a disk, without BOSH's list; with it, it does", function()
    local s = stage()
    s.sim.fault { command = "createTags", fault = "drop", times = 2 }
    killed(s, "create_vm", s:order(), "startVirtualMachine")
    killed(s, "create_disk", { 1024, { disk_offering = "shared.custom" } }, "createVolume")
    local answer = gc(s, "--apply")
    assert.equal(1, answer.exit)
    assert.truthy(answer.text:find("it has no tags: BOSH may know it; left alone", 1, true), answer.text)
    assert.truthy(answer.text:find("BOSH never spoke of it, and may know it; left alone", 1, true), answer.text)
    assert.equal(1, count(s, "vms"))
    assert.equal(0, gc(s, "--apply", "--none-known").exit)
    s.sim.advance(600)
    assert.same({ 0, 0 }, { count(s, "vms"), count(s, "volumes") })
  end)

  it("touches nothing that BOSH spoke of, whatever a list is short of", function()
    local s = stage()
    local vm, disk = s:vm_with_disk()
    s:good("detach_disk", { vm, disk })
    s.sim.advance(7200)
    local answer = gc(s, "--apply", "--none-known")
    assert.equal(1, answer.exit)
    assert.truthy(answer.text:find("the list does not have it", 1, true), answer.text)
    assert.same({ 1, 3 }, { count(s, "vms"), count(s, "volumes") })
    s.files["/known"] = ("| %s | %s |"):format(vm, disk)
    assert.same({ exit = 0, text = "0 found, 0 left\n" }, gc(s, "--known", "/known"))
  end)

  it("removes an ephemeral disk whose VM is gone", function()
    local s = stage()
    local vm = s:vm()
    s.sim.fault { command = "deleteVolume", fault = "drop", times = 1000 }
    s:call("delete_vm", { vm })
    s.sim.model.faults = {}
    s.sim.advance(600)
    assert.truthy(gc(s).text:find("its VM " .. vm .. " is gone", 1, true))
    assert.equal(0, gc(s, "--apply").exit)
    assert.equal(0, count(s, "volumes"))
  end)

  it("collects the ephemeral disks that the earlier CPIs left, when told to", function()
    local s = stage()
    local vm = s:vm()
    local function ask(command, params)
      s.sim.send { { command = command, params = params } }
      s.sim.advance(10)
    end
    local state = s.sim.state()
    local offering = state.diskofferings[1].id
    for _, name in ipairs { "cpi-ephemeral-disk-1", "cpi-ephemeral-disk-2", "somebody-s-disk" } do
      ask("createVolume", { name = name, zoneid = state.zones[1].id, diskofferingid = offering, size = 1 })
    end
    for _, volume in ipairs(s.sim.state().volumes) do
      if volume.name == "cpi-ephemeral-disk-2" then
        ask("attachVolume", { id = volume.id, virtualmachineid = s.sim.state().vms[1].id })
      end
    end
    s.files["/known"] = vm
    assert.equal(1, gc(s, "--apply", "--known", "/known").exit)
    local answer = gc(s, "--apply", "--known", "/known", "--earlier-cpis")
    assert.equal(0, answer.exit, answer.text)
    assert.truthy(answer.text:find("cpi-ephemeral-disk-1", 1, true))
    local left = {}
    for _, volume in ipairs(s.sim.state().volumes) do left[volume.name] = true end
    assert.same({ nil, true, true }, { left["cpi-ephemeral-disk-1"], left["cpi-ephemeral-disk-2"], left["somebody-s-disk"] })
  end)

  it("says what is wrong with its options", function()
    local s = stage()
    assert.equal(2, s:command("gc").exit)
    assert.truthy(s:command("gc").text:find("--director UUID", 1, true))
    assert.equal(2, gc(s, "--known", "/nothing").exit)
    assert.equal(2, s:command("gc", "--director", "d", "--older-than", "soon").exit)
  end)
end)

describe("a director's mark", function()
  local cpi = { bytes = require("host_native").bytes, context = { director_uuid = machine.DIRECTOR } }
  local other = { bytes = cpi.bytes, context = { director_uuid = "another" } }

  it("is on its own CIDs, long and short, and on nobody else's", function()
    local long, short = director_mark.uuid(cpi), director_mark.short_uuid(cpi)
    assert.truthy(long:find "^%x+%-%x+%-4%x+%-%x+%-%x+$")
    for _, cid in ipairs { "cpivm-" .. long, "cpitemplate-" .. short:match "^%x+%-%x+%-%x+" } do
      assert.is_true(director_mark.is_on(cpi, cid))
      assert.is_false(director_mark.is_on(other, cid))
    end
    assert.is_false(director_mark.is_on(cpi, "cpivm-" .. cpi.bytes.uuid()))
  end)

  it("is not there without a director", function()
    local nobody = { bytes = cpi.bytes, context = {} }
    assert.equal(36, #director_mark.uuid(nobody))
    assert.is_false(director_mark.is_on(nobody, "cpivm-" .. director_mark.uuid(nobody)))
  end)
end)

describe("an empty affinity group", function()
  local function group_of(director)
    local m = machine.new { store = true }
    local mark = "made by cloudstack_cpi for director " .. director
    m.sim.send { { command = "createAffinityGroup", params = { name = "web", type = "host anti-affinity", description = mark } } }
    m.sim.advance(10)
    return m
  end

  it("of this director is a leftover, and goes", function()
    local m = group_of(machine.DIRECTOR)
    local told = m:command("gc", "--director", machine.DIRECTOR)
    assert.equal(1, told.exit)
    assert.truthy(told.text:find("leftover  affinity group web", 1, true), told.text)
    assert.equal(0, m:command("gc", "--director", machine.DIRECTOR, "--apply").exit)
    assert.same({}, m.sim.state().affinitygroups)
  end)

  it("of another director stays, and one that a VM is about to use", function()
    local m = group_of "another"
    assert.equal(0, m:command("gc", "--director", machine.DIRECTOR, "--apply").exit)
    assert.equal(1, #m.sim.state().affinitygroups)
    m = group_of(machine.DIRECTOR)
    m.living["9.9"] = true
    m.store.put("cache", "affinity web 1", machine.json.encode { at = m.sim.clock.utc(), owner = "9.9" })
    local told = m:command("gc", "--director", machine.DIRECTOR, "--apply")
    assert.equal(1, told.exit)
    assert.truthy(told.text:find("not removed: a VM is about to use it", 1, true), told.text)
  end)
end)
