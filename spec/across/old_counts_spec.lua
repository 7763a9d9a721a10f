-- Servers of 4.13 and 4.14 count the rows of a page (cloudstack issue 3890): what stands on later pages is found all the same.

local native = require "host_native"
local trial = require "operator.trial"

local function new(size)
  local offerings = {}
  for i = 1, 25 do offerings[i] = { name = ("plan.%02d"):format(i), cpu = 1, mhz = 1000, memory = 512 + i } end
  return trial.new { host = native, world = { version = "4.14.0.0", settings = { ["default.page.size"] = size },
    service_offerings = offerings } }
end

describe("a server that counts the rows of a page", function()
  it("shows an offering of its last page, at whatever size of pages", function()
    for _, size in ipairs { 5, 7, 10, 25 } do
      local t = new(size)
      assert.equal("Running", t.vm(t.cid { cloud_properties = { compute_offering = "plan.25" } }).state)
      assert.equal("Running", t.vm(t.cid { cloud_properties = { compute_offering = "plan.01" } }).state)
    end
  end)
end)
