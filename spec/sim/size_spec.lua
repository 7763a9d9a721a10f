-- A cloud that is large and lives long: what is found by an index is what a look at everything finds, and what is gone is
-- forgotten in the end.
local cloud = require "spec.sim.cloud"

local function host(name, mib) return { name = name, cpu = 100000, mhz = 4000, memory = mib, pool = 1 << 24 } end

local function large()
  return cloud.new {
    networks = { { name = "wide", zone = "zone1", type = "Isolated", cidr = "10.64.0.0/16", gateway = "10.64.0.1", account = "bosh" } },
    clusters = { { name = "cluster1", zone = "zone1", hosts = { host("h1", 1 << 30), host("h2", 1 << 30) },
      pools = { { name = "p", size = 1 << 24 } } } },
    settings = { ["allow.user.expunge.recover.vm"] = true }, keep = { requests = 100, jobs = 50, removed = 20 },
  }
end

describe("a large cloud", function()
  it("finds VMs by name, tag and id as a look at all of them does", function()
    local c, ids = large(), {}
    for i = 1, 30 do
      local vm = c:vm("vm-" .. i, { networkids = c.network.wide, startvm = false })
      ids[i] = vm.id
      c:job("createTags", c:tag(vm.id, "UserVm", { Index = tostring(i % 3), ["k" .. i] = "v" }))
    end
    local function found(params)
      local out = {}
      for i, row in ipairs(c:rows("listVirtualMachines", "virtualmachine", params)) do out[i] = row.name end
      return table.concat(out, " ")
    end
    assert.equal("vm-7", found { name = "VM-7" })
    assert.equal("vm-9", found { ["tags[0].key"] = "K9" })
    assert.equal("vm-3 vm-6 vm-9 vm-12 vm-15 vm-18 vm-21 vm-24 vm-27 vm-30",
      found { ["tags[0].key"] = "index", ["tags[0].value"] = "0" })
    assert.equal("vm-4", found { id = ids[4] })
    c:call("updateVirtualMachine", { id = ids[7], name = "renamed" })
    assert.equal("", found { name = "vm-7" })
    assert.equal("renamed", found { name = "renamed" })
    c:job("deleteTags", { resourceids = ids[9], resourcetype = "UserVm", ["tags[0].key"] = "k9" })
    assert.equal("", found { ["tags[0].key"] = "k9" })
    c:job("destroyVirtualMachine", { id = ids[4], expunge = true })
    assert.equal("", found { name = "vm-4" })
    assert.equal("vm-3 vm-5 vm-6", table.concat({ found { name = "vm-3" }, found { name = "vm-5" }, found { name = "vm-6" } }, " "))
  end)

  it("lists what an index finds in the order in which it was made", function()
    local c = cloud.new()
    local vm, older, newer = c:vm "vm-1", c:volume "older", c:volume "newer"
    c:attach(newer, vm)
    c:attach(older, vm)
    local rows = c:rows("listVolumes", "volume", { virtualmachineid = vm.id, type = "DATADISK" })
    assert.same({ "older", "newer" }, { rows[1].name, rows[2].name })
  end)

  it("gives the lowest free address, also one that came back", function()
    local c, vms = large(), {}
    local function address_of(name, more)
      more = more or {}
      more.networkids, more.startvm = c.network.wide, false
      vms[name] = c:vm(name, more)
      return vms[name].nic[1].ipaddress
    end
    for i = 2, 9 do assert.equal("10.64.0." .. i, address_of("vm-" .. i)) end
    c:job("destroyVirtualMachine", { id = vms["vm-4"].id, expunge = true })
    c:job("updateVmNicIp", { nicid = vms["vm-3"].nic[1].id, ipaddress = "10.64.9.9" })
    assert.equal("10.64.0.3", address_of "a")
    assert.equal("10.64.0.4", address_of "b")
    assert.equal("10.64.0.10", address_of "c")
  end)

  it("counts what accounts, hosts and pools have as it comes and goes", function()
    local c = large()
    local function used(name)
      for _, account in ipairs(c.sim.state().accounts) do
        if account.name == "bosh" then return account.used[name] end
      end
    end
    local vm, volume = c:vm("vm-1", { networkids = c.network.wide }), c:volume("v", { size = 3 })
    c:attach(volume, vm)
    assert.same({ 1, 1, 1024, 2 }, { used "user_vm", used "cpu", used "memory", used "volume" })
    local before = used "primary_storage"
    c:job("detachVolume", { id = volume.id })
    c:job("resizeVolume", { id = volume.id, size = 5 })
    assert.equal(before + (2 << 30), used "primary_storage")
    local function memory()
      local sum = 0
      for _, row in ipairs(c:rows("listHosts", "host", {}, "admin")) do sum = sum + row.memoryallocated end
      return sum
    end
    assert.equal(1 << 30, memory())
    c:job("stopVirtualMachine", { id = vm.id })
    assert.equal(0, memory())
    c:call("changeServiceForVirtualMachine", { id = vm.id, serviceofferingid = c.offering["shared.medium"] })
    assert.same({ 2, 4096 }, { used "cpu", used "memory" })
    c:job("startVirtualMachine", { id = vm.id })
    assert.equal(4 << 30, memory())
    c:job("destroyVirtualMachine", { id = vm.id })
    assert.same({ 0, 0, 0 }, { used "user_vm", used "cpu", memory() })
  end)

  it("forgets the oldest of what is gone, of ended jobs and of requests", function()
    local c, first = large(), nil
    for i = 1, 120 do
      local vm = c:vm("vm", { networkids = c.network.wide })
      first = first or vm.id
      if i == 10 then assert.same({}, c:call("listVirtualMachines", { id = first })) end
      c:job("destroyVirtualMachine", { id = vm.id, expunge = true })
    end
    assert.matches("^431 .*entity does not exist", (c:refused("listVirtualMachines", { id = first })))
    assert.truthy(#c.sim.requests <= 200)
    local last = c.sim.requests[#c.sim.requests]
    assert.truthy(last.n > 400)
    local shown = c.sim.http { method = "GET", path = "/sim/requests", query = "since=" .. last.n - 1 }
    assert.equal(last.n, cloud.json.decode(shown.body)[1].n)
    assert.equal(50, #c.sim.state().jobs)
  end)

  it("keeps its memory as machines come and go", function()
    local c = large()
    local function cycles(count)
      for _ = 1, count do
        local vm = c:vm("vm", { networkids = c.network.wide })
        c:job("destroyVirtualMachine", { id = vm.id, expunge = true })
        c.sim.events()
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    local before = cycles(200)
    assert.truthy(cycles(600) < before * 1.05)
  end)
end)
