local first_words = require "cloudstack.client" ({}).first_words
local native = require "host_native"

local KEY = "first-words-Key0fThis"

describe("the first words of a body", function()
  native.log.secret(KEY)

  it("are without tags, on one line, and not many", function()
    assert.equal("503 Service down", first_words("<html>\n<b>503</b>\n  Service down",
      native.log.mask))
    assert.equal("an empty body", first_words("<p></p>", native.log.mask))
    assert.equal(120, #first_words(("x "):rep(1000), native.log.mask))
  end)

  it("have no secret in them, wherever they end", function()
    for before = 0, 130 do
      for _, form in ipairs { KEY, (KEY:gsub("-", "%%2d")), (KEY:gsub("%a", "<b>%0</b>", 3)), (KEY:gsub("-", "&#45;")) } do
        local words = first_words(("%sapikey is %s and more"):format(("y"):rep(before), form), native.log.mask)
        assert.is_nil(words:find("first%p.-words"), words)
      end
    end
  end)

  it("of a body whose tags hold a secret apart have none", function()
    assert.equal("it is <redacted> !", first_words("it is " .. KEY:gsub("-", "<wbr>-") .. " !", native.log.mask))
  end)
end)
