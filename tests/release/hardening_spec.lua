-- What makes the programs and their libraries harder to break into, as it is in the files that came out: of this build, and
-- of the packages as a stemcell compiles them (tests/run.sh has them compiled).

local BUILD = os.getenv "CPI_BUILD" or "build"
local PACKAGES = "build/job-packages"

local shell = require "tests.support.shell"

-- What a command writes; its complaints do not count.
local function output_of(format, ...) return (shell.output_of("{ " .. format .. "\n} 2>/dev/null", ...)) end

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

local has_elf = output_of("uname -s"):find "Linux" and output_of("command -v readelf") ~= ""
local is_x86 = output_of("uname -m"):find "x86_64"
local own = has_elf and it or pending
local compiled = has_elf and exists(PACKAGES .. "/cloudstack_cpi/bin/cpi") and it or pending

-- What no program may be, linked whichever way.
local function assert_sound(path)
  local segments, dynamic = output_of("readelf -lW %s", path), output_of("readelf -dW %s", path)
  assert.truthy(segments:find "\n  GNU_RELRO ", "nothing is made read-only after the start")
  local stack = segments:match "\n  GNU_STACK [^\n]*"
  assert.truthy(stack and stack:find " RW  ", "an executable stack: " .. tostring(stack))
  for line in segments:gmatch "\n  LOAD [^\n]*" do assert.is_nil(line:find " RWE ", line) end
  assert.is_nil(dynamic:find("TEXTREL", 1, true))
  return segments, dynamic
end

-- The calls into the C library that an object or archive makes: those of the stack protector, those that check lengths.
local function checks_of(path)
  local canaries, lengths = 0, 0
  for name in output_of("nm -u %s", path):gmatch " U ([%w_]+)" do
    if name:find "^__stack_chk_fail" then canaries = canaries + 1
    elseif name:find "^__%w+_chk$" then lengths = lengths + 1 end
  end
  return canaries, lengths
end

describe("release/hardening", function()
  -- A compiler that knows less: what it is given is refused where the pattern of sh matches.
  local function options_without(step, pattern)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(('#!/bin/sh\ncase "$*" in %s) exit 1 ;; esac\nexec cc "$@"\n'):format(pattern))
    file:close()
    os.execute("chmod +x " .. path)
    local options = output_of("CC=%s release/hardening %s", path, step)
    os.remove(path)
    return options
  end

  own("asks the compiler, and leaves out what it does not know", function()
    local all = output_of "release/hardening compile"
    assert.truthy(all:find "%-fstack%-protector%-strong %-fstack%-clash%-protection .*_FORTIFY_SOURCE=[23] ")
    assert.equal((all:gsub("%-fstack%-clash%-protection ", "")), options_without("compile", "*-fstack-clash*"))
    assert.equal((all:gsub("SOURCE=3", "SOURCE=2")), options_without("compile", "*_FORTIFY_SOURCE=3*"))
    assert.equal("\n", options_without("compile", "*"))
    assert.equal("-Wl,-z,relro -Wl,-z,noexecstack\n", options_without("link", "*-z,now*"))
  end)
end)

describe("a program of this build", function()
  for _, name in ipairs { "cpi", "cpi-server" } do
    own("has all of it: " .. name, function()
      local path = ("%s/%s"):format(BUILD, name)
      local segments, dynamic = assert_sound(path)
      assert.truthy(output_of("readelf -hW %s", path):find "Type: +DYN", "it is not position-independent")
      assert.truthy(segments:find "INTERP")
      assert.truthy(dynamic:find "BIND_NOW", "what it calls can be overwritten after the start")
      local canaries, lengths = checks_of("-D " .. path)
      assert.equal(1, canaries)
      assert.truthy(lengths > 3, lengths .. " checked functions")
    end)
  end
end)

describe("a compiled program", function()
  for _, name in ipairs { "cpi", "cpi-server" } do
    local path = ("%s/cloudstack_cpi/bin/%s"):format(PACKAGES, name)

    compiled("is sound: " .. name, function() assert_sound(path) end)

    -- Each of the compiler's command lines that is in it, ours and the libraries'.
    compiled("has no part that was compiled without: " .. name, function()
      local seen = 0
      for line in output_of("readelf -p .GCC.command.line %s", path):gmatch "%]%s+([^\n]+)" do
        seen = seen + 1
        for _, option in ipairs { "-fstack-protector-strong", "-fstack-clash-protection",
          is_x86 and "-fcf-protection=full" or "-mbranch-protection=standard" } do
          assert.truthy(line:find(option, 1, true), option .. " is not in " .. line)
        end
      end
      assert.truthy(seen >= 3, seen .. " command lines")
    end)
  end
end)

describe("a library's archive", function()
  for _, path in ipairs { "c-ares/lib/libcares.a", "curl/lib/libcurl.a", "libmicrohttpd/lib/libmicrohttpd.a", "lua/lib/liblua.a",
    "lua-cjson/lib/libcjson.a", "openssl/lib/libcrypto.a", "openssl/lib/libssl.a", "sqlite/lib/libsqlite3.a" } do
    compiled("has canaries, checked lengths and landing pads, and needs no executable stack: " .. path, function()
      local archive = ("%s/%s"):format(PACKAGES, path)
      local canaries, lengths = checks_of(archive)
      assert.truthy(canaries > 0, "no object has a canary")
      assert.truthy(lengths > 0, "no object calls a function that checks lengths")
      local _, objects = output_of("ar t %s", archive):gsub("\n", "")
      local sections = output_of("readelf -SW %s", archive)
      assert.equal(objects, select(2, sections:gsub("%.note%.GNU%-stack ", "")))
      assert.is_nil(sections:find "%.note%.GNU%-stack[^\n]* X ")
      if is_x86 then
        local _, pads = output_of("readelf -nW %s", archive):gsub("IBT, SHSTK", "")
        assert.equal(objects, pads, "objects with landing pads")
      end
    end)
  end
end)
