local recognition = require "made.recognition"

describe("what BOSH spoke of", function()
  it("is known by the tags that directors set", function()
    assert.is_true(recognition.is_known { tags = { { key = "deployment", value = "d" } } })
    assert.is_false(recognition.is_known { tags = { { key = "bosh_cid", value = "c" }, { key = "director_uuid", value = "u" } } })
    assert.is_false(recognition.is_known {})
  end)
end)
