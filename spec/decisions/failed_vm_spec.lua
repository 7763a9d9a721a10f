local answers = require("spec.support.decision").answers

describe("failed_vm", function()
  answers(it, "failed_vm", {
    good = { { "keep", "keep" }, { "destroy", "destroy" } },
    bad = { { "maybe", "destroy" }, { true, "destroy" } },
  })
end)
