-- What a killed create_vm made and did not come to tag: found by the VM's CID alone, and only while it is as it was made.

local clouds = require "tests.faults.clouds"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"
local untagged = require "made.untagged"

local RULES = { { protocol = "tcp", start_port = 22 }, { protocol = "tcp", start_port = 80 } }

-- A stage on which a create_vm with a vip died when the answer to the nth `command` (the first) was there; without a store.
local function killed_at(command, vip, options, nth)
  local left = nth or 1
  local s = scenarios.open({ arrange = function() return {} end, world = clouds.PUBLIC }, options or {})
  local networks = s:networks()
  networks.public = vip or { type = "vip", cloud_properties = { acquire = true } }
  function s.after_send(_, requests)
    for _, request in ipairs(requests) do
      if request.command == command then left = left - 1 end
      if left == 0 then coroutine.yield "kill" end
    end
  end
  s:run(s:begin("create_vm", s:small_order(nil, networks)))
  s.after_send = nil
  s.sim.advance(30)
  return s
end

local function taken(s)
  for _, row in ipairs(s.sim.state().publicaddresses) do
    if not row.sourcenat and row.address ~= "192.0.2.50" then return row end
  end
end

local function find(s)
  local vm = s.sim.state().vms[1]
  local cpi = { bytes = require("host_native").bytes, cloudstack = nil, settings = { cloudstack = { timeout = { global = 60 } } } }
  cpi.cloudstack = require "cloudstack.client" { send = s.sim.send, json = machine.json, clock = s.sim.clock, uuid = s.uuid,
    log = { debug = function() end, warn = function() end, status = function() end }, decide = function() return {} end }
  return untagged.find(cpi, vm.name, { id = vm.id })
end

local function words_of(list)
  local words = {}
  for i, item in ipairs(list) do words[i] = ("%s %s"):format(item.kind, item.role) end
  return table.concat(words, ", ")
end

local function gc(s, ...) return s:command("gc", "--director", machine.DIRECTOR, "--older-than", "1s", ...) end

describe("what was made for a VM and not tagged", function()
  it("is an address that its process died over", function()
    local s = killed_at "associateIpAddress"
    assert.equal("address acquired", words_of(find(s)))
    assert.equal(taken(s).id, find(s)[1].id)
  end)

  it("is each of them, also where there are more than are asked for at once", function()
    local many = {}
    for i = 1, 9 do many[i] = { protocol = "tcp", start_port = 20 + i } end
    local s = killed_at("createFirewallRule", { type = "vip", ip = "192.0.2.50", cloud_properties = { firewall_rules = many } },
      nil, 9)
    assert.equal(9, #find(s))
    assert.equal(9, #s.sim.state().firewallrules)
  end)

  it("is a rule of the firewall, on an address that stays", function()
    local s = killed_at("createFirewallRule", { type = "vip", ip = "192.0.2.50", cloud_properties = { firewall_rules = RULES } },
      nil, 2)
    assert.equal("firewall rule rule, firewall rule rule", words_of(find(s)))
    assert.equal(0, gc(s, "--apply", "--none-known").exit)
    assert.same({}, s.sim.state().firewallrules)
  end)

  it("is any number of things, also more than are asked for at once", function()
    local rules = {}
    for i = 1, 9 do rules[i] = { protocol = "tcp", start_port = 20 + i } end
    local s = killed_at("createFirewallRule", { type = "vip", ip = "192.0.2.50", cloud_properties = { firewall_rules = rules } },
      nil, 9)
    assert.equal(9, #s.sim.state().firewallrules)
    assert.equal(9, #find(s))
  end)

  it("is nothing where all of it is tagged, or the process never came to it", function()
    assert.equal("", words_of(find(killed_at "deployVirtualMachine")))
    local s = killed_at "associateIpAddress"
    s:send("createTags", { resourceids = taken(s).id, resourcetype = "PublicIpAddress", ["tags[0].key"] = "a", ["tags[0].value"] = "b" })
    assert.equal("", words_of(find(s)))
  end)

  it("is not what somebody has found a use for", function()
    local s = killed_at "associateIpAddress"
    s:send("createLoadBalancerRule", { name = "web", publicipid = taken(s).id, publicport = 80, privateport = 80, algorithm = "source" })
    assert.equal("", words_of(find(s)))
    s = killed_at "associateIpAddress"
    s:send("createFirewallRule", { ipaddressid = taken(s).id, protocol = "tcp", startport = 1, endport = 2 })
    assert.equal("", words_of(find(s)))
    s = killed_at "associateIpAddress"
    local other = s:small_vm({}, s:networks "10.0.0.12")
    s:send("enableStaticNat", { ipaddressid = taken(s).id, virtualmachineid = s:find("vms", other).id })
    assert.equal("", words_of(find(s)))
  end)

  it("is not an address that was released, and taken again by somebody: the same row, with a later date", function()
    local s = killed_at "associateIpAddress"
    s.sim.advance(60)
    local row = s.sim.model:find("public_address", taken(s).id)
    row.created = s.sim.model:now()
    assert.equal("", words_of(find(s)))
  end)

  it("is unknown when CloudStack has forgotten the job", function()
    local s = killed_at "associateIpAddress"
    s.sim.advance(2 * 86400)
    assert.equal("", words_of(find(s)))
  end)
end)

describe("cpi gc", function()
  it("tells of an address without a tag with its VM, and removes both with BOSH's list", function()
    local s = killed_at "associateIpAddress"
    local told = gc(s)
    assert.equal(1, told.exit)
    local line = ("leftover  address  %s (%s)"):format(taken(s).address, taken(s).id)
    assert.truthy(told.text:find(line, 1, true), told.text)
    assert.truthy(told.text:find("made for VM cpivm-[%x-]+, and never tagged"), told.text)
    assert.equal(0, s:command("gc", "--director", "another", "--older-than", "1s", "--apply").exit)
    assert.truthy(taken(s))
    local applied = gc(s, "--apply")
    assert.same({ 0, nil }, { applied.exit, taken(s) }, applied.text)
  end)

  it("leaves the address of a VM that BOSH may know", function()
    local s = killed_at "associateIpAddress"
    local vm = s.sim.state().vms[1]
    s:send("deleteTags", { resourceids = vm.id, resourcetype = "UserVm" })
    local applied = gc(s, "--apply")
    assert.truthy(applied.text:find("suspect   address", 1, true), applied.text)
    assert.truthy(taken(s))
  end)
end)

describe("cpi journal replay", function()
  it("releases the address of a VM's entry, where there was no room for one of the address", function()
    local s = scenarios.open({ arrange = function() return {} end, world = clouds.PUBLIC }, { store = true })
    local networks, writes = s:networks(), 0
    networks.public = { type = "vip", cloud_properties = { acquire = true } }
    function s.store_fails()
      writes = writes + 1
      return writes > 3 and "the disk is full" or nil -- the VM's entry, with its job and its id
    end
    function s.after_send(_, requests)
      if requests[1].command == "associateIpAddress" then coroutine.yield "kill" end
    end
    s:run(s:begin("create_vm", s:small_order(nil, networks)))
    s.after_send, s.store_fails = nil, nil
    s.sim.advance(30)
    assert.equal(1, #s.store.rows "journal")
    assert.truthy(taken(s))
    assert.equal(0, s:command("journal", "replay").exit)
    assert.is_nil(taken(s))
  end)
end)
