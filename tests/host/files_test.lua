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
for path, words in pairs { [directory .. "/absent"] = "No such file", [directory] = "it is a directory, not a regular file" } do
  for _, read in ipairs { files.read, files.read_argument } do
    local nothing, why = read(path)
    check.equal(nil, nothing)
    check.holds(words, why)
    check.holds(path, why)
  end
end

-- ---- what never ends, or is waited for
harness.shell(("cd %s && mkfifo fifo && truncate -s 3G huge && ln -s a short"):format(directory))
local put = "put a regular file in its place"
for path, words in pairs {
  [directory .. "/fifo"] = { "it is a FIFO, not", put }, ["/dev/zero"] = { "it is a device, not", put },
  ["/dev/null"] = { "it is a device, not", put },
  [directory .. "/huge"] = { "it is larger than 33554432 bytes", "right file in its place" },
} do
  local nothing, why, is_missing = files.read(path)
  check.equal(nil, nothing)
  check.equal(false, is_missing)
  check.holds(path .. ": " .. words[1], why)
  check.holds(words[2], why)
end
check.equal(true, select(3, files.read(directory .. "/absent")))
check.equal("one", files.read(directory .. "/short"), "a symlink to a file")
for _, path in ipairs { "/dev/zero", "/dev/null" } do
  check.holds("it is a device", select(2, files.read_argument(path)), "also where an operator names it")
end
check.holds("larger than", select(2, files.read_argument(directory .. "/huge")))
check.equal("one", files.read_argument(directory .. "/a"))
harness.shell(("(printf one; printf ' two') >%s/fifo &"):format(directory))
local text = files.read_argument(directory .. "/fifo")
check.equal("one two", text, "a pipe that an operator names is read to its end")

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
check.that(none == nil and refused:find("File exists; remove it, or choose another name", 1, true), "what is there stays")
check.equal("text\0", (files.read(new)))
none, refused = files.create(directory .. "/no/such", "x")
check.that(none == nil and refused:find("No such file", 1, true), "no directory")

-- ---- for other programs to read
local public = directory .. "/public"
for _, line in ipairs { "one\n", "two\n" } do
  check.equal(true, files.replace(public, line))
  check.equal(line, (files.read(public)))
end
check.equal(0, harness.shell(('test "$(stat -c %%a %s)" = 644'):format(public)), "everybody may read it")
harness.shell(("ln -sf %s/new %s/link"):format(directory, directory))
check.equal(true, files.replace(directory .. "/link", "mine"))
check.equal("text\0", (files.read(new)), "what a symlink in its place leads to stays")
none, refused = files.replace(directory .. "/no/such", "x")
check.that(none == nil and refused:find("No such file", 1, true), "no directory")
for _, name in ipairs(assert(files.list(directory))) do check.that(not name:find "^%.", "no draft stays: " .. name) end
check.raises("string expected", files.replace, public)

-- ---- lines within bounds
local log, now = directory .. "/log", harness.host.clock.utc()
local line = ("%d x\n"):format(now)
check.equal(true, files.append(log, line, 1000, 1000))
check.equal(true, files.append(log, line, 1000, 1000))
check.equal(line .. line, (files.read(log)))
check.equal(true, files.append(log, line, 30, 1000), "no room for it beside the others")
check.equal(line, (files.read(log)))
check.equal(line .. line, (files.read(log .. ".1")))
local unwritten, reason = files.append(directory, line, 1000, 1000)
check.that(unwritten == nil and reason:find(directory, 1, true), "a directory")
check.raises("number expected", files.append, log, line)
check.raises("string expected", files.append)

harness.shell("rm -rf " .. directory)
