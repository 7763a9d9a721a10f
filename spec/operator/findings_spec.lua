local native = require "host_native"
local operator = require "tests.support.operator"
local write = require "operator.findings"

local GOOD = { level = "good", subject = "zone", text = "it is there" }
local REMARK = { level = "remark", subject = "tls", text = "off", remedy = "on" }
local PROBLEM = { level = "problem", subject = "endpoint", text = "no answer", remedy = "look" }

-- -> exit code, text
local function written(list, as_json)
  local host = operator.host()
  return write(host, list, as_json), table.concat(host.out)
end

describe("findings on paper", function()
  it("are a line each, with the remedy below, and a sum", function()
    assert.same({ 1, "ok       zone         it is there\nremark   tls          off\n                      on\n"
      .. "problem  endpoint     no answer\n                      look\n1 good, 1 remark, 1 problem\n" },
      { written { GOOD, REMARK, PROBLEM } })
  end)

  it("are bad only where one is a problem", function()
    assert.same({ 0, "1 good, 2 remarks, 0 problems\n" }, { (written { GOOD, REMARK, REMARK }),
      (select(2, written { GOOD, REMARK, REMARK }):match "[^\n]*\n$") })
    assert.equal(0, (written {}))
  end)

  it("are JSON for programs", function()
    local code, text = written({ REMARK, PROBLEM, PROBLEM }, true)
    assert.equal(1, code)
    assert.same({ findings = { REMARK, PROBLEM, PROBLEM }, problems = 2, remarks = 1 }, native.json.decode(text))
    assert.equal('{"findings":[],"problems":0,"remarks":0}\n', select(2, written({}, true)))
  end)
end)
