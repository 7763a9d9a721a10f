-- The last line that a request leaves in the log.

local closing = require "setup.closing"
local errors = require "errors"
local tally = require "cloudstack.tally"

local function line_of(failure, decided, requests)
  local lines, one = {}, tally()
  for _ = 1, requests or 2 do one:sent("listZones", 0.1) end
  closing({ log = { info = function(format, ...) lines[#lines + 1] = format:format(...) end }, cloudstack = { tally = one },
    decided = decided }, 1.25, failure)
  return table.concat(lines, "\n")
end

describe("the closing line", function()
  it("says how long it took and what it cost", function()
    assert.equal("done in 1.2 s: 2 requests (0 of them looks at jobs)", line_of())
  end)

  it("says how it failed: the class; the words are in the response", function()
    assert.truthy(line_of(errors.cloud("no zone 'x'")):find "^failed with Bosh::Clouds::CloudError in 1.2 s: ")
    assert.truthy(line_of("attempt to index nil"):find "^failed with a bug in ")
  end)

  it("says what the site's policies decided", function()
    assert.truthy(line_of(nil, { "service_offering", "names" }):find("; decided by the site's policies: names, service_offering", 1, true))
  end)

  it("is not there where nothing was asked", function()
    assert.equal("", line_of(nil, nil, 0))
    closing({ log = {} }, 1)
  end)
end)
