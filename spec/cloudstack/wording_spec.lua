-- A request in words.

local wording = require "cloudstack.wording"

describe("the wording of a request", function()
  it("has its parameters in order, long ones cut", function()
    assert.equal("createTags resourceids=a tags[0].key=k tags[0].value=" .. ("x"):rep(60) .. "...", tostring(wording.of {
      command = "createTags", params = { ["tags[0].value"] = ("x"):rep(61), ["tags[0].key"] = "k", resourceids = "a" } }))
    assert.equal("listZones", tostring(wording.of { command = "listZones", params = {} }))
  end)

  it("withholds user data", function()
    assert.equal("deployVirtualMachine startvm=false userdata=(8 bytes)", tostring(wording.of {
      command = "deployVirtualMachine", params = { userdata = "c2VjcmV0", startvm = false } }))
  end)

  it("costs nothing where nobody reads it", function()
    local params = setmetatable({}, { __pairs = function() error "read" end })
    assert.is_not_nil(wording.of { command = "x", params = params })
  end)
end)
