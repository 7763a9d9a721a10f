-- What differs by CloudStack's version beside what the specs of each noun tell.
local cloud = require "spec.sim.cloud"

local VERSIONS = { "4.11.3.0", "4.15.0.0", "4.18.0.0", "4.22.0.0" }

-- The facts of a version as one text, in the order of the versions.
local function by_version(ask)
  local list = {}
  for i, version in ipairs(VERSIONS) do list[i] = tostring(ask(cloud.new { version = version }, version)) end
  return table.concat(list, ", ")
end

local function taken(c)
  c:vm("vm-1", { ipaddress = "10.0.0.50" })
  return (c:refused("deployVirtualMachine", c:deployment("vm-2", { ipaddress = "10.0.0.50" })))
end

describe("CloudStack 4.11, 4.15, 4.18 and 4.22", function()
  it("take a wanted public address from 4.13 on, and give any one before", function()
    assert.equal("false, true, true, true", by_version(function(c)
      c:vm "vm-1"
      local wanted = { networkid = c.network["bosh-net"], ipaddress = "192.0.2.77" }
      return c:job("associateIpAddress", wanted).ipaddress.ipaddress == "192.0.2.77"
    end))
  end)

  it("let users migrate volumes up to 4.17", function()
    assert.equal("431, 431, 432, 432", by_version(function(c) return c:refused("migrateVolume", {}):sub(1, 3) end))
  end)

  it("call a VM's keys by one name or by several", function()
    assert.equal("keypair, keypair, keypairs, keypairs", by_version(function(c, version)
      local given = version:find "^4.1[15]" and { keypair = "bosh" } or { keypairs = "bosh" }
      local vm = c:vm("vm-1", given)
      return vm.keypair and "keypair" or vm.keypairs and "keypairs"
    end))
  end)

  it("call the storage tags of a service offering differently", function()
    assert.equal("tags, tags, storagetags, storagetags", by_version(function(_, version)
      local c = cloud.new { version = version,
        service_offerings = { { name = "ssd", cpu = 1, mhz = 500, memory = 512, storagetags = "ssd" } } }
      local row = c:rows("listServiceOfferings", "serviceoffering", { name = "ssd" })[1]
      return row.tags and "tags" or row.storagetags and "storagetags"
    end))
  end)

  it("hide from users why an address is not given", function()
    local old, new = "533 " .. cloud.MASKED, "530 " .. cloud.MASKED
    assert.equal(table.concat({ old, old, old, new }, ", "), by_version(taken))
  end)

  it("know commands and types by their age", function()
    local commands = { destroyVolume = "4.14", changeOfferingForVolume = "4.17", registerTemplate = "4.0" }
    for command, since in pairs(commands) do
      assert.equal(by_version(function(c) return c.sim.model.version:at_least(since) end), by_version(function(c)
        for _, row in ipairs(c:call("listApis", {}).api) do
          if row.name == command then return true end
        end
        return false
      end), command)
    end
  end)
end)
