-- release/advisories with Sources of this test's: an apt-get that hands them out. What apt itself does is not tried here.

local text_file = require "tests.support.text_file"
local write = text_file.write

local shell = require "tests.support.shell"

local must = shell.must

-- SUITES has a file of Sources for each suite; OFFERED the archives of patches that can be had.
local APT = [[#!/bin/sh
case "${0##*/} $*" in
  *update) [ -d "$SUITES" ] || { echo "E: Failed to fetch it"; exit 100; } ;;
  *indextargets*) for file in "$SUITES"/*; do echo "${file##*/} $file"; done ;;
  apt-helper*) cat "$2" ;;
  *) for last; do :; done
    cp "$OFFERED/$(echo "$last" | tr = _).debian.tar.xz" . 2>/dev/null || { echo "E: 404 for $last"; exit 100; } ;;
esac
]]

local PINS = [[
# snapshot: that-day

db/lib-one_1.2.orig.tar.gz:
  size: 1
  sha: sha256:00
  debian: lib-one=1.2 book-security

db/one_1.2-3~deb9.debian.tar.xz:
  size: 1
  sha: sha256:00
  debian: one=1.2-3~deb9 book

one/one_1.2.orig.tar.gz:
  size: 1
  sha: sha256:00
  debian: one=1.2 book
]]

describe("release/advisories", function()
  local place

  before_each(function()
    place = must "mktemp -d":match "%S+"
    must("mkdir -p %s/bosh-release/config %s/bin %s/suites %s/offered && cp -R release %s", place, place, place, place, place)
    write(place .. "/bin/apt-get", APT)
    must("chmod +x %s/bin/apt-get && ln -s apt-get %s/bin/apt-helper", place, place)
    write(place .. "/bosh-release/config/blobs.yml", PINS)
  end)
  after_each(function() must("rm -rf %s", place) end)

  -- A suite's Sources: pairs of a source and a version, between others that are nobody's.
  local function suite(name, ...)
    local text = "Package: two\nVersion: 9-9\n"
    for i = 1, select("#", ...), 2 do
      text = ("%s\nPackage: %s\nBinary: a, b\nVersion: %s\nFiles:\n 00 1 x\nPackage-List:\n one deb x\n"):format(text,
        (select(i, ...)), (select(i + 1, ...)))
    end
    write(place .. "/suites/" .. name, text .. "\nPackage: one-more\nVersion: 99-1\n")
  end

  local function run()
    local said, _, code = shell.all_of("PATH=%s/bin:$PATH SUITES=%s/suites OFFERED=%s/offered DEBIAN_MIRROR=http://d/mirror "
      .. "%s/release/advisories", place, place, place, place)
    return said, code
  end

  it("says of each source that it is up to date", function()
    suite("book", "lib-one", "1.2-7", "one", "1.2-3~deb9")
    suite "book-security"
    local said, code = run()
    assert.equal("lib-one: pinned 1.2, patches -; newest 1.2-7 of book: up to date\n"
      .. "one: pinned 1.2, patches 1.2-3~deb9; newest 1.2-3~deb9 of book: up to date\n", said)
    assert.equal(0, code)
    assert.equal("", must("ls %s/build", place))
  end)

  it("finds patches that the security updates have, by Debian's order of versions, and says what changed", function()
    suite("book", "lib-one", "1.2-7", "one", "1.2-3~deb9")
    suite("book-security", "one", "1.2-3~deb10")
    must("mkdir -p %s/x/debian", place)
    write(place .. "/x/debian/changelog", "one (1.2-3~deb10) book-security; urgency=medium\n\n  * CVE-1: a hole\n\n"
      .. "one (1.2-3~deb9) book; urgency=low\n\n  * older\n")
    must("tar cJf %s/offered/one_1.2-3~deb10.debian.tar.xz -C %s/x debian", place, place)
    local said, code = run()
    assert.truthy(said:find("one: pinned 1.2, patches 1.2-3~deb9; newest 1.2-3~deb10 of book-security: the patches behind\n", 1, true),
      said)
    assert.truthy(said:find("      * CVE-1: a hole\n", 1, true), said)
    assert.is_nil(said:find "older")
    assert.equal(1, code)
  end)

  it("finds a new upstream version, and goes on where its changes cannot be fetched", function()
    suite("book", "lib-one", "1.10-1", "one", "1:1.2-1")
    suite("book-security", "one", "1:1.3-1")
    local said, code = run()
    assert.truthy(said:find("lib-one: pinned 1.2, patches -; newest 1.10-1 of book: the source behind\n", 1, true), said)
    assert.truthy(said:find("newest 1:1.3-1 of book-security: the source and the patches behind\n", 1, true), said)
    assert.truthy(said:find("(what changed cannot be fetched: E: 404 for one=1:1.3-1)", 1, true), said)
    assert.equal(1, code)
  end)

  it("looks at no other suite, and misses what is gone from its own", function()
    suite("book", "lib-one", "1.2-7")
    suite "book-security"
    suite("young", "one", "2.0-1", "lib-one", "2.0-1")
    local said, code = run()
    assert.truthy(said:find("lib-one: pinned 1.2, patches -; newest 1.2-7 of book: up to date\n", 1, true), said)
    assert.truthy(said:find("one: pinned 1.2, patches 1.2-3~deb9; book and book-security have none: behind\n", 1, true), said)
    assert.equal(1, code)
  end)

  it("knows nothing without the archive, and says so", function()
    must("rm -r %s/suites", place)
    local said, code = run()
    assert.truthy(said:find("E: Failed to fetch it\nadvisories: http://d/mirror or its security updates cannot be read", 1, true), said)
    assert.equal(2, code)
    assert.equal("", must("ls %s/build", place))
  end)
end)
