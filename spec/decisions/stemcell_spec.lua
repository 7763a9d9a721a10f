local decision = require "tests.support.decision"

describe("stemcell", function()
  decision.answers(it, "stemcell", {
    good = {
      { "upload", { how = "upload", details = {} } }, { "publish", { how = "publish", details = {} } },
      { { how = "register", url = "http://x/a.vhd", checksum = "{MD5}x" },
        { how = "register", url = "http://x/a.vhd", checksum = "{MD5}x", details = {} } },
      { { how = "copy", template = "t", from = "zone2" }, { how = "copy", template = "t", from = "zone2", details = {} } },
      { { how = "existing", template = "t", details = { a = 1, b = "x" } },
        { how = "existing", template = "t", details = { a = "1", b = "x" } } },
    },
    bad = {
      { "download", "its how must be" }, { {}, "its how must be" }, { 7, "its how must be" },
      { "register", "register needs url" }, { "copy", "copy needs template" }, { { how = "existing" }, "existing needs template" },
      { { how = "register", url = "ftp://x/a" }, "its url must be http or https" },
      { { how = "register", url = "http://x" }, "its url must be http or https" },
      { { how = "existing", template = "" }, "its template must be a string" },
      { { how = "copy", template = "t", from = 7 }, "its from must be a string" },
      { { how = "upload", details = { a = true } }, "its details must be at most 100 texts" },
      { { how = "upload", details = "x" }, "its details must be at most 100 texts" },
    },
  })
end)

describe("an answer of stemcell", function()
  decision.spoils(it, "stemcell", function()
    return { how = "register", url = "http://a.test/b", checksum = true, details = { a = "b" } }
  end)
end)
