-- host.files: texts and names, for commands.

local check = require "check"
local harness = require "harness"

local files = harness.host.files
local directory = harness.directory()

check.same({}, files.list(directory), "an empty directory")
harness.shell(("cd %s && mkdir b.d && echo two >b && printf one >a && touch .hidden 'with space' && ln -s b.d link && ln -s x dead")
  :format(directory))
check.same({ "a", "b", "b.d/", "dead", "link/", "with space" }, files.list(directory), "sorted, without hidden ones")
check.equal("one", files.read(directory .. "/a"))
check.equal("two\n", files.read(directory .. "/b"))
check.equal("", files.read "/dev/null")
for path, words in pairs { [directory .. "/absent"] = "No such file", [directory] = "directory" } do
  local text, why = files.read(path)
  check.equal(nil, text)
  check.holds(words, why)
  check.holds(path, why)
end
local names, why = files.list(directory .. "/absent")
check.equal(nil, names)
check.holds("absent: No such file", why)
check.holds("Not a directory", select(2, files.list(directory .. "/a")))
check.raises("string expected", files.list)
check.raises("string expected", files.read)

-- ---- made for the operator
local new = directory .. "/new"
check.equal(true, files.create(new, "text\0"))
check.equal("text\0", (files.read(new)))
local none, refused = files.create(new, "other")
check.that(none == nil and refused:find("File exists", 1, true), "what is there stays")
check.equal("text\0", (files.read(new)))
none, refused = files.create(directory .. "/no/such", "x")
check.that(none == nil and refused:find("No such file", 1, true), "no directory")

harness.shell("rm -rf " .. directory)
