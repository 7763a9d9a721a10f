local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory

before_each(function() directory = operator.directory() end)

local refused = workbench.refused

describe("a bench", function()
  it("is a directory beside the result, and gone afterwards, also after an error", function()
    pcall(function()
      local work <close> = workbench.new(directory)
      assert.matches("^result%.part%.", workbench.names(directory))
      work:write("a", "text")
      assert.equal("text", work:read "a")
      error "no"
    end)
    assert.equal("", workbench.names(directory))
  end)

  it("runs programs in it, keeps what they say, and reports what they complain about", function()
    local work <close> = workbench.new(directory)
    assert.equal("hi\n", work:run({ "echo", "hi" }).output)
    work:run({ "echo", "into a file" }, { output = "out", what = "writing" })
    assert.equal("into a file\n", work:read "out")
    assert.same({ "writing" }, { work.host.said[1] })
    assert.equal("ls: ls: cannot access 'none': No such file or directory", refused(work.run, work, { "ls", "none" }))
    assert.equal(2, work:run({ "ls", "none" }, { accept = { [2] = true } }).code)
    assert.equal("false: exit code 1", refused(work.run, work, { "false" }))
    assert.equal("sh: it was ended by signal 9", refused(work.run, work, { "sh", "-c", "kill -9 $$" }))
  end)

  it("gives words to programs as they are", function()
    local work <close> = workbench.new(directory)
    assert.equal("$(id) ; `id` * 'x", work:run({ "printf", "%s", "$(id) ; `id` * 'x" }).output)
  end)

  it("ends a program early when the process is asked to end", function()
    local reason
    local host = workbench.host { interruption = function() return reason end }
    local work <close> = workbench.new(directory, host)
    work.say = function() reason = "SIGTERM arrived" end
    assert.equal("interrupted: SIGTERM arrived", refused(work.run, work, { "sleep", "60" }, { what = "sleeping" }))
  end)

  it("names every program that is missing, and the packages that have them", function()
    local host = workbench.host()
    host.workshop = setmetatable({ find = function(name) return name == "tar" and "/bin/tar" or nil end }, { __index = host.workshop })
    assert.equal("missing on this machine: qemu-img, sfdisk, debugfs, e2fsck, dd, bzip2, gzip, sha1sum; "
      .. "on Debian and Ubuntu: apt-get install "
      .. "qemu-utils fdisk e2fsprogs coreutils bzip2 gzip", refused(workbench.new, directory, host))
    assert.equal("", workbench.names(directory))
  end)

  it("takes regular files out of a tarball by their names, from whatever path, and makes nothing else", function()
    stemcells.must("cd '%s' && mkdir in && echo mine >in/image && ln -s /etc/passwd in/link"
      .. " && tar czPf evil.tgz --transform 's,in/image,/../../image,' in/image in/link",
      directory)
    local work <close> = workbench.new(directory)
    work:unpack(directory .. "/evil.tgz", "image", "image", "unpacking")
    assert.equal("mine\n", work:read "image")
    assert.matches("there is no file link in it", refused(work.unpack, work, directory .. "/evil.tgz", "link", "link", "unpacking"))
    assert.matches("there is no file none in it", refused(work.unpack, work, directory .. "/evil.tgz", "none", "none", "unpacking"))
    assert.equal("image\n", workbench.names(work.directory))
  end)

  it("refuses a member that says it is larger than the room there is, and one that is cut short", function()
    local header = "image" .. ("\0"):rep(95) .. "0000644\0" .. "0000000\0" .. "0000000\0"
      .. "77777777777\0" .. "00000000000\0" .. "        " .. "0" .. ("\0"):rep(100) .. "ustar\00000" .. ("\0"):rep(247)
    operator.write(directory .. "/huge.tar", header:sub(1, 512) .. "little")
    stemcells.must("gzip -c '%s/huge.tar' >'%s/huge.tgz'", directory, directory)
    local work <close> = workbench.new(directory)
    local room = math.maxinteger
    work.host.workshop = setmetatable({ room = function() return room end, members = error }, { __index = work.host.workshop })
    assert.matches("the archive is cut short", refused(work.unpack, work, directory .. "/huge.tgz", "image", "image", "unpacking"))
    stemcells.must("cd '%s' && head -c 3000000 /dev/urandom >image && tar czf whole.tgz image", directory)
    room = 1048576
    assert.equal("image has 2 MB, and there are 1 MB free beside the result",
      refused(work.unpack, work, directory .. "/whole.tgz", "image", "again", "unpacking"))
  end)
end)
