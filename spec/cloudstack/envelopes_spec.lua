local commands = require "sim.commands"
local envelopes = require "cloudstack.envelopes"
local text_file = require "text_file"

local NEWEST = { version = { at_least = function() return true end } }

-- Every command that our scripts name, the simulator's aside.
local function commands_of_ours()
  local found, pipe = {}, assert(io.popen "find lua -name '*.lua' -not -path 'lua/sim*'")
  for path in pipe:lines() do
    for name in text_file.read(path):gmatch '"(%l+%u%w+)"' do
      local entry = commands.find(NEWEST, name)
      if entry and not entry.unmodelled then found[name] = entry.envelope end
    end
  end
  pipe:close()
  return found
end

describe("the name of an answer", function()
  it("is the command's, in lower case", function()
    assert.equal("listvirtualmachinesresponse", envelopes.of "listVirtualMachines")
  end)

  it("is as a real server has it, for every command that is sent", function()
    local count = 0
    for name, envelope in pairs(commands_of_ours()) do
      assert.equal(envelope, envelopes.of(name))
      count = count + 1
    end
    assert.is_true(count > 60, count)
    assert.equal("postuploadtemplateresponse", envelopes.of "getUploadParamsForTemplate")
  end)
end)
