local policy_diff = require "operator.policy_diff"

local function record(id, decision, facts) return { id = id, decision = decision, verb = "create_vm", facts = facts or {} } end

-- The changes of one decision whose outcome was `old` and would be `new`.
local function change(old, new, decision, facts)
  new.lacks = new.lacks or {}
  local sum = policy_diff.compare({ record("r.1", decision or "names", facts) }, function() return old end, function() return new end)
  local group = sum.decisions[1].groups[1]
  return group and group.change
end

describe("what other policies change", function()
  local small, big = { id = "1", name = "small" }, { id = "2", name = "big" }

  it("is nothing where the outcome is the same", function()
    assert.is_nil(change({ answer = { display_name = "x", tags = { a = "b" } } }, { answer = { display_name = "x", tags = { a = "b" } } }))
    assert.is_nil(change({ refusal = "no" }, { refusal = "no" }))
    assert.is_nil(change({ answer = "keep" }, { answer = "keep" }))
  end)

  for words, row in pairs {
    ["tags.centre: 1 -> 2"] = { { answer = { tags = { centre = "1", a = "x" } } }, { answer = { tags = { centre = "2", a = "x" } } } },
    ["tags.a: nothing -> x; tags.b: y -> nothing"] = { { answer = { tags = { b = "y" } } }, { answer = { tags = { a = "x" } } } },
    ["small, big -> big"] = { { answer = { small, big } }, { answer = { big } } },
    ["offering: small -> big"] = { { answer = { offering = small, size = 5 } }, { answer = { offering = big, size = 5 } } },
    ["keep -> refused: no"] = { { answer = "keep" }, { refusal = "no" } },
    ["an answer -> refused: no"] = { { answer = { cloud_properties = { cpu = 1 } } }, { refusal = "no" } },
    ["refused: a -> refused: b"] = { { refusal = "a" }, { refusal = "b" } },
    ["keep -> an error: oops"] = { { answer = "keep" }, { failure = "/p/x.lua:5: oops" } },
    ["none -> small"] = { { answer = {} }, { answer = { small } } },
  } do
    it("is said in words: " .. words, function() assert.equal(words, change(row[1], row[2])) end)
  end

  it("is the same change whatever the VM is called", function()
    local cid = "cpivm-0b8e4a52-9f6d-4a0e-8b36-1d2f4c5a6b7c"
    assert.equal("display_name: CID -> web/CID", change({ answer = { display_name = cid } }, { answer = { display_name = "web/4c5a6b7c" } },
      "names", { cid = cid }))
  end)

  it("is counted in groups, the largest first, with examples", function()
    local records = {}
    for i = 1, 9 do
      records[i] = record("r." .. i, i < 3 and "vm" or "names", { deployment = "cf", instance_group = i % 2 == 0 and "web" or "db" })
    end
    local sum = policy_diff.compare(records, function() return { answer = "old" } end, function(one)
      return { answer = one.decision == "vm" and "old" or one.facts.instance_group == "db" and "new" or "newer",
        lacks = one.id == "r.1" and { "counts" } or {} }
    end)
    assert.same({ total = 9, changed = 7, decisions = {
      { decision = "vm", total = 2, changed = 0, lacking = 1, groups = {} },
      { decision = "names", total = 7, changed = 7, lacking = 0, groups = {
        { change = "old -> new", count = 4, examples = { { id = "r.3", whose = "cf/db" }, { id = "r.5", whose = "cf/db" },
          { id = "r.7", whose = "cf/db" } } },
        { change = "old -> newer", count = 3, examples = { { id = "r.4", whose = "cf/web" }, { id = "r.6", whose = "cf/web" },
          { id = "r.8", whose = "cf/web" } } },
      } },
    } }, sum)
  end)
end)
