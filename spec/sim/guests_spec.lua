-- What guests see: their user data and metadata, and the events for whoever plays them.
local cloud = require "spec.sim.cloud"

describe("a guest", function()
  local c, vm
  before_each(function()
    c = cloud.new()
    vm = c:vm("vm-a", { networkids = c.network["bosh-loop"], ipaddress = "127.0.0.30", userdata = "eyJhIjoxfQ==",
    keypair = "bosh" })
  end)

  local function get(path, client, query)
    local reply = c.sim.http { method = "GET", path = "/latest/" .. path, query = query or "", client = client
      or "127.0.0.30" }
    return reply.body, reply.status
  end

  it("reads its user data decoded, known by its address", function()
    assert.equal('{"a":1}', get "user-data")
    local _, status = get("user-data", "127.0.0.31")
    assert.equal(404, status)
    assert.equal('{"a":1}', get("user-data", "192.0.2.1", "vm=" .. vm.id))
  end)

  it("reads its metadata", function()
    assert.equal(vm.id, get "meta-data/instance-id")
    assert.equal("vm-a", get "meta-data/local-hostname")
    assert.equal("127.0.0.30", get "meta-data/local-ipv4")
    assert.equal("zone1", get "meta-data/availability-zone")
    assert.matches("^ssh%-rsa ", (get "meta-data/public-keys"))
    assert.matches("instance%-id\n", (get "meta-data/"))
    local _, status = get "meta-data/nothing"
    assert.equal(404, status)
  end)

  it("without a key reads no keys, without an error", function()
    c:vm("vm-b", { networkids = c.network["bosh-loop"], ipaddress = "127.0.0.31" })
    local body, status = get("meta-data/public-keys", "127.0.0.31")
    assert.same({ "", 200 }, { body, status })
    assert.equal("", get("user-data", "127.0.0.31"))
  end)

  it("that is stopped reads nothing", function()
    c:job("stopVirtualMachine", { id = vm.id })
    local _, status = get "user-data"
    assert.equal(404, status)
  end)

  it("is started, told of its disks and ended by events", function()
    local function names()
      local out = {}
      for i, event in ipairs(c.sim.events()) do
        assert.equal(vm.id, event.vm_id)
        out[i] = event.event
      end
      return out
    end
    local first = c.sim.events()[1]
    assert.equal("start", first.event)
    assert.equal("127.0.0.30", first.environment.VM_ADDRESSES)
    assert.matches("/latest/user%-data%?vm=" .. vm.id:gsub("%-", "%%-"), first.environment.VM_USERDATA_URL)
    local disk = c:volume("disk")
    c:attach(disk, vm)
    local attach = c.sim.events()[1]
    assert.equal("attach", attach.event)
    assert.same({ disk.id, "1" }, { attach.environment.VOLUME_ID, attach.environment.VOLUME_DEVICE })
    c:job("detachVolume", { id = disk.id })
    c:job("rebootVirtualMachine", { id = vm.id })
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.same({ "detach", "stop", "start", "stop" }, names())
    assert.same({}, c.sim.events())
  end)

  it("ends when everything is reset", function()
    c.sim.events()
    c.sim.reset()
    assert.equal("stop", c.sim.events()[1].event)
  end)
end)
