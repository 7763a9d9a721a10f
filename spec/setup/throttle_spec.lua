local throttle = require "setup.throttle"

-- What a throttled send does with requests named by letters, of which `granted` go out at a time.
local function run(letters, granted, more)
  local log, requests = {}, {}
  for letter in letters:gmatch "." do requests[#requests + 1] = { command = letter } end
  local warned = {}
  local send, hold = throttle.new {
    patience = 10, warn = function(format, ...) warned[#warned + 1] = format:format(...) end,
    throttle = {
      enter = function(wanted)
        log[#log + 1] = "enter" .. wanted
        return math.min(wanted, granted), more and more.waited or 0
      end,
      leave = function() log[#log + 1] = "leave" end,
      pause = function(seconds) log[#log + 1] = "pause" .. seconds end,
    },
    send = function(some)
      local text, replies = "", {}
      for i, request in ipairs(some) do
        text = text .. request.command
        replies[i] = { body = request.command:upper() }
      end
      log[#log + 1] = text
      if more and more.breaks then error("broken", 0) end
      return replies
    end,
  }
  local ok, replies = pcall(send, requests)
  local bodies = {}
  for i, reply in ipairs(ok and replies or {}) do bodies[i] = reply.body end
  return table.concat(log, " "), table.concat(bodies), warned, hold
end

describe("the throttled send", function()
  it("sends as many at a time as are granted, and answers in order", function()
    local log, bodies = run("abcde", 2)
    assert.equal("enter5 ab leave enter3 cd leave enter1 e leave", log)
    assert.equal("ABCDE", bodies)
    assert.equal("", (run("", 2)))
  end)

  it("gives its slots back when sending raises", function()
    assert.equal("enter1 a leave", (run("a", 2, { breaks = true })))
  end)

  it("warns when no turn came in time, and sends", function()
    local _, bodies, warned = run("a", 1, { waited = 11 })
    assert.same({ "A", { "no turn within 10 s (cloudstack.throttle); sending all the same" } }, { bodies, warned })
  end)
end)
