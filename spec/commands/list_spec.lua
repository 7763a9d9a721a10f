local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json
local trial, vm, disk

local function list(...) return operator.on(trial, "list", { ... }) end

before_each(function()
  trial = new_trial { host = native }
  vm = trial.cid { networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
    public = { type = "vip", cloud_properties = { acquire = true, name = "bosh-net" } } } }
  trial.call("set_vm_metadata", vm, { director = "east", deployment = "cf", job = "web", id = "a-b", index = "0", name = "web/a-b" })
  disk = trial.call("create_disk", 3000, {}, vm)
  trial.call("attach_disk", vm, disk)
  trial.call("snapshot_disk", disk, {})
  trial.sim.advance(7300)
  trial.requests()
end)

describe("cpi list", function()
  it("shows what is there, with sums and directors, and only reads", function()
    local code, out = list()
    assert.equal(0, code)
    for _, words in ipairs { "\n" .. vm .. "  web/a-b   cf          Running  1 CPU, 1 GB  10.0.0.2  2 h\n",
      "\n1 VM, 1 running: 1 CPU, 1 GB of memory\n", "  persistent  Ready  3 GB  ",
      "\n1 persistent, 3 GB; 0 ephemeral, 0 GB; 1 root disk, 2 GB; 0 on no VM\n",
      "\n0 stemcells, 0 GB\n", "\n1 public address\n", "\n1 snapshot, 3 GB\n",
      "\ndirector-1  east  1    1      0          1          1\n" } do
      assert.truthy(("\n" .. out):find(words, 1, true), words .. "\n" .. out)
    end
    for _, request in ipairs(trial.requests()) do assert.truthy(request.command:find "^list", request.command) end
  end)

  it("shows the kinds that are named", function()
    local code, out = list("vms")
    assert.equal(0, code)
    assert.is_nil(out:find("persistent", 1, true))
    assert.same({ "listVirtualMachines" }, { trial.requests()[1].command })
    code, out = list("vmss")
    assert.equal(2, code, out)
  end)

  it("shows one director's, by tag or by the mark in the name, and names the others where there is nothing", function()
    assert.truthy(select(2, list("--director", "director-1")):find("1 VM, 1 running", 1, true))
    local code, out = list("--director", "director-2")
    assert.equal(0, code)
    assert.truthy(out:find("nothing is there of director 'director-2'; directors that are there: director-1\n", 1, true), out)
    assert.is_nil(select(2, list("snapshots", "--director", "director-1")):find("directors that are there", 1, true)) -- it is there
    trial = new_trial { host = native }
    local _, nothing = list("--director", "director-2")
    assert.truthy(nothing:find("directors that are there: none\n", 1, true), nothing)
    assert.is_nil(select(2, list("--director", "all")):find("directors that are there", 1, true))
  end)

  it("has a column for the director where there are several", function()
    assert.is_nil(select(2, list()):find("age  director\n", 1, true))
    trial.request = function(method, ...)
      return { method = method, arguments = table.pack(...), api_version = 2, context = { director_uuid = "director-2" } }
    end
    trial.call("create_disk", 1024, {}, vm)
    assert.truthy(select(2, list()):find("age  director\n", 1, true))
  end)

  it("says what the role may not list, and ends with 1", function()
    trial.sim.fault { command = "listSnapshots", fault = "status", status = 432,
      body = '{"listsnapshotsresponse":{"errorcode":432,"errortext":"not for you"}}' }
    local code, out = list()
    assert.equal(1, code)
    assert.truthy(out:find("not looked at: snapshots: listSnapshots: not for you (432)\n", 1, true), out)
  end)

  it("says the same as JSON", function()
    local code, out = list("--output", "json", "vms", "disks")
    local told = json.decode(out)
    assert.equal(0, code)
    assert.same({ vm, "web/a-b", { "10.0.0.2" } }, { told.vms[1].cid, told.vms[1].instance, told.vms[1].addresses })
    assert.same({ disk, 3.0 }, { told.disks[1].cid, told.disks[1].gb })
    assert.is_nil(told.snapshots)
    assert.same({ 1, "director-1", {} }, { told.sums.vms, told.directors[1].uuid, told.unseen })
  end)
end)
