local denials = require "daemons.denials"

local now, lines, list

before_each(function()
  now, lines = 1000, {}
  list = denials.new({ warn = function(format, ...) lines[#lines + 1] = format:format(...) end }, { now = function() return now end })
end)

describe("denied requests", function()
  it("are written down at once, the first of them", function()
    list:add("%s is not %s", "a", "b")
    assert.same({ "a is not b" }, lines)
    assert.is_nil(list:next_due())
  end)

  it("are counted after it, and told as a number once a minute, with the last", function()
    for i = 1, 4 do list:add("denied %d", i) end
    assert.same({ "denied 1" }, lines)
    assert.equal(60, list:next_due())
    now = 1050
    assert.equal(10, list:next_due())
    now = 1070
    assert.equal(0, list:next_due())
    list:tick()
    assert.same({ "denied 1", "3 more denied in 60 s, the last: denied 4" }, lines)
    assert.is_nil(list:next_due())
  end)

  it("are not written at once in the minute after a number either", function()
    list:add "one"
    list:add "two"
    now = 1060
    list:tick()
    list:add "three"
    assert.equal(2, #lines)
    now = 1120
    list:tick()
    assert.equal("1 more denied in 60 s, the last: three", lines[3])
  end)

  it("are written at once again after a quiet minute", function()
    list:add "one"
    now = 1060
    list:add "two"
    assert.same({ "one", "two" }, lines)
  end)

  it("that there are none of say nothing", function()
    list:tick()
    assert.same({}, lines)
  end)
end)
