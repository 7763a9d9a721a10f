local leaving = require "tests.support.leaving"

local NEW = { cloudstack = { parking = { network = "cpi-parking" } } }

local function in_log(process, words)
  return table.concat(process.log, "\n"):find(words, 1, true) ~= nil
end

local function addresses_of(s, id)
  local list = {}
  for _, nic in ipairs(leaving.vm_by_id(s, id).nics) do list[#list + 1] = nic.address end
  return list
end

local function networks_named(s, name)
  local count = 0
  for _, network in ipairs(s.sim.state().networks) do count = count + (network.name == name and 1 or 0) end
  return count
end

describe("a VM that leaves by a network without addresses", function()
  it("holds none: its own is free, and no other is taken", function()
    local s = leaving.stage { settings = NEW }
    local ids = {}
    for i = 1, 3 do
      local vm = s:small_vm()
      ids[i] = s:find("vms", vm).id
      s:good("delete_vm", { vm })
      assert.same({}, addresses_of(s, ids[i]))
    end
    assert.equal(1, networks_named(s, "cpi-parking"))
    assert.equal("10.0.0.11", s:find("vms", s:small_vm()).nics[1].address)
  end)

  it("leaves all its networks", function()
    local s = leaving.stage { settings = NEW }
    local networks = s:networks()
    networks.second = { type = "dynamic", cloud_properties = { name = "bosh-net-2" } }
    local vm = s:small_vm(nil, networks)
    local id = s:find("vms", vm).id
    s:good("delete_vm", { vm })
    assert.same({}, addresses_of(s, id))
  end)

  it("goes by the network that the site names, which has to be there", function()
    local site = { name = "gone-here", zone = "zone1", type = "L2", account = "bosh" }
    local s = leaving.stage { world = { networks = { site } }, settings = { cloudstack = { parking = { network = "gone-here" } } } }
    local vm = s:small_vm()
    local id = s:find("vms", vm).id
    s:good("delete_vm", { vm })
    assert.same({}, addresses_of(s, id))
    assert.equal(0, networks_named(s, "cpi-parking"))

    s = leaving.stage { settings = { cloudstack = { parking = { network = "bosh-net-2" } } } }
    vm = s:small_vm()
    id = s:find("vms", vm).id
    local _, process = s:call("delete_vm", { vm })
    assert.is_true(in_log(process, "network 'bosh-net-2', by which VMs are to leave, is not a network without addresses"))
    assert.equal(1, #addresses_of(s, id)) -- parked
    assert.not_equal("10.0.0.11", addresses_of(s, id)[1])
  end)

  for _, command in ipairs { "createNetwork", "addNicToVirtualMachine", "updateDefaultNicForVirtualMachine",
    "removeNicFromVirtualMachine" } do
    it("is parked where that fails: " .. command, function()
      local s = leaving.stage { settings = NEW }
      local vm = s:small_vm()
      local id = s:find("vms", vm).id
      s.sim.fault(command == "createNetwork" and { command = command, fault = "status", status = 431 }
        or { command = command, fault = "fail_job", errortext = "no" })
      local answer = s:call("delete_vm", { vm })
      assert.is_nil(answer.error)
      assert.not_equal("10.0.0.11", addresses_of(s, id)[1])
      s:small_vm()
    end)

    if command ~= "createNetwork" then
      it("goes on where the answer of a step is lost, or its process died: " .. command, function()
        for _, how in ipairs { "lose", "kill" } do
          local s = leaving.stage { settings = NEW }
          local vm = s:small_vm()
          local id = s:find("vms", vm).id
          if how == "lose" then
            s.sim.fault { command = command, fault = "lose" }
          else
            function s.after_send(_, requests)
              if requests[1].command == command then coroutine.yield "kill" end
            end
            s:run(s:begin("delete_vm", { vm }))
            s.after_send = nil
            s.sim.advance(60)
          end
          s:good("delete_vm", { vm })
          assert.same({}, addresses_of(s, id), how)
          assert.equal("Destroyed", leaving.vm_by_id(s, id).state)
        end
      end)
    end
  end
end)
