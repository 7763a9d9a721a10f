local consent = require "operator.consent"

local function asked(interactive, answer, is_given)
  local host = { said = "" }
  host.log = { mask = function(text) return (text:gsub("hush", "<redacted>")) end }
  host.console = { interactive = interactive, read = function() return answer end, clean = function(text) return text end,
    error = function(text) host.said = host.said .. text end }
  return consent(host, "remove hush?", is_given), host.said
end

describe("a person's consent", function()
  it("is what was said on the terminal", function()
    for _, word in ipairs { "y", "yes", "Y", " Yes " } do assert.is_true((asked(true, word)), word) end
    for _, word in ipairs { "n", "no", "", "yep", "never" } do assert.is_false((asked(true, word)), word) end
    assert.is_false((asked(true, nil)))
    assert.equal("remove <redacted>? [y/N] ", select(2, asked(true, "y")))
  end)

  it("is given by --yes, and nobody is asked", function()
    assert.same({ true, "" }, { asked(true, "n", true) })
    assert.same({ true, "" }, { asked(false, nil, true) })
  end)

  it("is nil where nobody can be asked", function() assert.same({ nil, "" }, { asked(false, "y") }) end)
end)
