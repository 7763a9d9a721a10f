-- The release tarball: the same bytes each time, laid out and summed as the bosh CLI does it.

local shell = require "tests.support.shell"

local must = shell.must

-- Without the third-party sources there is no tarball (`make blobs` fetches them; offline it cannot).
local is_whole = os.execute "release/blobs --check 2>/dev/null"
local it = is_whole and it or pending

local function sum_of(path) return must(("sha256sum '%s'"):format(path)):match "%x+" end

describe("the release tarball", function()
  local place, tarball, manifest

  setup(function()
    place = must "mktemp -d":match "%S+"
    if not is_whole then return end
    tarball = place .. "/first.tgz"
    must("release/dist 1.2.3 " .. tarball)
    must(("mkdir %s/tree && tar xzf %s -C %s/tree"):format(place, tarball, place))
    local file = assert(io.open(place .. "/tree/release.MF"))
    manifest = file:read "a"
    file:close()
  end)
  teardown(function() must("rm -rf " .. place) end)

  -- The entries of a section: name -> { field = value }.
  local function entries(section)
    local list = {}
    local text = manifest:match("\n" .. section .. ":(\n.-\n)%l"):gsub("\n%- name: ", "\n\0")
    for name, fields in text:gmatch "\0([^\n]+)([^\0]*)" do
      list[name] = {}
      for key, value in fields:gmatch "  ([%l%d]+): (%S+)\n" do list[name][key] = value end
    end
    return list
  end

  it("is the same to the byte wherever and whenever it is made", function()
    must(("TZ=Pacific/Auckland LANG=tr_TR.UTF-8 HOME=%s sh -c 'umask 077; release/dist 1.2.3 %s/second.tgz'"):format(place, place))
    assert.equal(sum_of(tarball), sum_of(place .. "/second.tgz"))
  end)

  it("says of which version and commit it is", function()
    local commit = must "git rev-parse HEAD 2>/dev/null || echo non-git":sub(1, 7)
    local head = ("name: bosh-cloudstack-cpi\nversion: 1.2.3\ncommit_hash: %s\nuncommitted_changes: "):format(commit)
    assert.equal(head, manifest:sub(1, #head))
    assert.truthy(manifest:find "\nno_compression: false\n$")
  end)

  it("has what the manifest says, with its sums", function()
    local files = {}
    for path in must(("cd %s/tree && find . -type f"):format(place)):gmatch "%./(%S+)" do files[path] = true end
    files["release.MF"] = nil
    for _, section in ipairs { "jobs", "packages" } do
      for name, one in pairs(entries(section)) do
        local path = ("%s/%s.tgz"):format(section, name)
        assert.truthy(files[path], path)
        files[path] = nil
        assert.equal("sha256:" .. sum_of(place .. "/tree/" .. path), one.sha1)
        assert.truthy(one.fingerprint:find "^%x+$" and #one.fingerprint == 64)
        assert.equal(one.fingerprint, one.version)
      end
    end
    for path in must "cd bosh-release && ls ops/*.yml":gmatch "%S+" do
      assert.equal(sum_of("bosh-release/" .. path), sum_of(("%s/tree/%s"):format(place, path)))
      files[path] = nil
    end
    assert.same({}, files)
  end)

  -- Written down from what `bosh create-release` of the CLI (7.10) makes of the same files.
  it("has the CLI's fingerprints", function()
    local tree = place .. "/cli"
    must(("mkdir -p %s/release %s/bosh-release/packages/p %s/bosh-release/blobs && cp release/packages.sh %s/release"):format(tree,
      tree, tree, tree))
    must(([[cd %s && printf 'a\n' >plain && printf 'b\n' >runs && chmod 755 runs && printf 'make\n' >bosh-release/packages/p/packaging
      printf -- '---\nname: p\ndependencies:\n- z\n- q\nfiles:\n- plain\n- runs\n' >bosh-release/packages/p/spec]]):format(tree))
    local said = must(("cd %s && bash -c '. release/packages.sh; package_fingerprint p'"):format(tree))
    assert.equal("839cdc5112511352b5ad294906abfa2ec20aa565b36bea00b0cda4775f52469a", said:match "%x+")
  end)

  it("has packages with their script and sources, jobs with their templates", function()
    local package = must(("tar tzf %s/tree/packages/cloudstack_cpi.tgz"):format(place))
    for _, path in ipairs { "packaging", "Makefile", "LICENSE", "src/main.c", "src/base/http.c", "lua/cpi.lua",
      "lua/verbs/create_vm.lua" } do
      assert.truthy(package:find("\n./" .. path .. "\n", 1, true), path)
    end
    assert.is_nil(package:find("spec/", 1, true))
    local job = must(("tar tzf %s/tree/jobs/cloudstack_cpi.tgz"):format(place))
    for _, path in ipairs { "job.MF", "monit", "templates/bin/cpi.erb", "templates/config/cpi.json.erb" } do
      assert.truthy(job:find("\n./" .. path .. "\n", 1, true), path)
    end
  end)

  it("names nobody and no time", function()
    for line in must(("tar tvzf %s --numeric-owner"):format(tarball)):gmatch "[^\n]+" do
      assert.truthy(line:find " 0/0 +%d+ 1980%-01%-01 ", line)
    end
  end)
end)

describe("the tarball with compiled packages", function()
  local place, names = nil, {}

  setup(function()
    place = must "mktemp -d":match "%S+"
    for name in must "ls bosh-release/packages":gmatch "%S+" do
      names[#names + 1] = name
      must(("mkdir -p %s/packages/%s/bin && echo %s >%s/packages/%s/bin/program && chmod 755 %s/packages/%s/bin/program"):format(
        place, name, name, place, name, place, name))
    end
    if not is_whole then return end
    must(("release/dist 1.2.3 %s/compiled.tgz %s/packages ubuntu-jammy/1.943"):format(place, place))
    must(("mkdir %s/tree && tar xzf %s/compiled.tgz -C %s/tree"):format(place, place, place))
  end)
  teardown(function() must("rm -rf " .. place) end)

  it("has each as it was compiled, for the stemcell, with the fingerprint of its sources", function()
    local manifest = must(("cat %s/tree/release.MF"):format(place))
    assert.is_nil(manifest:find "\npackages:")
    local section = manifest:match "\ncompiled_packages:\n(.-)\nno_compression"
    for _, name in ipairs(names) do
      local print = must(("bash -c '. release/packages.sh; package_fingerprint %s'"):format(name)):match "%x+"
      local path = ("%s/tree/compiled_packages/%s.tgz"):format(place, name)
      local entry = ("- name: %s\n  version: %s\n  fingerprint: %s\n  sha1: sha256:%s\n  stemcell: ubuntu-jammy/1.943\n  dependencies:")
        :format(name, print, print, sum_of(path))
      assert.truthy(section:find(entry, 1, true), section)
      assert.truthy(must("tar tvzf " .. path):find "%-rwxr%-xr%-x 0/0 [^\n]* ./bin/program\n")
    end
  end)

  it("has the job as ever", function()
    must(("test -f %s/tree/jobs/cloudstack_cpi.tgz && test ! -e %s/tree/packages"):format(place, place))
  end)

  it("is for a stemcell and nothing else", function()
    local said, ok = shell.all_of(("release/dist 1.2.3 %s/x.tgz %s/packages jammy"):format(place, place))
    assert.is_false(ok)
    assert.truthy(said:find("'jammy' is no stemcell", 1, true), said)
  end)
end)
