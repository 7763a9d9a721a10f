local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json
local trial

before_each(function()
  trial = new_trial { host = native, store = true, world = { latency = "observed" } }
end)

local function validate(...) return operator.on(trial, "validate", { "--network", "bosh-net", ... }) end
local function report(...)
  local code, out, err = validate("--yes", "--output", "json", ...)
  return code, json.decode(out) or error(out .. err)
end

local function outcomes(told)
  local of = {}
  for _, step in ipairs(told.steps) do
    of[step.step] = of[step.step] and of[step.step] .. " " .. step.outcome or step.outcome
  end
  return of
end

-- What stays of the CPI once CloudStack has expunged.
local function left()
  trial.sim.advance(86400 * 2)
  return trial.left()
end

describe("cpi validate", function()
  it("lives a VM's life by the real verbs, and leaves nothing", function()
    local code, told = report()
    assert.equal(0, code)
    local verbs = {}
    for i, step in ipairs(told.steps) do
      verbs[i] = step.verb
      assert.equal("done", step.outcome, step.step)
    end
    assert.same({ "create_stemcell", "create_vm", "set_vm_metadata", "create_disk", "attach_disk", "set_disk_metadata", "snapshot_disk",
      "delete_snapshot", "reboot_vm", "detach_disk", "resize_disk", "delete_vm", "create_vm", "attach_disk", "detach_disk", "delete_vm",
      "delete_disk", "delete_stemcell" }, verbs)
    assert.same({}, told.left)
    assert.same({}, left())
    assert.same({}, trial.store.journal or {})
    assert.equal(#trial.sim.state().templates, 1)
  end)

  it("times each step, and what of it was CloudStack's job", function()
    local _, told = report()
    local by = {}
    for _, step in ipairs(told.steps) do by[step.step] = step end
    assert.is_true(by.VM.job_seconds >= 1.6 and by.VM.job_seconds < by.VM.seconds, by.VM.job_seconds)
    assert.equal(0, by.stemcell.job_seconds)
    assert.is_true(by.stemcell.seconds > 0 and told.seconds > told.job_seconds)
  end)

  it("gives the second VM the address of the first, and the one that is named to both", function()
    local addresses = {}
    local _, told = report()
    for _, step in ipairs(told.steps) do
      if step.verb == "create_vm" then addresses[#addresses + 1] = step.result:match " (%S+)$" end
    end
    assert.equal(2, #addresses)
    assert.equal(addresses[1], addresses[2])
    _, told = report("--address", "10.0.0.77")
    for _, step in ipairs(told.steps) do
      if step.verb == "create_vm" then assert.truthy(step.result:find(" 10.0.0.77", 1, true), step.result) end
    end
  end)

  it("takes a second network, a public address, an affinity group, an ephemeral disk along, and removes them", function()
    local code, told = report("--second-network", "bosh-net-2", "--vip", "--affinity", "apart", "--ephemeral-disk", "5120")
    assert.same({ 0, 0 }, { code, told.failed })
    local requests = {}
    for _, request in ipairs(trial.requests()) do requests[request.command] = request.parameters end
    assert.truthy(requests.associateIpAddress)
    assert.truthy(requests.createAffinityGroup)
    assert.truthy(requests.deployVirtualMachine["iptonetworklist[1].networkid"])
    assert.truthy(requests.deployVirtualMachine.diskofferingid)
    assert.same({}, left())
  end)

  it("uploads a stemcell's image, and removes it again", function()
    trial.host.images = { stat = function() return { size = 1048576, head = "BZh9" } end, checksum = function() return "c0ffee" end }
    local upload = trial.host.http.upload
    trial.host.http.upload = function(url, _, headers, form) return upload(url, { size = 1048576, sha256 = "x" }, headers, form) end
    local code, told = report("--image", "/stemcell/image")
    assert.equal(0, code, json.encode(told))
    assert.truthy(told.steps[1].result:find "^cpitemplate%-")
    assert.same({}, left())
  end)

  for command, step in pairs { deployVirtualMachine = "VM", createVolume = "disk", attachVolume = "disk attached",
    createSnapshot = "snapshot", rebootVirtualMachine = "reboot", resizeVolume = "disk resized", detachVolume = "disk detached" } do
    it("says that " .. step .. " failed, and removes what there is", function()
      trial.sim.fault { command = command, fault = "fail_job", errortext = "the planned failure",
        times = command == "deployVirtualMachine" and 9 or 1 }
      local code, told = report()
      assert.equal(1, code)
      assert.truthy(outcomes(told)[step]:find "failed", json.encode(outcomes(told)))
      assert.same({}, told.left)
      assert.same({}, left())
    end)
  end

  it("skips what needs a VM where none could be made", function()
    trial.sim.fault { command = "startVirtualMachine", fault = "capacity", times = 99 }
    local code, told = report()
    local of = outcomes(told)
    assert.same({ 1, "failed", "skipped", "skipped" }, { code, of.VM, of.disk, of.reboot })
    for _, one in ipairs(told.steps) do
      if one.step == "disk" then assert.equal("there is no vm", one.result) end
    end
  end)

  it("names what could not be removed", function()
    trial.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", errortext = "it is protected", times = 99 }
    local code, told = report()
    assert.equal(1, code)
    assert.equal("vm", told.left[1].kind)
    assert.truthy(trial.vm(told.left[1].cid))
    local _, out = validate "--yes"
    assert.truthy(out:find("left behind  vm cpivm-", 1, true), out)
    assert.truthy(out:find("`cpi list --director ", 1, true), out)
  end)

  it("says where it cannot be determined what is left, on a terminal in red", function()
    trial.sim.fault { command = "listSnapshots", fault = "status", status = 431, times = 99 }
    local code, out = validate "--yes"
    assert.equal(1, code)
    assert.matches("\nwhat is left cannot be determined  listSnapshots: ", out)
    local console = operator.host().console
    local lines = {}
    console.tty, console.interactive = true, false
    console.write = function(text) lines[#lines + 1] = text return true end
    operator.on(trial, "validate", { "--network", "bosh-net", "--yes" }, { console = console })
    assert.truthy(table.concat(lines):find("\27[31mwhat is left cannot be determined\27[0m", 1, true), table.concat(lines))
  end)

  it("removes what there is after a signal, and skips the rest", function()
    trial.host.interruption = function()
      for _, request in ipairs(trial.sim.requests) do
        if request.command == "attachVolume" then return "SIGINT arrived" end
      end
    end
    local code, told = report()
    local of = outcomes(told)
    assert.equal(1, code)
    assert.same({ "skipped", "skipped", "skipped done" }, { of.snapshot, of.reboot, of["VM removed"] })
    assert.same({}, told.left)
    assert.same({}, left())
  end)

  it("removes what there is where its output cannot be written", function()
    local lines = 0
    local console = operator.host().console
    console.write = function(text)
      lines = lines + (text:find "create_disk" and 1 or 0)
      if lines > 0 then return nil, "stdout cannot be written" end
      return true
    end
    local code, _, err = operator.on(trial, "validate", { "--network", "bosh-net", "--yes" }, { console = console })
    assert.equal(1, code, err)
    assert.same({}, left())
  end)

  it("counts what CloudStack cannot do, and BOSH does otherwise, as no failure", function()
    trial.sim.fault { command = "resizeVolume", fault = "fail_job", errortext = "Hypervisor LXC does not support volume resize" }
    local code, told = report()
    assert.equal("not_supported", outcomes(told)["disk resized"])
    assert.equal(0, code)
  end)

  it("makes nothing where the preflight finds a problem, unless it is to go on all the same", function()
    trial = new_trial { host = native, settings = { cloudstack = { default_offer = { disk = "absent" } } } }
    local code, out = validate "--yes"
    assert.equal(1, code)
    assert.truthy(out:find("nothing was made; --anyway goes on all the same", 1, true), out)
    assert.truthy(out:find("default_offer.disk 'absent' is not a disk offering", 1, true), out)
    local _, told = report()
    assert.same({}, told.steps)
    assert.equal(0, #trial.sim.state().vms)
    _, told = report "--anyway"
    assert.truthy(#told.steps > 10)
  end)

  it("makes nothing without consent", function()
    local code, _, err = validate()
    assert.equal(2, code)
    assert.truthy(err:find("nothing was made: there is no terminal to ask for consent; --yes gives it", 1, true), err)
    local console = operator.host().console
    console.interactive, console.read = true, function() return "no" end
    code, _, err = operator.on(trial, "validate", { "--network", "bosh-net" }, { console = console })
    assert.equal(2, code, err)
    assert.equal(0, #trial.sim.state().vms)
  end)

  it("refuses what is not there, and says what is", function()
    for _, case in ipairs { { { "--network", "x" }, "network 'x' is not there; there are: bosh-loop" },
      { { "--zone", "x" }, "zone 'x' is not there; there are: zone1" }, { { "--stemcell", "x" }, "template 'x' is not there; there are:" },
      { { "--disk", "x" }, "--disk 'x' is not a whole number of MB above 0" }, { { "--stemcell", "a", "--image", "b" }, "both given" },
      { { "--output", "xml" }, "--output takes json or junit, not 'xml'" } } do
      local code, _, err = validate("--yes", table.unpack(case[1]))
      assert.equal(2, code, err)
      assert.truthy(err:find(case[2], 1, true), err)
    end
    local code, _, err = operator.on(trial, "validate", { "--yes" })
    assert.equal(2, code)
    assert.truthy(err:find("which network? --network NAME; with user data there are: bosh-loop, bosh-net", 1, true), err)
  end)

  it("sums up what was done, in the end", function()
    local _, out = validate "--yes"
    assert.matches("\n18 done, 0 failed, 0 not supported, 0 skipped; [%d.]+ s, [%d.]+ s of it in CloudStack's jobs; %d+ requests\n"
      .. "nothing is left in CloudStack\n", out)
  end)

  it("writes JUnit's XML", function()
    trial.sim.fault { command = "createSnapshot", fault = "fail_job", errortext = "<no & \"never\">", times = 9 }
    local code, out = validate("--yes", "--output", "junit")
    assert.equal(1, code)
    assert.truthy(out:find '^<%?xml version="1.0" encoding="UTF%-8"%?>\n<testsuite name="cpi validate" tests="%d+" ', out)
    assert.truthy(out:find(' failures="1" errors="0" skipped="1" ', 1, true), out)
    assert.truthy(out:find('name="snapshot (snapshot_disk)"', 1, true), out)
    assert.truthy(out:find("&lt;no &amp; &quot;never&quot;&gt;", 1, true), out)
    assert.truthy(out:find "</testsuite>\n$", out)
  end)
end)
