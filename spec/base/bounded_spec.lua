local bounded = require "base.bounded"

describe("data within bounds", function()
  it("is texts, finite numbers, booleans and tables of them", function()
    for _, value in ipairs { 1, -1.5, "", "ü", true, {}, { { a = { 1, 2, false } } }, { [1.5] = "x" } } do
      assert.is_nil(bounded.problem(value))
    end
    assert.is_nil(bounded.problem(nil))
    assert.is_nil(bounded.problem(false))
  end)

  local endless = {}
  endless.self = endless
  local wide, doubled, many = {}, { 1 }, {}
  for i = 1, 300000 do wide[i] = i end
  for _ = 1, 18 do doubled = { doubled, doubled } end
  for i = 1, 199999 do many[i] = true end

  for words, value in pairs {
    ["it is not a finite number"] = 0 / 0, ["its a is not a finite number"] = { a = 1 / 0 },
    ["its a.b is a function"] = { a = { b = print } },
    ["its 1 is not UTF-8"] = { "\xff" }, ["a key of it is not UTF-8"] = { ["\xff"] = 1 }, ["it has a key that is a table"] = { [{}] = 1 },
    ["its a is longer than 65536 bytes"] = { a = ("x"):rep(65537) }, ["it is a function"] = print,
    ["it has more than 200000 values"] = wide, ["tables in each other"] = endless,
  } do
    it("is not: " .. words, function()
      local problem = bounded.problem(value)
      assert.truthy(problem and problem:find(words, 1, true), tostring(problem))
    end)
  end

  it("counts what is there many times as often as it is there", function()
    assert.equal("it has more than 200000 values", bounded.problem(doubled))
    assert.is_nil(bounded.problem(many))
    assert.is_nil(bounded.problem { ("x"):rep(65536) })
  end)
end)

describe("words for a message", function()
  it("are in UTF-8, and no longer than people read", function()
    assert.equal("größer", bounded.words "größer")
    assert.equal("a?b?", bounded.words "a\xffb\xc3")
    assert.equal(("x"):rep(2000), bounded.words(("x"):rep(2000)))
    local long = bounded.words(("ü"):rep(1001))
    assert.equal(("ü"):rep(1000) .. " ...", long)
    assert.truthy(utf8.len(bounded.words("x" .. ("ü"):rep(2000))))
    assert.is_nil(bounded.words {})
    assert.is_nil(bounded.words(nil))
  end)
end)
