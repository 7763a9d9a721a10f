local cid = require "operator.cid"
local native = require "host_native"
local new_trial = require("operator.trial").new

-- (on paper: spec/commands/cid_spec.lua)

local GIB = 1024 * 1024 * 1024

-- What a client would find: rows or a failure by command.
local function client(answers)
  return { asked = {}, say = function(failure) return failure.text end, wave = function(self, requests)
    local outcomes = {}
    for i, request in ipairs(requests) do
      self.asked[i] = request
      outcomes[i] = answers[request[1]] or { rows = {} }
    end
    return outcomes
  end }
end

local function field(object, name)
  for _, row in ipairs(object.fields) do
    if row[1] == name then return row[2] end
  end
end

describe("a CID's description", function()
  it("asks for what its form can be, by name or id, and for every kind where the form says nothing", function()
    local one = client {}
    cid.describe(one, "cpivm-1")
    assert.same({ { "listVirtualMachines", { name = "cpivm-1" }, rows = "virtualmachine" } }, one.asked)
    one = client {}
    cid.describe(one, "light-9b0d0d8e-0000-4000-8000-000000000000")
    for i, filter in ipairs { "executable", "self" } do -- one that is not ready is only among our own
      assert.same({ "listTemplates", { id = "9b0d0d8e-0000-4000-8000-000000000000", templatefilter = filter }, rows = "template" },
        one.asked[i])
    end
    one = client {}
    cid.describe(one, "web")
    assert.equal(6, #one.asked)
  end)

  it("lists without a filter where the word is no name of the object", function()
    for word, commands in pairs { ["10.0.0.5"] = { "listVirtualMachines", "listPublicIpAddresses" },
      ["web/0"] = { "listVirtualMachines", "listVolumes" } } do
      local one = client {}
      cid.describe(one, word)
      for i, command in ipairs(commands) do assert.same({ command, {} }, { one.asked[i][1], one.asked[i][2] }) end
    end
  end)

  it("finds a VM by each of its addresses, its instance, its index, its display name", function()
    local rows = { { id = "i", name = "cpivm-1", displayname = "web of cf", nic = { { ipaddress = "10.0.0.1" },
      { ipaddress = "10.1.0.1", secondaryip = { { ipaddress = "10.1.0.2" } } } },
      tags = { { key = "job", value = "web" }, { key = "id", value = "a-b" }, { key = "index", value = "0" } } },
      { id = "j", name = "cpivm-2" } }
    for _, word in ipairs { "10.0.0.1", "10.1.0.1", "10.1.0.2", "web/a-b", "web/0", "web of cf" } do
      local objects = cid.describe(client { listVirtualMachines = { rows = rows } }, word).objects
      assert.same({ 1, "cpivm-1" }, { #objects, objects[1] and objects[1].name }, word)
    end
    for _, word in ipairs { "10.0.0.2", "web/1", "web", "of cf" } do
      assert.same({}, cid.describe(client { listVirtualMachines = { rows = rows } }, word).objects, word)
    end
  end)

  it("finds a public address, and a template that both lists have only once", function()
    local address = { id = "i", ipaddress = "192.0.2.1", state = "Allocated", virtualmachinename = "cpivm-1", issourcenat = false }
    local object = cid.describe(client { listPublicIpAddresses = { rows = { address } } }, "192.0.2.1").objects[1]
    assert.same({ "address", "192.0.2.1", "cpivm-1" }, { object.kind, object.name, field(object, "static NAT to") })
    local template = { id = "t", name = "cpitemplate-1", zoneid = "z", isready = false, status = "10% Downloaded" }
    assert.equal(1, #cid.describe(client { listTemplates = { rows = { template } } }, "cpitemplate-1").objects)
  end)

  it("has a VM's state, place and addresses, without what is empty", function()
    local told = cid.describe(client { listVirtualMachines = { rows = { { id = "i", name = "cpivm-1", state = "Running", hostname = "",
      zonename = "z", nic = {
        { ipaddress = "10.0.0.1", networkname = "net", ip6address = "2001:db8::1",
        secondaryip = { { ipaddress = "10.0.0.2" } } }, { networkid = "n2" } }, created = "2026",
      tags = { { key = "job", value = "web" } } } } } }, "cpivm-1")
    local object = told.objects[1]
    assert.same({ "vm", "cpivm-1", { job = "web" } }, { object.kind, object.name, object.tags })
    assert.same({ { "id", "i" }, { "state", "Running" }, { "zone", "z" },
      { "addresses", "10.0.0.1 and 2001:db8::1 and 10.0.0.2 in net, no address in n2" }, { "made", "2026" } }, object.fields)
  end)

  it("has a disk's size in GB, and the VM that has it", function()
    local function of(row)
      row.id, row.name = "i", "cpi-disk-1"
      return cid.describe(client { listVolumes = { rows = { row } } }, "cpi-disk-1").objects[1]
    end
    assert.same({ "3 GB", "vm, device 2" }, { field(of { size = 3 * GIB }, "size"),
      field(of { vmname = "vm", deviceid = 2 }, "attached to") })
    assert.is_nil(field(of {}, "size"))
    assert.is_nil(field(of {}, "attached to"))
    assert.is_nil(of({}).tags)
  end)

  it("leaves out what has another name, as CloudStack's filter finds it", function()
    assert.same({}, cid.describe(client { listVolumes = { rows = { { id = "i", name = "cpi-disk-12" } } } }, "cpi-disk-1").objects)
  end)

  it("tells a refusal where it can be one thing only", function()
    assert.same({ "no" }, cid.describe(client { listVolumes = { failure = { text = "no" } } }, "cpi-disk-1").failures)
    assert.same({}, cid.describe(client { listVolumes = { failure = { text = "no" } } }, "web").failures)
  end)

  it("has the last events and the jobs of an object, and says what the role may not list", function()
    local objects = { { kind = "vm", id = "i" } }
    local one = client { listEvents = { payload = { event = { { resourceid = "i", created = "c", level = "ERROR", type = "VM.START",
      description = "d", username = "u", state = "Completed" }, { resourceid = "j" } } } },
      listAsyncJobs = { payload = { asyncjobs = {
        { jobinstanceid = "i", cmd = "org.x.StopVMCmd", created = "n" }, { jobinstanceid = "j" } } } } }
    cid.history(one, objects)
    assert.same({ { at = "c", level = "ERROR", type = "VM.START", text = "d", user = "u", state = "Completed" } }, objects[1].events)
    assert.same({ { command = "StopVMCmd", since = "n" } }, objects[1].jobs)
    assert.same({ "listEvents", { resourceid = "i", resourcetype = "VirtualMachine", page = 1, pagesize = 10 } }, one.asked[1])
    cid.history(client { listEvents = { failure = { text = "never" } }, listAsyncJobs = { payload = {} } }, objects)
    assert.same({ { "never" }, {}, {} }, { objects[1].failures, objects[1].events, objects[1].jobs })
    one = client {}
    cid.history(one, {})
    assert.same({}, one.asked)
  end)

  it("finds the stemcell, the disk and the VM of a real cloud", function()
    local trial = new_trial { host = native }
    local vm = trial.cid()
    local disk = trial.call("create_disk", 2048, {}, vm)
    local through = require "operator.command".client({ cloudstack = trial.host.cloudstack, json = native.json, clock = trial.host.clock,
      bytes = native.bytes, log = trial.host.log }, { cloudstack = { project = "", domain = "", account = "" } })
    assert.equal("vm", cid.describe(through, vm).objects[1].kind)
    assert.equal("2 GB", field(cid.describe(through, disk).objects[1], "size"))
    local stemcell = cid.describe(through, trial.sim.state().templates[1].name).objects[1]
    assert.same({ "stemcell", true }, { stemcell.kind, field(stemcell, "ready") })
  end)
end)
