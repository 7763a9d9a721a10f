local ours = require("tests.support.decision").ours

local function after(facts)
  local answer = ours("retry", { kind = facts.kind or "transport", fault = facts.fault, attempt = facts.attempt or 1,
    elapsed = facts.elapsed or 0, wanted = facts.wanted, meaning = facts.meaning, limit = facts.limit,
    class = facts.meaning and "passing" or nil })
  return answer and answer.after
end

describe("our policy of retry", function()
  it("pauses twice as long each time, 8 seconds at most", function()
    local pauses = {}
    for attempt = 1, 8 do pauses[attempt] = after { attempt = attempt } end
    assert.same({ 0.25, 0.5, 1, 2, 4, 8, 8, 8 }, pauses)
  end)

  it("waits as long as CloudStack wants", function() assert.equal(17, after { kind = "busy", wanted = 17, attempt = 1 }) end)

  for kind, patience in pairs { busy = 300, garbled = 60, transport = 60 } do
    it("gives up after " .. patience .. " seconds of " .. kind, function()
      assert.truthy(after { kind = kind, elapsed = patience - 0.1 })
      assert.is_nil(after { kind = kind, elapsed = patience })
    end)
  end

  for meaning, patience in pairs { database_is_busy = 300, other_operation = 300, guest_tools_are_missing = 300,
    disk_is_not_at_rest = 60, template_is_on_its_way = 180, other_snapshot = 5000, later = 5000 } do
    it(("waits %d seconds for the end of %s"):format(patience, meaning), function()
      local facts = { kind = "busy", meaning = meaning, limit = 5000, elapsed = patience - 0.1 }
      assert.truthy(after(facts))
      facts.elapsed = patience
      assert.is_nil(after(facts))
    end)
  end

  it("leaves words that nobody knows to the site", function() assert.is_nil(after { kind = "failed" }) end)

  it("does not repeat what does not pass by waiting", function()
    assert.is_nil(after { kind = "elsewhere" })
    assert.is_nil(after { kind = "refused" })
    assert.is_nil(after { fault = "tls" })
    assert.is_nil(after { fault = "toolarge" })
  end)

  it("gives a silent server one more try, and a name that does not resolve two", function()
    assert.truthy(after { fault = "timeout", attempt = 1 })
    assert.is_nil(after { fault = "timeout", attempt = 2 })
    assert.truthy(after { fault = "resolve", attempt = 2 })
    assert.is_nil(after { fault = "resolve", attempt = 3 })
  end)
end)
