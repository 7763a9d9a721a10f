local leaving = require "tests.support.leaving"
local fake = require "tests.support.fake"
local destruction = require "made.destruction"

local EXPUNGES = { settings = { ["allow.user.expunge.recover.vm"] = true } }

local function half(s, times) s.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", when = "half", times = times } end

describe("an expunge whose job fails half way", function()
  for _, version in ipairs { "4.22.0.0", "4.23.0.0" } do -- the older leave it in Expunging, the newest in Error
    local function stage() return leaving.stage { world = { version = version, settings = EXPUNGES.settings } } end

    it("is asked for again: " .. version, function()
      local s = stage()
      local vm = s:small_vm()
      half(s, 2)
      s:good("delete_vm", { vm })
      assert.equal(0, #s.sim.state().vms)
      assert.equal(0, s.sim.state().left.addresses)
    end)

    it("is no deleted VM: the error names it and what it holds, and the next delete_vm expunges it: " .. version, function()
      local s = stage()
      local vm = s:small_vm()
      half(s, 3)
      local answer = s:call("delete_vm", { vm })
      assert.truthy(answer.error, "it was called deleted")
      assert.truthy(answer.error.message:find(("VM %s ("):format(vm), 1, true), answer.error.message)
      assert.truthy(answer.error.message:find("failed to expunge it 3 times: address 10.0.0.11 and its name stay taken", 1, true),
        answer.error.message)
      assert.equal(1, #s.sim.state().vms)
      s:good("delete_vm", { vm })
      assert.equal(0, #s.sim.state().vms)
      s:small_vm() -- the address is free
    end)
  end

  it("is found by the VM's own tag: CloudStack does not show it to its user", function()
    local s = leaving.stage { world = { version = "4.22.0.0", settings = EXPUNGES.settings } }
    local vm = s:small_vm()
    half(s, 3)
    s:call("delete_vm", { vm })
    assert.same({}, s.json.decode(s.sim.send({ { command = "listVirtualMachines", params = {} } })[1].body)
      .listvirtualmachinesresponse.virtualmachine or {})
    half(s, 3)
    local answer = s:call("delete_vm", { vm })
    assert.truthy(answer.error.message:find("failed to expunge it", 1, true))
  end)

  it("that succeeded all the same is a success", function()
    local s = leaving.stage { world = EXPUNGES }
    local vm = s:small_vm()
    s.sim.fault { command = "destroyVirtualMachine", fault = "fail_job", when = "after" }
    s:good("delete_vm", { vm })
    assert.equal(0, #s.sim.state().vms)
  end)
end)

describe("a destroyed VM", function()
  local vm = { id = "v", name = "cpivm-1", nic = {} }
  local failing = { "destroyVirtualMachine", { expunge = true }, job_fails = "no", code = 530 }
  local function look(state)
    return { "listVirtualMachines", { id = "v" }, { virtualmachine = state and { { id = "v", state = state } } } }
  end
  local denied = { "listNics", {}, refuse = "The API [listNics] does not exist or is not available for the account bosh.", code = 432 }

  it("counts as expunged when nobody lists it any more, where NICs may not be listed", function()
    local cpi <close> = fake.cpi { failing, look(nil), denied }
    assert.is_true(destruction.destroy(cpi, vm, true))
  end)

  it("does not while somebody lists it", function()
    local script = {}
    for _ = 1, 3 do
      for _, step in ipairs { failing, look "Expunging", denied } do script[#script + 1] = step end
    end
    script[#script + 1] = { "createTags", { resourceids = "v", resourcetype = "UserVm", ["tags[0].key"] = "cpivm-1",
      ["tags[0].value"] = "expunge failed" }, job = {} }
    local cpi <close> = fake.cpi(script)
    local failure = fake.failure(destruction.destroy, cpi, vm, true)
    assert.truthy(failure.message:find("its name stay taken until it is expunged", 1, true), failure.message)
  end)

  it("of an earlier removal that cannot be expunged any more is an error", function()
    local cpi <close> = fake.cpi { { "listNics", { virtualmachineid = "v" }, { nic = { { id = "n" } } } },
      { "destroyVirtualMachine", { id = "v", expunge = true }, job_fails = "Account does not have permission for expunging.", code = 530 } }
    assert.truthy(fake.failure(destruction.finish, cpi, "v", "cpivm-1").message:find("this account may not expunge it", 1, true))
  end)
end)

describe("a wait for CloudStack's own expunge", function()
  it("is in the log every half a minute", function()
    local script, lines = {}, {}
    script.capture = lines
    for i = 1, 8 do script[i] = { "listNics", { virtualmachineid = "v" }, { nic = { { id = "n" } } } } end
    script[9] = { "listNics", { virtualmachineid = "v" }, {} }
    local cpi <close> = fake.cpi(script)
    destruction.wait_until_free(cpi, { id = "v", name = "cpivm-1" }, 600)
    local text = table.concat(lines, "\n")
    assert.truthy(text:find("info waiting until CloudStack expunges VM cpivm-1, 600 s at most: 30 s", 1, true), text)
  end)
end)

describe("the tags of a VM whose expunge failed", function()
  it("lead to it, and others do not", function()
    assert.same({ "v" }, destruction.unfinished {
      { resourcetype = "UserVm", resourceid = "v", value = "expunge failed" },
      { resourcetype = "UserVm", resourceid = "w", value = "something" },
      { resourcetype = "PublicIpAddress", resourceid = "a", value = "expunge failed" },
    })
    assert.same({}, destruction.unfinished(nil))
  end)
end)

describe("cpi gc", function()
  local admin = require "tests.faults.clouds".ADMIN -- who is shown a VM in Expunging

  for _, version in ipairs { "4.22.0.0", "4.23.0.0" } do
    it("finds a VM whose expunge failed half way, and expunges it: " .. version, function()
      local s = leaving.stage { world = { version = version, default_account = admin.default_account, networks = admin.networks } }
      local vm = s:small_vm()
      s:adopt(vm)
      half(s, 3)
      assert.is_not_nil(s:call("delete_vm", { vm }).error)
      s.sim.advance(7200)
      local answer = s:command("gc", "--director", require("machine").DIRECTOR, "--apply")
      assert.truthy(answer.text:find("its expunge failed half way, it holds its addresses; removed", 1, true), answer.text)
      assert.equal(0, #s.sim.state().vms)
    end)
  end
end)
