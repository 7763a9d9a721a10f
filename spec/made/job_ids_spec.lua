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
end)
