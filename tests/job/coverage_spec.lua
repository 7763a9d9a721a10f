-- No property and no key of cloud_properties is without a test of what it does.

package.path = "./tests/job/?.lua;" .. package.path

local coverage = require "coverage"
local job = require "job"

-- Those without a test, and the kinds that there are.
local function without(properties)
  local list, kinds = {}, {}
  for _, row in ipairs(coverage.list(properties)) do
    kinds[row[1]] = true
    if not row[3] then list[#list + 1] = row[1] .. " " .. row[2] end
  end
  return list, kinds
end

describe("what a manifest can say", function()
  it("has a test for each word", function()
    local list, kinds = without(job.spec().properties)
    assert.same({}, list)
    for _, what in ipairs { "property", "cloud_properties of a vm", "cloud_properties of a disk", "cloud_properties of a network",
      "cloud_properties of a stemcell" } do
      assert.is_true(kinds[what], what)
    end
  end)

  it("has a row in docs/configure.md for each key of a VM", function()
    local text = io.open("docs/configure.md"):read "a"
    local rows = assert(text:match "\n### VMs (.-)\n### ")
    local keys = coverage.cloud_properties().vm
    assert.is_true(#keys > 15)
    for _, key in ipairs(keys) do assert.truthy(rows:find("`" .. key .. "`", 1, true), key) end
  end)

  it("would be missed without one", function()
    local alone, among = "cloudstack." .. "colour_of_the_sky", "cloudstack.timeout." .. "breathe"
    assert.same({ "property " .. alone, "property " .. among }, without { [alone] = {}, [among] = {}, ntp = {} })
  end)
end)
