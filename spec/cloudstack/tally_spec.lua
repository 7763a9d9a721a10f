-- What a request of BOSH cost at CloudStack.

local tally = require "cloudstack.tally"

local function sent(one, command, seconds) one:sent({ { command = command } }, { { seconds = seconds } }) end

describe("the tally", function()
  it("counts requests, looks at jobs, and the seconds of waiting by command", function()
    local one = tally()
    sent(one, "listZones", 0.1)
    sent(one, "startVirtualMachine", 0.2)
    sent(one, "queryAsyncJobResult", 0.1)
    one:waited_for("deployVirtualMachine", 0.35, 0.35)
    one:waited_for("startVirtualMachine", 8, 8)
    one:waited_for("startVirtualMachine", 7.21, 7.21)
    assert.equal("3 requests (1 of them looks at jobs), 15.2 s in startVirtualMachine, 0.3 s in deployVirtualMachine", one:words())
  end)

  it("names the job that took much longer than it lately did", function()
    local one = tally()
    one:waited_for("attachVolume", 16, 16, { from = 1.7, to = 2.1 })
    one:waited_for("detachVolume", 6, 6, { from = 1.7, to = 2.1 }) -- not three times as long
    one:waited_for("createTags", 4, 4, { from = 0.1, to = 0.1 }) -- nothing that a person would ask about
    assert.truthy(one:words():find(", a job of attachVolume took 16.0 s, lately 1.7 to 2.1 s", 1, true))
    assert.is_nil(one:words():find("a job of detachVolume", 1, true))
    assert.is_nil(one:words():find("a job of createTags", 1, true))
  end)

  it("names the reply that was waited for long", function()
    local one = tally()
    sent(one, "listVirtualMachines", 4.9)
    assert.is_nil(one:words():find("a reply", 1, true))
    sent(one, "listVolumes", 12.34)
    assert.truthy(one:words():find("a reply to listVolumes took 12.3 s", 1, true))
  end)
end)
