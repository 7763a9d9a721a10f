local job_ids = require "made.job_ids"

describe("the id of a job", function()
  it("follows from the VM's CID, and is such as CloudStack takes", function()
    local cpi, seen = { bytes = require("host_native").bytes }, {}
    for _, word in ipairs { "address", "firewall rule" } do
      for nth = 1, 50 do
        for _, vm_cid in ipairs { "cpivm-1", "cpivm-2" } do
          local id = job_ids.of(cpi, vm_cid, word, nth)
          assert.truthy(id:find "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-8%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", id)
          assert.equal(id:lower(), id)
          assert.is_nil(seen[id])
          assert.equal(id, job_ids.of(cpi, vm_cid, word, nth))
          seen[id] = true
        end
      end
    end
  end)

  it("is the same in every version: jobs of an earlier one are found by it", function()
    local cpi = { bytes = require("host_native").bytes }
    assert.equal("29770560-9684-4964-80c6-b17592cc6efc", job_ids.of(cpi, "cpivm-1", "address", 1))
    assert.equal("9247c712-1e68-47b8-8dfd-9cf09e42f7ec", job_ids.of(cpi, "cpivm-1", "firewall rule", 2))
  end)
end)
