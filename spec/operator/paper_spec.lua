local new_paper = require "operator.paper"
local operator = require "tests.support.operator"

local function written(f, more)
  local host = operator.host(more)
  f(new_paper(host))
  return table.concat(host.out)
end

local terminal = { console = { tty = true, write = function() return true end } }

local function tinted(no_color, tty)
  local host = operator.host { environment = function(name) return name == "NO_COLOR" and no_color or nil end,
    console = { tty = tty, write = terminal.console.write, clean = operator.host().console.clean } }
  return new_paper(host):tint("red", "x")
end

describe("colour", function()
  it("is there for a terminal alone, unless NO_COLOR is set to something", function()
    assert.equal("\27[31mx\27[0m", tinted(nil, true))
    assert.equal("\27[31mx\27[0m", tinted("", true))
    assert.equal("x", tinted("1", true))
    assert.equal("x", tinted(nil, false))
  end)
end)

describe("a text in colour", function()
  it("stands as it is on a line, and one that only looks so is escaped", function()
    local out = {}
    local host = operator.host { console = { tty = true, clean = operator.host().console.clean, write = function(text)
      out[#out + 1] = text
      return true
    end } }
    local paper = new_paper(host)
    paper:line("%s", paper:tint("red", "x"))
    paper:line("%s", "\27[31my\27[0m")
    assert.equal("\27[31mx\27[0m\n", out[1])
    assert.is_nil(out[2]:find("\27", 1, true))
  end)
end)

describe("a value", function()
  it("is written as people write it", function()
    assert.equal([[
a
  id = s1
  list = one, two
  name = "two\nlines"
  nested = { cpu = 2, ram = 4096 }
  nothing = none
  number = "12"
  rows
    - 1
      deep
        x = none
        y = 1, 2
      n = true
]], written(function(paper)
      paper:value("a", { id = "s1", list = { "one", "two" }, name = "two\nlines", nothing = {}, number = "12",
        nested = { cpu = 2, ram = 4096 }, rows = { { n = true, deep = { x = {}, y = { 1, 2 } } } } })
    end))
  end)

  it("never shows a secret that the host knows", function()
    local log = setmetatable({ mask = function(text) return (text:gsub("s3cret", "***")) end }, {})
    assert.equal("key = ***\n", written(function(paper) paper:value("key", "s3cret") end, { log = log }))
  end)

  it("that nobody can read any more ends the program", function()
    local host = operator.host { console = { clean = operator.host().console.clean,
      write = function() return nil, "stdout cannot be written" end } }
    assert.has_error(function() new_paper(host):line "x" end)
  end)
end)
