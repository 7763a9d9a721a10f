-- The packages of bosh-release: what their scripts may use, where their sources come from.

local output_of = require("tests.support.shell").all_of

local read = require("tests.support.text_file").read

local function names()
  local list = {}
  for name in output_of("ls bosh-release/packages"):gmatch "%S+" do list[#list + 1] = name end
  return list
end

-- What every stemcell and every workstation that can compile has, and what bash brings along.
local ALLOWED = {}
for word in ([[
  ar bash cc cd command cp find getconf make mkdir patch perl ranlib sort tar uname xargs
  break case do done echo else esac exit fi for if in set then while true
  ./config ./configure
]]):gmatch "%S+" do ALLOWED[word] = true end

-- The commands of a script of the plain sort that ours are: the first word of every line, and after ; | & ( do then
-- else. Continued lines are one; comments, assignments before a command and patterns of case are none.
local function commands_of(script)
  local list = {}
  local text = script:gsub("\n%s*#[^\n]*", "\n"):gsub("^#[^\n]*", ""):gsub("\\\n%s*", " "):gsub('"[^"\n]*"', '"q"')
  for line in text:gmatch "[^\n]+" do
    line = line:gsub("%d?>[&>]?%s*[%w/$&]+", ""):gsub("^%s*[%w*|]+%)%s*", "")
    line = line:gsub("[;|&()]+", "\n"):gsub("%f[%a]do%f[%A]", "\n"):gsub("%f[%a]then%f[%A]", "\n"):gsub("%f[%a]in%f[%A]", "\nin ")
    for part in line:gmatch "[^\n]+" do
      local word = part:gsub("^%s+", "")
      while word:find "^[%w_]+=" do word = word:gsub("^[%w_]+=%S*%s*", "") end
      word = word:match "^%$%b{}" or word:match "^%S+"
      if word then list[#list + 1] = word:match "^%${CC:%-cc}$" and "cc" or word end
    end
  end
  return list
end

-- What a packaging script may not do -> a sentence, or nil.
local function fault_of(script)
  local before_in = {}
  for word in script:gmatch "for%s+([%w_]+)%s+in" do before_in[word] = true end
  for _, word in ipairs(commands_of(script)) do
    if word ~= "in" and not ALLOWED[word] and not before_in[word] and not word:find "^[%[\"$<}]" then
      return "it runs " .. word
    end
  end
  if script:find "/dev/tcp" or script:find "https?://" then return "it speaks of the network" end
  if not script:find("set -euo pipefail", 1, true) then return "it goes on after an error" end
  if not script:find("BOSH_INSTALL_TARGET", 1, true) then return "it installs nothing" end
end

describe("a packaging script", function()
  for _, name in ipairs(names()) do
    it("uses only what a stemcell has: " .. name, function()
      local script = read(("bosh-release/packages/%s/packaging"):format(name))
      assert.is_nil(fault_of(script))
      assert.truthy(script:find "^#!/usr/bin/env bash\n# %a", "it says what it is for")
      local said, ok = output_of("bash -n bosh-release/packages/" .. name .. "/packaging")
      assert.truthy(ok, said)
    end)
  end

  -- Both archives of the Debian source package, and both in the call: upstream's bytes are never compiled without the patches.
  for _, name in ipairs(names()) do
    local spec, script = read(("bosh-release/packages/%s/spec"):format(name)), read(("bosh-release/packages/%s/packaging"):format(name))
    local archive = spec:match "\n%- (%S+%.orig%.tar%.%a+)"
    if archive then
      it("applies Debian's patches: " .. name, function()
        local patches = spec:match "\n%- (%S+%.debian%.tar%.%a+)"
        assert.truthy(patches, "no patches in its spec")
        assert.truthy(script:find(("\nbash release/unpack %s %s"):format(archive, patches), 1, true), "no release/unpack with both")
        assert.is_nil(script:find "%f[%w]tar ", "it unpacks something else besides")
      end)
    end
  end

  for _, name in ipairs(names()) do
    if name ~= "cloudstack_cpi" then -- its Makefile asks
      it("compiles with what release/hardening says: " .. name, function()
        local script = read(("bosh-release/packages/%s/packaging"):format(name))
        assert.truthy(script:find("hardening=$(bash release/hardening compile)\n", 1, true))
        assert.truthy(script:find("%-O2[^\n]* %$hardening"))
      end)
    end
  end

  it("would be found out", function()
    local good = 'set -euo pipefail\ntar xzf a.tar.gz\nmake install DESTDIR="$BOSH_INSTALL_TARGET"\n'
    assert.is_nil(fault_of(good))
    for script, fault in pairs {
      [good .. "jq . <spec"] = "it runs jq",
      [good .. "if true; then\n  pkg-config --libs lua\nfi"] = "it runs pkg-config",
      [good .. "true && git log"] = "it runs git",
      [good .. "A=1 wget x"] = "it runs wget",
      [good .. "cc -o \\\n  a a.c | tee log"] = "it runs tee",
      ['set -euo pipefail\nmake'] = "it installs nothing",
      ['make install DESTDIR="$BOSH_INSTALL_TARGET"'] = "it goes on after an error",
    } do
      assert.equal(fault, fault_of(script), script)
    end
  end)
end)

describe("third-party sources", function()
  -- Without git: everything but what .gitignore names.
  local tracked = output_of [[git ls-files 2>/dev/null ||
    find . \( -path ./build -o -path ./.git -o -path ./bosh-release/blobs -o -path ./bosh-release/src \) -prune -o -type f -printf '%P\n']]

  it("are not in the repository", function()
    assert.truthy(tracked:find("bosh-release/config/blobs.yml", 1, true), tracked)
    for path in tracked:gmatch "[^\n]+" do
      assert.is_nil(path:find "%.tar%." or path:find "%.tgz$" or path:find "%.zip$" or path:find "^bosh%-release/blobs/", path)
      assert.is_nil(path:find "sqlite3%.[ch]$" or path:find "^bosh%-release/src/", path)
    end
  end)

  it("are pinned, each that a package names, and no other", function()
    local pinned, named = {}, {}
    local text = read "bosh-release/config/blobs.yml"
    for path, size, sha, source in text:gmatch "\n(%S+):\n  size: (%d+)\n  sha: sha256:(%x+)\n  debian: (%S+=%S+ [%l-]+)\n" do
      pinned[path] = tonumber(size) > 0 and #sha == 64 and source
    end
    for _, name in ipairs(names()) do
      for path in read(("bosh-release/packages/%s/spec"):format(name)):gmatch "\n%- (%S+%.tar%.%a+)" do named[path] = true end
    end
    for path in pairs(named) do assert.truthy(pinned[path], path) end
    for path in pairs(pinned) do assert.truthy(named[path], path) end
  end)

  it("are fetched, or all that is missing is named", function()
    local said, ok = output_of "release/blobs --check"
    if not ok then pending("the sources are not here: " .. said) end
  end)
end)
