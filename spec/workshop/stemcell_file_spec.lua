local operator = require "tests.support.operator"
local stemcell_file = require "workshop.stemcell_file"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory, work

before_each(function()
  directory = operator.directory()
  work = workbench.new(directory)
end)
after_each(function() work:__close() end)

local function tarball(files, more)
  local names = {}
  for name, text in pairs(files) do
    operator.write(directory .. "/" .. name, text)
    names[#names + 1] = name
  end
  stemcells.must("cd '%s' && tar czf s.tgz %s %s", directory, more or "", table.concat(names, " "))
  return directory .. "/s.tgz"
end

local MF = "name: bosh-x\nversion: '1'\n"

local function refused(path) return (workbench.refused(stemcell_file.open, work, path):gsub("^.*/s%.tgz", "s.tgz")) end

describe("a stemcell's tarball", function()
  it("is opened: the manifest, the image, and what published stemcells have beside them", function()
    local file = stemcell_file.open(work, tarball { ["stemcell.MF"] = MF, image = "abc", ["packages.txt"] = "p", other = "o" })
    assert.same({ "bosh-x", 3, { "packages.txt", ["packages.txt"] = true } }, { file.manifest:text "name", file.size, file.others })
    assert.equal("image\npackages.txt\nstemcell.MF\n", workbench.names(work.directory))
  end)

  it("may be light, or have its members in a directory", function()
    stemcells.must("cd '%s' && mkdir d", directory)
    operator.write(directory .. "/d/stemcell.MF", MF)
    operator.write(directory .. "/d/image", "")
    stemcells.must("cd '%s' && tar czf s.tgz ./d", directory)
    assert.equal(0, stemcell_file.open(work, directory .. "/s.tgz").size)
  end)

  it("is refused where it is none", function()
    assert.equal("s.tgz: there is no stemcell.MF in it: it is not a stemcell", refused(tarball { image = "abc" }))
    assert.equal("s.tgz: there is no file image in it", refused(tarball { ["stemcell.MF"] = MF }))
    assert.equal("s.tgz: its stemcell.MF has 1048577 bytes", refused(tarball { ["stemcell.MF"] = ("x"):rep(1048577), image = "abc" }))
    os.remove(directory .. "/image")
    os.execute(("ln -s /etc/passwd '%s/image'"):format(directory))
    os.remove(directory .. "/stemcell.MF")
    assert.equal("s.tgz: there is no file image in it", refused(tarball({ ["stemcell.MF"] = MF }, "image")))
    operator.write(directory .. "/s.tgz", "no tar at all")
    assert.equal("s.tgz: gzip cannot unpack it", (refused(directory .. "/s.tgz"):gsub("it is not a gzipped tar", "gzip cannot unpack it")))
    assert.matches("No such file or directory$", refused(directory .. "/none.tgz"))
  end)

  it("is packed with the image's checksum, and compared with what went in", function()
    local file = stemcell_file.open(work, tarball { ["stemcell.MF"] = MF, image = "abc", ["packages.txt"] = "p" })
    assert.equal("stemcell.tgz", stemcell_file.pack(work, file.manifest, file.others))
    assert.equal("stemcell.MF\npackages.txt\nimage\n", stemcells.must("tar tzf '%s'", work:path "stemcell.tgz"))
    assert.equal("a9993e364706816aba3e25717850c26c9cd0d89d", file.manifest:text "sha1")
    assert.equal(file.manifest:write(), stemcells.must("tar xzOf '%s' stemcell.MF", work:path "stemcell.tgz"))
  end)

  it("is accepted where tar finds nothing, or other modes and owners alone; not where it differs without a word", function()
    local function packed(code, output)
      local bench <close> = workbench.new(directory)
      local file = stemcell_file.open(bench, tarball { ["stemcell.MF"] = MF, image = "abc" })
      local run = bench.run
      function bench:run(words, options)
        if words[2] == "--compare" then return { code = code, output = output, errors = "" } end
        return run(self, words, options)
      end
      local ok, failure = pcall(stemcell_file.pack, bench, file.manifest, file.others)
      return ok or failure.message
    end
    assert.is_true(packed(0, ""))
    assert.is_true(packed(1, "image: Mode differs\nimage: Uid differs\n"))
    assert.equal("the stemcell was not packed as it should be: tar reports a difference", packed(1, ""))
  end)

  it("is not accepted where another image was packed", function()
    local file = stemcell_file.open(work, tarball { ["stemcell.MF"] = MF, image = "abc" })
    local run = work.run
    function work:run(words, options)
      local result = run(self, words, options)
      if words[2] == "--create" then operator.write(self:path "image", "abd") end
      return result
    end
    local ok, failure = pcall(stemcell_file.pack, work, file.manifest, file.others)
    assert.matches("^the stemcell was not packed as it should be: image: ", not ok and failure.message)
  end)
end)
