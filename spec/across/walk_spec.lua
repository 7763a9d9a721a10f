-- The walk of a verb (tests/walk): which files a call enters, counted the same every time.

local walk = require "tests.walk.walk"

describe("the walk of a verb", function()
  local found = walk.of "create_disk"

  it("begins in the verb's own file", function()
    assert.equal("verbs/create_disk", found.rooms[1].name)
    assert.truthy(found.path[1]:find("^the machine %-> verbs/create_disk:%d+$"))
  end)

  it("goes from a room into another with each entry, and counts each once", function()
    local count, entries = {}, 0
    for _, step in ipairs(found.path) do
      local from, to = step:match "^(.-) %-> (.-):%d+$"
      assert.not_equal(from, to)
      count[to] = (count[to] or 0) + 1
    end
    for _, room in ipairs(found.rooms) do
      assert.equal(count[room.name], room.entries, room.name)
      entries = entries + room.entries
    end
    assert.equal(#found.path, entries)
  end)

  it("has neither the simulator nor the machine's store in it", function()
    for _, room in ipairs(found.rooms) do
      assert.is_nil(room.name:find "^sim")
      assert.not_equal("base/memory_store", room.name)
    end
  end)

  it("is of the scenario that is asked for", function()
    assert.equal("in another zone", walk.of("create_disk", "another zone").what)
    assert.has_error(function() walk.of("create_disk", "on the moon") end, "no scenario of create_disk has 'on the moon'")
  end)
end)
