local operator = require "spec.support.operator"
local permissions = require "permissions"

describe("cpi permissions", function()
  it("tells of each verb what it sends, and what for a root admin only", function()
    local code, text = operator.run("permissions", {})
    assert.equal(0, code)
    assert.truthy(text:find("\nattach_disk\n  listVirtualMachines listVolumes attachVolume queryAsyncJobResult\n"
      .. "  for a root admin: listHosts listStoragePools listDiskOfferings migrateVolume\n", 1, true), text)
  end)

  it("makes a role that may send all but what only root admins need", function()
    local code, text = operator.run("permissions", { "role" })
    assert.equal(0, code)
    for _, row in ipairs(permissions) do
      for _, name in ipairs(row.always) do assert.truthy(text:find("rule=" .. name .. "\n", 1, true), name) end
    end
    assert.is_nil(text:find "rule=migrateVolume\n")
    assert.is_nil(text:find "rule=listHosts\n")
    assert.truthy(text:find("permission=deny rule=*\n", 1, true))
  end)

  it("knows every verb that there is", function()
    local told = {}
    for _, row in ipairs(permissions) do
      for name in row.verb:gmatch "[%l_]+" do told[name] = true end
    end
    for path in io.popen("ls lua/verbs"):read("a"):gmatch "([%w_]+)%.lua" do
      local text = io.open("lua/verbs/" .. path .. ".lua"):read "a"
      if text:find("cpi.cloudstack", 1, true) or text:find("look_up", 1, true) then assert.truthy(told[path], path) end
    end
  end)
end)
