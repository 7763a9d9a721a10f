local columns = require "operator.columns"
local new_paper = require "operator.paper"
local operator = require "tests.support.operator"

local function written(headings, rows)
  local host = operator.host()
  columns(new_paper(host), headings, rows)
  return table.concat(host.out)
end

describe("a table's columns", function()
  it("are as wide as their widest cell, without blanks at the end of a line", function()
    assert.equal("a   name\nbb  x\nc   longer\n", written({ "a", "name" }, { { "bb", "x" }, { "c", "longer" } }))
  end)

  it("are left out where every cell is empty, and numbers and nothing are cells", function()
    assert.equal("a  n\nx  1\ny\n", written({ "a", "never", "n" }, { { "x", "", 1 }, { "y", nil, nil } }))
  end)

  it("are measured by characters, of what stands there in the end", function()
    assert.equal("k      n\ncaf\u{e9}x  1\n", written({ "k", "n" }, { { "caf\u{e9}x", 1 } }))
    assert.equal('k               n\nx\\u001b[31mred  1\n', written({ "k", "n" }, { { "x\27[31mred", 1 } }))
  end)
end)
