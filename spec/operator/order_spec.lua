-- A verb and its arguments as words of a command line.

local native = require "host_native"
local order = require "operator.order"

local host = setmetatable({ request = function(path)
  return { method = path == "nonsense" and "no_verb" or "has_vm", arguments = { n = 1, path }, context = { director_uuid = "d" } }
end }, { __index = native })

local function refused(...)
  local ok, failure = pcall(order.read, host, ...)
  assert.is_false(ok)
  assert.equal(2, failure.exit_code)
  return failure.message
end

describe("an order", function()
  it("is a verb with JSON or plain text, a null keeping its place", function()
    local request = order.read(host, { "create_disk", "2000", '{"zone":"z"}', "null", "cpivm-1" }, {})
    assert.same({ "create_disk", 2000, { zone = "z" }, "cpivm-1", 4 },
      { request.method, request.arguments[1], request.arguments[2], request.arguments[4], request.arguments.n })
    assert.is_nil(request.arguments[3])
    assert.same({ director_uuid = "cpi-call" }, request.context)
    assert.equal("d-1", order.read(host, { "info" }, { director = "d-1" }).context.director_uuid)
  end)

  it("is the request of a file", function()
    assert.equal("f.json", order.read(host, {}, { request = "f.json" }).arguments[1])
  end)

  it("of no verb is refused with the one that was meant", function()
    assert.truthy(refused({ "hasvm" }, {}):find("no verb is called 'hasvm' (did you mean 'has_vm'?)", 1, true))
    for _, word in ipairs { "../cpi", "", "verbs.info", "has-vm" } do
      assert.truthy(refused({ word }, {}):find("no verb is called", 1, true))
    end
    assert.truthy(refused({}, { request = "nonsense" }):find("no verb is called 'no_verb'", 1, true))
  end)
end)
