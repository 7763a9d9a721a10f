-- release/unpack with source packages of this test's: patches in the order of the series, all of them or an error, with no
-- other programs than a stemcell has.

local text_file = require "tests.support.text_file"
local read, write = text_file.read, text_file.write

local shell = require "tests.support.shell"

local must = shell.must

-- All that it may call, and what tar calls to decompress.
local PROGRAMS = "bash env tar gzip xz patch perl find touch mkdir sed"

local function change(path, from, to)
  return ("--- a/%s\n+++ b/%s\n@@ -1,3 +1,3 @@\n one\n-%s\n+%s\n three\n"):format(path, path, from, to)
end

describe("release/unpack", function()
  local place

  before_each(function()
    place = must "mktemp -d":match "%S+"
    must("mkdir -p %s/bin %s/up/thing-1.0/src %s/debian/patches", place, place, place)
    for program in PROGRAMS:gmatch "%S+" do must("ln -s $(command -v %s) %s/bin/", program, place) end
    write(place .. "/up/thing-1.0/src/a.c", "one\ntwo\nthree\n")
    write(place .. "/up/thing-1.0/configure", "old\n")
  end)
  after_each(function() must("rm -rf %s", place) end)

  local function patch(name, text) write(("%s/debian/patches/%s"):format(place, name), text) end

  local function run(series, options)
    write(place .. "/debian/patches/series", series)
    must("tar czf %s/thing.orig.tar.gz -C %s/up thing-1.0 && tar cJf %s/thing.debian.tar.xz -C %s debian && rm -r %s/debian", place,
      place, place, place, place)
    return shell.all_of("cd %s && PATH=%s/bin bash %s/release/unpack thing.orig.tar.gz thing.debian.tar.xz %s", place, place,
      must "pwd":match "[^\n]+", options or "")
  end

  local function source(path) return read(("%s/source/%s"):format(place, path or "src/a.c")) end

  it("applies the series, in its order, and not what is not in it", function()
    patch("z-first.patch", change("src/a.c", "two", "2"))
    patch("a-second.patch", change("src/a.c", "2", "II"))
    patch("unnamed.patch", change("src/a.c", "II", "wrong"))
    local said, ok = run("# a comment\n\nz-first.patch -p1\na-second.patch")
    assert.is_true(ok, said)
    assert.equal("one\nII\nthree\n", source())
  end)

  it("ends where one does not apply, and says which", function()
    patch("good.patch", change("src/a.c", "two", "2"))
    patch("bad.patch", change("src/a.c", "two", "zwei"))
    local said, ok = run "good.patch\nbad.patch\n"
    assert.is_false(ok)
    assert.truthy(said:find("unpack: bad.patch of thing.debian.tar.xz does not apply to thing.orig.tar.gz\n", 1, true), said)
  end)

  it("leaves out what it is told to, and stops after the patch that it is told", function()
    patch("1.patch", change("src/a.c", "two", "2"))
    patch("2.patch", change("src/a.c", "no", "such line"))
    patch("3.patch", change("src/a.c", "2", "III"))
    patch("4.patch", change("src/a.c", "III", "after"))
    local said, ok = run("1.patch\n2.patch\n3.patch\n4.patch\n", "--without 2.patch --until 3.patch")
    assert.is_true(ok, said)
    assert.equal("one\nIII\nthree\n", source())
  end)

  it("refuses a name that the series has not, lest it hide a new version's patches", function()
    patch("1.patch", change("src/a.c", "two", "2"))
    for _, option in ipairs { "--until", "--without" } do
      must("mkdir -p %s/debian/patches && rm -rf %s/source", place, place)
      patch("1.patch", change("src/a.c", "two", "2"))
      local said, ok = run("1.patch\n", option .. " 9.patch")
      assert.is_false(ok)
      assert.truthy(said:find("unpack: thing.debian.tar.xz has no patch 9.patch\n", 1, true), said)
    end
  end)

  it("leaves everything with one age, so that make remakes no configure", function()
    write(place .. "/up/thing-1.0/configure.ac", "one\ntwo\nthree\n")
    patch("1.patch", change("configure.ac", "two", "2"))
    assert.is_true(select(2, run "1.patch\n"))
    assert.equal("", must("cd %s/source && find . -newer configure", place))
  end)

  it("takes hunks of sources onto the one file that they make, and its header, and no others", function()
    write(place .. "/up/thing-1.0/db.c", "zero\none\ntwo\nthree\nx\none\nh\nthree\n")
    write(place .. "/up/thing-1.0/db.h", "one\nh\nthree\n")
    patch("1.patch", "Index: db/src/a.c\n=====\n" .. change("src/a.c", "two", "2") .. change("test/a.test", "t", "u")
      .. change("src/shell.c.in", "s", "u") .. change("src/test1.c", "t", "u") .. change("Makefile.in", "m", "n"))
    patch("2.patch", "diff --git a/src/db.h.in b/src/db.h.in\nindex 1..2\n" .. change("src/db.h.in", "h", "H"))
    local said, ok = run("1.patch\n2.patch\n", "--onto db.c")
    assert.is_true(ok, said)
    assert.equal("zero\none\n2\nthree\nx\none\nH\nthree\n", source "db.c")
    assert.equal("one\nH\nthree\n", source "db.h")
    assert.equal("one\ntwo\nthree\n", source(), "not where else such a file is")
  end)

  it("refuses words that it does not know", function()
    patch("1.patch", change("src/a.c", "two", "2"))
    assert.is_false(select(2, run("1.patch\n", "--some thing")))
  end)
end)
