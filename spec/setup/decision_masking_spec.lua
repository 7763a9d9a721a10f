local decision_masking = require "setup.decision_masking"
local json = require "host_native".json

local function mask(text) return (text:gsub("s3cret", "<redacted>")) end

describe("the masking of logged decisions", function()
  it("leaves lines of JSON, without the secrets in keys and texts", function()
    local lines = { '1700000000 {"facts":{"a s3cret":["s3cret",1,{"b":"{s3cret}"}]},"id":"x"}\n', '1700000001 {"id":"y"}\n' }
    assert.same({ '1700000000 {"facts":{"a <redacted>":["<redacted>",1,{"b":"{<redacted>}"}]},"id":"x"}\n', '1700000001 {"id":"y"}\n' },
      decision_masking(lines, json, mask))
  end)

  it("keeps empty lists and objects apart", function()
    local lines = { '1700000000 {"answer":{},"facts":{"disks":[]}}\n' }
    assert.same(lines, decision_masking(lines, json, mask))
  end)
end)
