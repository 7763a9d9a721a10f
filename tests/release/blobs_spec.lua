-- release/blobs with an archive of this test's: an apt-get and an apt-cache that answer from a directory. What apt itself
-- does is not tried here; that each pinned file can be had from Debian is what `make blobs` shows.

local shell = require "tests.support.shell"

local must = shell.must

local write = require("tests.support.text_file").write

-- ARCHIVES has a directory per archive, named as the last part of its URL, in it VERSION/FILE. An archive that is not
-- there cannot be read. A file that ends in .cut is broken off after half, and apt says so.
local APT = [[#!/bin/sh
archive=$ARCHIVES/$(sed -n 's/.*\] .*\/\([^ /]*\) .*/\1/p' "${APT_CONFIG%/apt.conf}/sources.list" | head -n 1)
for last; do :; done
case "${0##*/} $*" in
  *update) [ -d "$archive" ] || { echo "E: Failed to fetch $archive"; exit 100; } ;;
  apt-cache*) for version in "$archive"/*; do [ -d "$version" ] && echo "Version: ${version##*/}"; done; true ;;
  *) directory=$archive/${last#*=}
    for file in "$directory"/*; do
      case $file in
        *.cut) name=${file##*/}; head -c 2 "$file" >"${name%.cut}"; exit 100 ;;
        *) cp "$file" . ;;
      esac
    done ;;
esac
]]

local TEXT = "the source of one library\n"

describe("release/blobs", function()
  local place, blob, sum

  before_each(function()
    place = must "mktemp -d":match "%S+"
    blob = place .. "/bosh-release/blobs/one/one_1.0.orig.tar.gz"
    must("mkdir -p %s/bosh-release/config %s/bin %s/archives && cp -R release %s", place, place, place, place)
    write(place .. "/bin/apt-get", APT)
    must("chmod +x %s/bin/apt-get && ln -s apt-get %s/bin/apt-cache", place, place)
    sum = must("printf '%s' | sha256sum", TEXT:gsub("\n", "\\n")):match "%x+"
    write(place .. "/bosh-release/config/blobs.yml", ("# snapshot: that-day\n\none/one_1.0.orig.tar.gz:\n  size: %d\n"
      .. "  sha: sha256:%s\n  debian: one=1.0 suite\n"):format(#TEXT, sum))
  end)
  after_each(function() must("rm -rf %s", place) end)

  -- A version of the library in an archive ("mirror", or "that-day" of the snapshot).
  local function offer(archive, version, text, suffix)
    must("mkdir -p %s/archives/%s/%s", place, archive, version)
    write(("%s/archives/%s/%s/one_1.0.orig.tar.gz%s"):format(place, archive, version, suffix or ""), text)
  end

  local function run(words)
    return shell.all_of("PATH=%s/bin:$PATH ARCHIVES=%s/archives DEBIAN_MIRROR=http://d/mirror DEBIAN_SNAPSHOT=http://s "
      .. "%s/release/blobs %s", place, place, place, words or "")
  end

  local function content()
    local file = io.open(blob)
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
  end

  -- What is beside the blobs when it has ended.
  local function left() return must("ls %s/build; find %s/bosh-release/blobs -type f 2>/dev/null || true", place, place) end

  it("fetches what is missing, and nothing the second time", function()
    offer("mirror", "1.0-3", TEXT)
    local said, ok = run()
    assert.is_true(ok, said)
    assert.equal("blobs: fetching one/one_1.0.orig.tar.gz (1 of 1)\nblobs: one/one_1.0.orig.tar.gz (one 1.0-3 of http://d/mirror)\n", said)
    assert.equal(TEXT, content())
    assert.equal(blob .. "\n", left())
    must("rm -r %s/archives", place)
    said, ok = run()
    assert.is_true(ok, said)
    assert.equal("blobs: all 1 are here\n", said)
  end)

  it("takes no half for the whole, wherever the half is from", function()
    offer("mirror", "1.0-3", TEXT)
    must("mkdir -p %s/bosh-release/blobs/one", place)
    write(blob, TEXT:sub(1, 9)) -- somebody copied it and was interrupted
    local said, ok = run "--check"
    assert.is_false(ok)
    assert.truthy(said:find("one/one_1.0.orig.tar.gz", 1, true), said)
    assert.is_true(select(2, run()))
    assert.equal(TEXT, content())
  end)

  it("throws away what broke off, and takes it from where it is whole", function()
    offer("mirror", "1.0-3", TEXT, ".cut")
    offer("that-day", "1.0-1", TEXT)
    local said, ok = run()
    assert.is_true(ok, said)
    assert.truthy(said:find("mirror has of one 1.0 could not be fetched, or has other bytes than those pinned", 1, true), said)
    assert.truthy(said:find("(one 1.0-1 of http://s/that-day)", 1, true), said)
    assert.equal(blob .. "\n", left())
  end)

  it("finds what the suite has replaced in the snapshot of that day", function()
    offer("mirror", "1.1-1", "newer")
    offer("that-day", "1.0-2", TEXT)
    local said, ok = run()
    assert.is_true(ok, said)
    assert.truthy(said:find("http://d/mirror suite has no one 1.0, but 1.1-1\n", 1, true), said)
    assert.equal(TEXT, content())
  end)

  it("takes a suite of security updates from the archive beside, on that day too", function()
    local lock = place .. "/bosh-release/config/blobs.yml"
    must("sed -i 's/ suite$/ suite-security/' %s", lock)
    offer("mirror-security", "1.0-2", TEXT)
    local said, ok = run()
    assert.is_true(ok, said)
    assert.equal(TEXT, content())
    must("rm -r %s/bosh-release/blobs %s/archives && mkdir %s/archives", place, place, place)
    offer("that-day", "1.0-2", TEXT)
    said, ok = run()
    assert.is_true(ok, said)
    assert.truthy(said:find("blobs: http://d/mirror cannot be read\n", 1, true), said)
    assert.equal(TEXT, content())
  end)

  it("refuses other bytes under the same name, whoever has them", function()
    offer("mirror", "1.0-3", "something else")
    offer("that-day", "1.0-3", "something else")
    local said, ok = run()
    assert.is_false(ok)
    assert.truthy(said:find("other bytes than those pinned", 1, true), said)
    assert.truthy(said:find("not to be had: bosh-release/blobs/one/one_1.0.orig.tar.gz, SHA-256 " .. sum, 1, true), said)
    assert.equal("", left())
  end)

  it("says so when no archive can be read, and what can be done", function()
    local said, ok = run()
    assert.is_false(ok)
    assert.truthy(said:find("blobs: http://d/mirror cannot be read\n", 1, true), said)
    assert.truthy(said:find("blobs: http://s/that-day cannot be read\n", 1, true), said)
    assert.truthy(said:find("name another archive (DEBIAN_MIRROR)", 1, true), said)
    assert.equal("", left())
  end)

  it("refuses words that it does not know", function() assert.is_false(select(2, run "--all")) end)
end)
