-- Crosses versions of the CPI: policies as sites wrote them when api 1 began (the examples of that time, as they were) decide today
-- what they decided then. Nothing in spec/across/policies_of_api_1 is ever changed while api is 1.

local operator = require "tests.support.operator"
local text_file = require "text_file"

local OLD = "spec/across/policies_of_api_1/"

local names = {}
for file in io.popen("LC_ALL=C ls " .. OLD):lines() do
  local name = file:match "^([%l_]+)%.lua%.example$"
  if name and not name:find "_test$" then names[#names + 1] = name end
end

describe("a policy of the beginning of api 1", function()
  it("is there for each decision that there was", function()
    assert.equal("affinity disk_offering disk_placement expunge failed_vm ip_conflict names networks retry service_offering stemcell",
      table.concat(names, " "))
  end)

  for _, name in ipairs(names) do
    it("decides as it did: " .. name, function()
      local directory = operator.directory {
        [name .. ".lua"] = text_file.read(OLD .. name .. ".lua.example"),
        [name .. "_test.lua"] = text_file.read(OLD .. name .. "_test.lua.example"),
      }
      local code, out = operator.run("policy", { "check", directory })
      assert.equal(0, code, out)
      code, out = operator.run("policy", { "test", directory })
      assert.equal(0, code, out)
    end)
  end

  it("has the facts that its decision has ever had", function()
    -- The facts of each decision when api 1 began, those that were not optional with "!".
    local FACTS = {
      service_offering = "cpu! ram! group zone! zones refused! offerings!",
      disk_offering = "kind! size! wanted fallback current custom_least custom_most zone! vm offerings!",
      disk_placement = "verb! sees_storage! zone! zone_named! vm disks! hosts! pools!",
      expunge = "vm! addresses! may_expunge! wanted! version!",
      ip_conflict = "address! network! in_range! holder may_expunge! wanted! attempt! elapsed!",
      names = "kind! cid! director! director_uuid agent_id group vm_cid stemcell_name stemcell_version",
      networks = "networks!", affinity = "names! type group auto auto_type! groups!",
      stemcell = "name version format! hypervisor! size! director_uuid cloud_properties! zone! more_zones! templates!",
      retry = "command! reading! kind! fault status code text! wanted attempt! elapsed!", failed_vm = "vm! error! attempt!",
    }
    for name, list in pairs(FACTS) do
      local there = {}
      for _, row in ipairs(require("decisions." .. name).facts) do there[row[1]] = row end
      for fact, must in list:gmatch "([%l_]+)(!?)" do
        assert.truthy(there[fact], name .. "." .. fact)
        if must == "!" then assert.is_nil(there[fact].optional, name .. "." .. fact) end
      end
    end
  end)
end)
