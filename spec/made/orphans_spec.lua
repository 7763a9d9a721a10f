-- What outlives its VM: found by cpi gc without a store, this director's alone, and never what anybody uses.

local leftovers = require "made.leftovers"
local orphans = require "made.orphans"
local native = require "host_native"
local trial = require "operator.trial"

local json = native.json

local function cloud(options)
  options = options or {}
  local world = { accounts = options.accounts, networks = {}, settings = { ["allow.user.expunge.recover.vm"] = true } }
  local t = trial.new { host = native, world = world }

  function t.create()
    return t.call("create_vm", "agent-1", t.sim.state().templates[1].name, { compute_offering = "shared.small",
      affinity_group = "apart", lbs = json.array { { name = "web", private_port = 8080, public_port = 80 } } }, {
      default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
      public = { type = "vip", cloud_properties = { acquire = true, firewall_rules = json.array { { start_port = 22 } } } },
    }, json.array {}, {})[1]
  end

  -- Somebody deletes the VM in CloudStack, behind BOSH's back.
  function t.lose(cid)
    t.sim.send({ { command = "destroyVirtualMachine", params = { id = t.vm(cid).id, expunge = true } } }, "admin")
    t.sim.advance(60)
  end

  -- -> { "KIND NAME: WHY", ... }, and the findings themselves
  function t.find(director, older_than)
    local cpi = require("cpi").parts(t.host, { method = "gc", context = { director_uuid = director or "director-1" }, api_version = 2 })
    local found, words = leftovers.find(cpi, { older_than = older_than or 1 }), {}
    for i, one in ipairs(found) do words[i] = ("%s: %s"):format(one.kind, one.why) end
    table.sort(words)
    return words, found, cpi
  end

  function t.ask(command, params)
    t.sim.send { { command = command, params = params } }
    t.sim.advance(1)
  end

  return t
end

local function gone(cid)
  local words = {}
  for i, kind in ipairs { "address", "firewall rule", "load balancer" } do words[i] = ("%s: its VM %s is gone"):format(kind, cid) end
  table.insert(words, 2, "affinity group: no VM is in it")
  return words
end

local function acquired(t)
  for _, row in ipairs(t.sim.state().publicaddresses) do
    if row.tags.director_uuid then return row end
  end
end

describe("the verdict on what outlived its VMs", function()
  local function called(row, ...) return orphans.outlived(row, { ... }) end

  it("calls it by its address or its name, else by its first VM, and says which are gone", function()
    assert.same({ cid = "198.51.100.7", gone = { "cpivm-1" }, why = "its VM cpivm-1 is gone" },
      called({ ipaddress = "198.51.100.7", name = "n" }, "cpivm-1"))
    assert.same({ cid = "web", gone = {}, why = "no VM is in it" }, called { name = "web" })
    assert.same({ cid = "cpivm-1", gone = { "cpivm-1", "cpivm-2" }, why = "its VM cpivm-1, cpivm-2 is gone" },
      called({}, "cpivm-1", "cpivm-2"))
    assert.is_nil(orphans.outlived({ name = "web" }, nil))
  end)
end)

describe("what outlives its VM", function()
  it("is found, of every kind, and removed", function()
    local t = cloud()
    local cid = t.create()
    t.lose(cid)
    local words, found, cpi = t.find()
    assert.same(gone(cid), words)
    for _, one in ipairs(found) do leftovers.remove(cpi, one) end
    t.sim.advance(10)
    assert.same({}, (t.find()))
    assert.same({}, t.left())
  end)

  it("is no finding while the VM lives, nor when it is young or another director's", function()
    local t = cloud()
    local cid = t.create()
    t.call("set_vm_metadata", cid, { director = "d", deployment = "dep" })
    t.sim.advance(7200)
    assert.same({}, (t.find()))
    t.lose(cid)
    assert.same({}, (t.find "director-2"))
    assert.same({}, (t.find("director-1", 86400)))
  end)

  it("is left alone where somebody uses it", function()
    local t = cloud()
    local cid = t.create()
    t.lose(cid)
    local address = acquired(t)
    t.ask("createFirewallRule", { ipaddressid = address.id, protocol = "tcp", startport = 443, endport = 443, cidrlist = "0.0.0.0/0" })
    local other = t.cid()
    local lb = t.sim.state().loadbalancers[1]
    t.ask("assignToLoadBalancerRule", { id = lb.id, virtualmachineids = t.vm(other).id })
    local words = t.find()
    for _, one in ipairs(words) do
      assert.is_nil(one:find "^address", one)
      assert.is_nil(one:find "^load", one)
    end
  end)

  it("is not removed when the VM is there after all", function()
    local t = cloud()
    local cid = t.create()
    local _, _, cpi = t.find()
    assert.has_error(function() leftovers.remove(cpi, { kind = "address", gone = { cid } }) end)
    assert.is_not_nil(acquired(t).virtualmachine)
  end)

  it("is looked for as far as the role allows", function()
    local t = cloud { accounts = { { name = "bosh", without = { "listLoadBalancerRules", "listAffinityGroups" } } } }
    assert.same({}, (t.find()))
    assert.truthy(table.concat(t.log, "\n"):find("warn not looked at: listLoadBalancerRules: ", 1, true))
  end)
end)
