-- make install: programs that run from there, manual pages that man can read, completions where the shells look.

local must = require("tests.support.shell").must

describe("make install", function()
  local root, prefix

  setup(function()
    root = must "mktemp -d":match "%S+"
    prefix = root .. "/opt/cpi"
    must(("make --no-print-directory install BUILD=%s DESTDIR=%s PREFIX=/opt/cpi"):format(os.getenv "CPI_BUILD" or "build", root))
  end)
  teardown(function() must("rm -rf " .. root) end)

  local function read(path)
    local file = assert(io.open(prefix .. "/" .. path))
    local text = file:read "a"
    file:close()
    return text
  end

  it("installs nothing but below DESTDIR and PREFIX, for everybody to read", function()
    assert.equal("opt\n", must("ls " .. root))
    assert.equal("", must(("find %s -type f ! -perm -444"):format(prefix)))
  end)

  it("installs programs that find their Lua there", function()
    local answer = must(([[cd / && echo '{"method":"info","arguments":[],"context":{}}' | %s/bin/cpi]]):format(prefix))
    assert.truthy(answer:find('"api_version":3', 1, true), answer)
    assert.truthy(must(("cd / && %s/bin/cpi-server --help || true"):format(prefix)):find "sim")
    local installed = must(("cd %s/share/cloudstack_cpi/lua && find . -name '*.lua' | sort"):format(prefix))
    assert.truthy(read "share/cloudstack_cpi/lua/files.sha256":find("  ./cpi.lua\n", 1, true))
    assert.equal(must "cd lua && find . -name '*.lua' | sort", installed)
  end)

  it("installs what a stemcell is given, where the scripts look for it", function()
    must(("diff -r stemcell %s/share/cloudstack_cpi/stemcell"):format(prefix))
  end)

  it("installs cpi(1), cpi-server(1) and cpi-policy(7)", function()
    for path, title in pairs { ["man1/cpi.1"] = "CPI 1", ["man1/cpi-server.1"] = "CPI-SERVER 1", ["man7/cpi-policy.7"] = "CPI-POLICY 7" } do
      local page = read("share/man/" .. path)
      assert.truthy(page:gsub("\\%-", "-"):upper():find(".TH " .. title, 1, true), page:sub(1, 80))
      assert.truthy(page:find("\n.SH NAME\n", 1, true))
    end
  end)

  it("installs the completions, where each shell looks for them", function()
    for path, shell in pairs { ["bash-completion/completions/cpi"] = "bash", ["zsh/site-functions/_cpi"] = "zsh",
      ["fish/vendor_completions.d/cpi.fish"] = "fish" } do
      local text = read("share/" .. path)
      assert.equal(must(("%s/bin/cpi completion %s"):format(prefix, shell)), text)
      assert.truthy(text:find "doctor" or text:find "policy", path)
    end
    must(("bash -n %s/share/bash-completion/completions/cpi"):format(prefix))
    assert.truthy(read "share/zsh/site-functions/_cpi":find "^#compdef cpi\n")
  end)

  it("installs completions and a page of cpi-server, by the help that it gives itself", function()
    must(("bash -n %s/share/bash-completion/completions/cpi-server"):format(prefix))
    assert.truthy(read "share/zsh/site-functions/_cpi-server":find "^#compdef cpi%-server\n")
    local page, bash, fish = read "share/man/man1/cpi-server.1", read "share/bash-completion/completions/cpi-server",
      read "share/fish/vendor_completions.d/cpi-server.fish"
    local count = 0
    for name in must(("%s/bin/cpi-server --help"):format(prefix)):gmatch "\n  (%l+) " do
      for option in must(("%s/bin/cpi-server %s --help"):format(prefix, name)):gmatch "\n  %-%-([%l-]+)" do
        count = count + 1
        assert.truthy(page:find(".B \\-\\-" .. option, 1, true), option)
        assert.truthy(bash:find("--" .. option, 1, true), option)
        assert.truthy(fish:find(("__fish_seen_subcommand_from %s' -l %s"):format(name, option), 1, true), option)
      end
    end
    assert.is_true(count > 8)
    assert.truthy(must(("%s/bin/cpi-server --version"):format(prefix)):find "^cloudstack_cpi %d")
    local offered = must(([[bash -c '. %s/share/bash-completion/completions/cpi-server; COMP_WORDS=(cpi-server sim --w); COMP_CWORD=2;
      _cpi_server; echo "${COMPREPLY[@]}"']]):format(prefix))
    assert.equal("--world\n", offered)
  end)

  it("is removed again, with nothing left", function()
    must(("make uninstall BUILD=%s PREFIX=%s"):format(os.getenv "CPI_BUILD" or "build", prefix))
    assert.equal("", must(("find %s -type f"):format(prefix)))
  end)
end)
