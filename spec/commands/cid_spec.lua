local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json
local trial, vm, disk

local function cid(...)
  return operator.run("cid", { ... }, {
    config = { read = function() return { cloudstack = { endpoint = "http://x/", api_key = "key" } } end,
      has_secret = function() return true end, context = function() return {} end },
    read_only = function() end, cloudstack = { open = function() end, send = trial.host.cloudstack.send },
  })
end

describe("cid", function()
  setup(function()
    trial = new_trial { host = native }
    vm = trial.cid { agent_id = "agent-7" }
    disk = trial.call("create_disk", 2048, {}, vm)
    trial.call("attach_disk", vm, disk)
    trial.requests()
  end)

  it("tells what a VM's is, and where the VM is", function()
    local code, out = cid(vm)
    assert.equal(0, code)
    for _, words in ipairs { vm .. ": a VM, named by this CPI or by the Go and the Java CPI\n", "\n    state = Running\n",
      "\n    zone = zone1\n", " in bosh-net\n", "bosh_agent_id = agent-7" } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
    for _, request in ipairs(trial.requests()) do assert.truthy(request.command:find "^list", request.command) end
  end)

  it("tells which VM has a disk", function()
    local code, out = cid(disk)
    assert.equal(0, code)
    assert.truthy(out:find(": a persistent disk,", 1, true))
    assert.truthy(out:find(("attached to = \"%s, device 1\""):format(vm), 1, true) or out:find("attached to = " .. vm, 1, true), out)
    assert.truthy(out:find("size = \"2 GB\"", 1, true) or out:find("size = 2 GB", 1, true), out)
  end)

  it("finds an object by CloudStack's id, whatever it is", function()
    local id = trial.disk(disk).id
    local code, out = cid(id)
    assert.equal(0, code)
    assert.truthy(out:find("disk " .. disk, 1, true), out)
  end)

  for form, words in pairs {
    ["cpi-ephemeral-disk-1"] = "an ephemeral disk of the Go or the Java CPI", ["cpitemplate-1"] = "a stemcell that was uploaded",
    ["light-9b0d0d8e-0000-4000-8000-000000000000"] = "a light stemcell", ["cpivm-1"] = "a VM,",
    ["9b0d0d8e-0000-4000-8000-000000000000"] = "an id of CloudStack's", ["web"] = "no form that a CPI for CloudStack gives",
  } do
    it("knows the form of " .. form .. ", and ends with 1 where there is no such object", function()
      local code, out = cid(form)
      assert.equal(1, code)
      assert.truthy(out:find(form .. ": " .. words, 1, true), out)
      assert.truthy(out:find("not in CloudStack, as far as this account sees", 1, true), out)
    end)
  end

  it("takes several, and ends with 1 when one is missing", function()
    assert.equal(0, (cid(vm, disk)))
    assert.equal(1, (cid(vm, "cpivm-1")))
    assert.equal(2, (cid()))
  end)

  it("finds a VM by its address, and tells what happened to it", function()
    local code, out = cid("--history", trial.vm(vm).nic[1].ipaddress)
    assert.equal(0, code)
    assert.truthy(out:find(": an address\n  vm " .. vm, 1, true), out)
    assert.truthy(out:find("  INFO   deployVirtualMachine  bosh  ", 1, true), out)
    local _, text = cid("--history", "--output", "json", vm)
    assert.equal("INFO", json.decode(text)[1].objects[1].events[1].level)
    assert.same({}, json.decode(text)[1].objects[1].jobs)
  end)

  it("asks for the jobs once, however many are named", function()
    trial.requests()
    local _, text = cid("--history", "--output", "json", vm, disk)
    local count = 0
    for _, request in ipairs(trial.requests()) do count = count + (request.command == "listAsyncJobs" and 1 or 0) end
    assert.equal(1, count)
    local told = json.decode(text)
    assert.same({ vm, disk }, { told[1].objects[1].name, told[2].objects[1].name })
    assert.truthy(told[1].objects[1].events[1] and told[2].objects[1].events[1])
  end)

  it("says the same as JSON", function()
    local _, out = cid(vm, "cpivm-1", "--output", "json")
    local told = json.decode(out)
    assert.equal("Running", told[1].objects[1].state)
    assert.equal("agent-7", told[1].objects[1].tags.bosh_agent_id)
    assert.equal(0, #told[2].objects)
  end)
end)
