local permissions = require "operator.permissions"

-- What one verb's role lacks or has too much against a list of commands in words.
local function role(verb) return table.concat(permissions.commands { verb }, " ") end

local ALWAYS = "listAccounts listApis listCapabilities listDiskOfferings listDomains listHypervisors listNetworks listOsTypes "
  .. "listProjects listSSHKeyPairs listServiceOfferings listTemplates listVirtualMachines listZones"

local function sorted(words)
  local list, seen = {}, {}
  for word in words:gmatch "%S+" do
    if not seen[word] then list[#list + 1] = word end
    seen[word] = true
  end
  table.sort(list)
  return table.concat(list, " ")
end

-- The lists of commands that a row has: what is always needed, what in each case.
local function parts_of(row)
  local parts = { row.always }
  for _, case in ipairs(row.sometimes or {}) do parts[#parts + 1] = case.commands end
  return parts
end

describe("the commands of a verb", function()
  for verb, words in pairs {
    info = "", has_vm = "listVirtualMachines", has_disk = "listVolumes",
    reboot_vm = "listVirtualMachines rebootVirtualMachine startVirtualMachine queryAsyncJobResult",
    delete_disk = "listVolumes deleteVolume createTags queryAsyncJobResult",
    detach_disk = "listVirtualMachines listVolumes detachVolume queryAsyncJobResult",
    delete_network = "listNetworks deleteNetwork listVirtualMachines createTags queryAsyncJobResult",
    resize_disk = "listVolumes listDiskOfferings listCapabilities resizeVolume changeOfferingForVolume queryAsyncJobResult",
  } do
    it(verb .. " are what it sends, always and sometimes, and what everybody may look at", function()
      assert.equal(sorted(ALWAYS .. " " .. words), role(verb))
    end)
  end

  it("are with those of a root admin where the verb itself is asked about", function()
    local set = permissions.of "attach_disk"
    assert.is_true(set.migrateVolume)
    assert.is_true(set.attachVolume)
    assert.is_nil(set.deleteVolume)
    assert.is_nil(role("attach_disk"):find("migrateVolume", 1, true))
  end)

  it("of several are those of each, once; of all, those of every row", function()
    assert.equal(sorted(role "has_vm" .. " " .. role "has_disk"), table.concat(permissions.commands { "has_vm", "has_disk" }, " "))
    local all = " " .. table.concat(permissions.commands(), " ") .. " "
    for _, row in ipairs(permissions) do
      for _, part in ipairs(parts_of(row)) do
        for _, name in ipairs(part) do assert.truthy(all:find(" " .. name .. " ", 1, true), name) end
      end
    end
    assert.truthy(all:find(" createSSHKeyPair ", 1, true))
    assert.is_nil(all:find(" listHosts ", 1, true))
  end)
end)

describe("a row of the permissions", function()
  it("has a case for what is needed sometimes, which speaks of all its commands and of no other", function()
    local ordinals = { first = true, second = true, third = true, fourth = true, fifth = true, sixth = true, last = true, next = true }
    for _, row in ipairs(permissions) do
      assert.is_true(#permissions.title(row) > 0)
      for _, case in ipairs(row.sometimes or {}) do
        assert.is_true(#case.when > 0 and #case.commands > 0, permissions.title(row))
        for word in case.when:gmatch "%a+" do assert.is_nil(ordinals[word], permissions.title(row) .. ": " .. case.when) end
      end
    end
  end)

  it("names no command twice in a part", function()
    for _, row in ipairs(permissions) do
      local parts = parts_of(row)
      parts[#parts + 1] = row.admin
      for _, part in ipairs(parts) do
        local seen = {}
        for _, name in ipairs(part) do
          assert.is_nil(seen[name], permissions.title(row) .. ": " .. name)
          seen[name] = true
        end
      end
    end
  end)

  it("has a title of its own or its verbs", function()
    assert.equal("a, b", permissions.title { verbs = { "a", "b" } })
    assert.equal("cpi doctor", permissions.title { verbs = {}, title = "cpi doctor" })
  end)
end)
