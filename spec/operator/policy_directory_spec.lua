local native = require "host_native"
local operator = require "tests.support.operator"
local policy_directory = require "operator.policy_directory"

local function check(...) return policy_directory.check(operator.host(), table.concat({ ... }, ":")) end

-- The problems of a policy of that text.
local function problems_of(name, text)
  local directory = operator.directory { [name .. ".lua"] = text }
  local files = check(directory)
  assert.equal(1, #files)
  for i, words in ipairs(files[1].problems) do files[1].problems[i] = words:gsub(directory:gsub("%p", "%%%0"), "DIR") end
  return files[1].problems, files[1]
end

local KEEP = "return { api = 1, decide = function() return 'keep' end }"

describe("a directory of policies", function()
  it("has no problem where all is well, and tests are no policies", function()
    local directory = operator.directory { ["failed_vm.lua"] = KEEP, ["failed_vm_test.lua"] = "nonsense", ["README.md"] = "x" }
    assert.same({ { file = directory .. "/failed_vm.lua", decision = "failed_vm", problems = {} } }, check(directory))
  end)

  it("is looked at with the others of a path, in order", function()
    local one, two = operator.directory { ["failed_vm.lua"] = KEEP }, operator.directory { ["expunge.lua"] = "" }
    local files = check(two, one)
    assert.same({ two .. "/expunge.lua", one .. "/failed_vm.lua" }, { files[1].file, files[2].file })
    assert.equal(2, #files)
  end)

  it("that is not there is said with why", function()
    local files, why = check "/nowhere"
    assert.is_nil(files)
    assert.equal("/nowhere: No such file or directory", why)
    assert.is_nil((check(operator.directory(), "/nowhere")))
  end)

  it("has files of decisions only", function()
    local problems, file = problems_of("retri", "")
    assert.same({ "DIR/retri.lua: no decision is called 'retri' (did you mean 'retry'?)" }, problems)
    assert.is_nil(file.decision)
  end)

  it("may have a blank file, which is none", function() assert.same({}, (problems_of("expunge", " \n\t"))) end)

  for what, row in pairs {
    ["a name that policies lack"] = { "local x = 1\nreturn os.time(x)", "DIR/failed_vm.lua:2: a policy has no 'os'" },
    ["a mistake in the syntax"] = { "return {", "DIR/failed_vm.lua:1: unexpected symbol near <eof>" },
    ["no decide"] = { "return { api = 1 }", "decide" },
    ["an error"] = { "return { api = 1, decide = function() error 'mine' end }",
      "mine (asked with the example of `cpi policy facts failed_vm`)" },
    ["an answer that is none"] = { "return { api = 1, decide = function() return 'maybe' end }",
      "(asked with the example of `cpi policy facts failed_vm`)" },
  } do
    it("has a problem with " .. what, function()
      local problems = problems_of("failed_vm", row[1])
      assert.equal(1, #problems)
      assert.truthy(problems[1]:find(row[2], 1, true), problems[1])
      assert.equal("DIR/failed_vm.lua:", problems[1]:match "^DIR/failed_vm%.lua:")
    end)
  end

  it("tells every name that policies lack, and nothing that follows from it", function()
    assert.same({ "DIR/failed_vm.lua:1: a policy has no 'io'", "DIR/failed_vm.lua:1: a policy has no 'os'" },
      (problems_of("failed_vm", "return { io, os")))
  end)

  it("has no problem with a policy that refuses the example", function()
    assert.same({}, (problems_of("failed_vm", "return { api = 1, decide = function() return nil, 'not today' end }")))
  end)
end)

describe("the policies in force", function()
  it("are the site's first file that is not blank, else ours, each with its checksum", function()
    local one = operator.directory { ["expunge.lua"] = " ", ["names.lua"] = "return {" }
    local two = operator.directory { ["expunge.lua"] = KEEP, ["failed_vm.lua"] = KEEP }
    local rows = {}
    for _, row in ipairs(policy_directory.in_force(operator.host(), one .. ":" .. two)) do rows[row.decision] = row end
    assert.same({ decision = "failed_vm", origin = "site", file = two .. "/failed_vm.lua", checksum = native.bytes.sha256(KEEP) },
      rows.failed_vm)
    assert.equal(two .. "/expunge.lua", rows.expunge.file)
    assert.same({ "default", "lua/policies/retry.lua" }, { rows.retry.origin, rows.retry.file })
    assert.is_nil(rows.retry.problem)
    assert.equal("site", rows.names.origin)
    assert.truthy(rows.names.problem:find("names.lua:1:", 1, true), rows.names.problem)
  end)

  it("are ours without a site, one for each decision", function()
    local rows = policy_directory.in_force(operator.host())
    assert.equal(#require "decisions", #rows)
    for i, name in ipairs(require "decisions") do
      assert.same({ name, "default" }, { rows[i].decision, rows[i].origin })
    end
  end)

  it("are found one by one", function()
    local site = operator.directory { ["expunge.lua"] = KEEP }
    assert.equal(site .. "/expunge.lua", policy_directory.file_of(operator.host(), site, "expunge"))
    assert.equal("lua/policies/retry.lua", policy_directory.file_of(operator.host(), site, "retry"))
    assert.equal("lua/policies/retry.lua", policy_directory.file_of(operator.host(), nil, "retry"))
  end)
end)

describe("a beginner's mistake", function()
  local EXAMPLE = " (asked with the example of `cpi policy facts %s`)"
  local BARE = " (asked with facts in which all that may be absent is)"

  local function body(text) return "local function decide(facts, default)\n" .. text .. "\nend\nreturn { api = 1, decide = decide }" end

  for what, row in pairs {
    ["a misspelt fact"] = { "names", "return { display_name = facts.grup or 'x' }",
      "2: facts.grup is not a fact of names (did you mean 'group'?)" },
    ["one where the example does not lead"] = { "names", "if facts.kind == 'network' then return facts.grup end return default(facts)",
      "2: facts.grup is not a fact of names (did you mean 'group'?)" },
    ["a fact of another decision"] = { "names", "if facts.holder then return nil, 'x' end return default(facts)",
      "2: facts.holder is not a fact of names" },
    ["a forgotten return"] = { "service_offering", "default(facts)", " it ends without a return: there is no answer" .. EXAMPLE },
    ["a forgotten reason"] = { "service_offering", "return nil", " its answer is nil, without a reason" .. EXAMPLE },
    ["index 0 of a list"] = { "service_offering", "return facts.offerings[0] or facts.offerings[1]",
      "2: facts.offerings[0] is not there: a list begins with 1" .. EXAMPLE },
    ["an optional fact taken for granted"] = { "service_offering",
      "if facts.group:find 'cell' then return nil, 'x' end return default(facts)",
      "2: attempt to index a nil value (field 'group')" .. BARE },
    ["a field that is misspelt"] = { "service_offering", "if facts.offerings[1].hosttag then return nil, 'x' end return default(facts)",
      "2: facts.offerings[1] has no 'hosttag' (did you mean 'hosttags'?)" .. EXAMPLE },
    ["a fact that nobody asked for"] = { "vm", "if facts.counts then return nil, 'x' end return facts",
      '2: facts.counts is there for a policy that says needs = { "counts" }' .. EXAMPLE },
  } do
    it("is found: " .. what, function()
      local problems = problems_of(row[1], body(row[2]))
      assert.same({ ("DIR/%s.lua:%s"):format(row[1], row[3]:format(row[1])) }, problems)
    end)
  end

  it("is none where a policy minds what may be absent", function()
    assert.same({}, (problems_of("service_offering", body [[
      facts.mine = true
      if facts.mine and (facts.group or ""):find "cell" then return nil, "no cells" end
      return default(facts)]])))
    assert.same({}, (problems_of("vm", [[return { api = 1, needs = { "counts" }, decide = function(facts)
      if facts.counts and facts.counts.deployment > 100 then return nil, "enough" end
      return facts
    end }]])))
    assert.same({}, (problems_of("retry", body "return nil")))
  end)
end)
