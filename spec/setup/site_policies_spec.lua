local native = require "host_native"
local operator = require "tests.support.operator"
local site_policies = require "setup.site_policies"

local function look(directories)
  local warned = {}
  local ok, found = pcall(site_policies, native.files, directories, function(format, ...) warned[#warned + 1] = format:format(...) end)
  return ok, found, warned
end

describe("the site's policies", function()
  it("are nowhere where no directory is configured", function() assert.same({ true, nil, {} }, { look "" }) end)

  it("are in directories that are there", function()
    local one, two = operator.directory { ["names.lua"] = "", ["names_test.lua"] = "", README = "" }, operator.directory()
    local both = one .. ":" .. two
    assert.same({ true, both, {} }, { look(both) })
    local ok, failure = look(one .. ":/nowhere")
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CpiError", failure.type)
    assert.equal("policies.directory: /nowhere: No such file or directory", failure.message)
  end)

  it("that decide nothing are warned about", function()
    local directory = operator.directory { ["service_ofering.lua"] = "", ["mine.lua"] = "" }
    local ok, found, warned = look(directory)
    assert.is_true(ok)
    assert.equal(directory, found)
    assert.same({ directory .. "/mine.lua decides nothing: no decision is called 'mine'",
      directory .. "/service_ofering.lua decides nothing: no decision is called 'service_ofering'"
        .. " (did you mean 'service_offering'?)" }, warned)
  end)
end)

describe("a request", function()
  it("does not take ours for the site's where a name is misspelt", function()
    local new_trial = require("operator.trial").new
    local t = new_trial { host = native, policies = "/nowhere" }
    assert.equal("policies.directory: /nowhere: No such file or directory", t.failure("create_disk", 1024, {}).message)
    assert.same({}, t.left())
    local directory = operator.directory { ["nmaes.lua"] = "" }
    t = new_trial { host = native, policies = directory }
    t.call("create_disk", 1024, {})
    local said = 0
    for _, line in ipairs(t.log) do said = said + (line:find("nmaes.lua decides nothing", 1, true) and 1 or 0) end
    assert.equal(1, said)
    assert.is_false(t.call("has_disk", "cpi-disk-none"))
  end)
end)
