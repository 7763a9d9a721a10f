local fake = require "tests.support.fake"
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

describe("what a process that died was making", function()
  it("is not said to be nothing where CloudStack does not say what became of its job", function()
    local script = {}
    for i = 1, 4 do script[i] = { "queryAsyncJobResult", { jobid = "j" }, refuse = "Internal error", code = 530 } end
    local cpi <close> = fake.cpi(script)
    local failure = fake.failure(recognition.by_id_or_job, cpi, { command = "associateIpAddress", job = "j" }, error)
    assert.truthy(failure.message:find("CloudStack does not say what became of job j", 1, true), failure.message)
  end)
end)
