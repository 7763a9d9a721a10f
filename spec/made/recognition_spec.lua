local recognition = require "made.recognition"

describe("what BOSH spoke of", function()
  it("is known by the tags that directors set", function()
    assert.is_true(recognition.is_known { tags = { { key = "deployment", value = "d" } } })
    assert.is_false(recognition.is_known { tags = { { key = "bosh_cid", value = "c" }, { key = "director_uuid", value = "u" } } })
    assert.is_false(recognition.is_known {})
  end)

  it("is known in whatever case the tag is", function()
    assert.is_true(recognition.is_known { tags = { { key = "Deployment", value = "d" } } })
  end)

  it("is not to be seen in the tags of what is only made", function()
    assert.same({ cost = "9" }, recognition.without_word_of_bosh { cost = "9", Name = "x", ["index "] = "0", deployment = "cf" })
  end)
end)
