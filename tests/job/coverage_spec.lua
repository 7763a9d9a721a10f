-- No property and no key of cloud_properties is without a test.

package.path = "./tests/job/?.lua;" .. package.path

describe("what a manifest can say", function()
  it("has a test for each word", function()
    local without, seen = {}, {}
    for _, row in ipairs(require("coverage").list()) do
      seen[row[1]] = true
      if not row[3] then without[#without + 1] = row[1] .. " " .. row[2] end
    end
    assert.same({}, without)
    for _, what in ipairs { "property", "cloud_properties of a vm", "cloud_properties of a disk", "cloud_properties of a network",
      "cloud_properties of a stemcell" } do
      assert.is_true(seen[what], what)
    end
  end)
end)
