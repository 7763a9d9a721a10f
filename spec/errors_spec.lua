local errors = require "errors"

local constructors = {}
for name, value in pairs(errors) do
  if name ~= "is" and name ~= "words" and name ~= "CLASSES" then constructors[name] = value end
end

describe("errors", function()
  it("are the ten classes that a director knows", function()
    local types, classes, count = {}, {}, 0
    for _, make in pairs(constructors) do types[make("x").type] = true end
    for class in pairs(errors.CLASSES) do
      classes["Bosh::Clouds::" .. class], count = true, count + 1
    end
    assert.same(types, classes)
    assert.equal(10, count)
    assert.is_true(types["Bosh::Clouds::VMCreationFailed"])
  end)

  it("say ok_to_retry for nothing but a VM creation that another try can help", function()
    for name, make in pairs(constructors) do assert.equal(name == "vm_creation_retriable", make("x").ok_to_retry, name) end
  end)

  it("are wrapped, never changed", function()
    local first = errors.vm_creation_retriable("no room"):with { failure = { code = 533 } }
    local second = first:wrapped("no room; left behind: VM v"):with { ok_to_retry = false }
    assert.same({ "no room", true }, { first.message, first.ok_to_retry })
    assert.same({ "no room; left behind: VM v", false }, { second.message, second.ok_to_retry })
    assert.equal(first.type, second.type)
    assert.equal(first.failure, second.failure)
    assert.equal(first, second.cause)
    assert.is_true(errors.is(second))
    assert.has_error(function() first.failure_of = "x" end, "an error value is not changed: 'failure_of'")
  end)

  it("tell themselves from a bug's string", function()
    assert.is_true(errors.is(errors.cpi("x")))
    assert.is_false(errors.is("x"))
    assert.is_false(errors.is { type = "Bosh::Clouds::CpiError" })
    assert.equal("50%", errors.words(errors.cloud("%s", "50%")))
    assert.equal("oops", errors.words("oops"))
  end)
end)
