local file_system = require "workshop.file_system"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory, work

before_each(function()
  directory = operator.directory()
  work = workbench.new(directory)
end)
after_each(function() work:__close() end)

-- The bench's disk.raw, of a stemcell.
local function disk(what)
  what.packing = "raw"
  local path = stemcells.make(directory, "s.tgz", what)
  stemcells.must("cd '%s' && tar xzf '%s' image && tar xzf image && mv root.img disk.raw && rm image", work.directory, path)
end

local FILES = {
  { path = "/var/vcap/bosh/agent.json", text = "{}\n", mode = 420 },
  { path = "/new/place/script", text = "#!/bin/sh\n" .. ("x"):rep(5000), mode = 493 },
}
local LINKS = { { path = "/etc/systemd/system/multi-user.target.wants/a.service", target = "/etc/systemd/system/a.service" } }

describe("the root file system of a disk", function()
  for kind, expected in pairs { dos = { "dos", 1, 63, false }, gpt = { "gpt", 2, 4096, true }, none = { "none", 1, 0, false } } do
    it("is found in a partition table of kind " .. kind .. ", read and written", function()
      disk { table = kind }
      local root = file_system.open(work, "disk.raw")
      local layout = root.layout
      assert.same(expected, { layout.label, layout.root, layout.partitions[layout.root].start, layout.uefi })
      assert.equal(stemcells.AGENTS.openstack, root:read "/var/vcap/bosh/agent.json")
      assert.is_nil(root:read "/var/vcap/bosh")
      assert.is_nil(root:read "/none")
      root:write(FILES, LINKS)
      root:write(FILES, LINKS) -- a second time, over what is there
      for _, file in ipairs(FILES) do assert.equal(file.text, root:read(file.path)) end
      assert.equal("openstack", root:read "/var/vcap/bosh/etc/infrastructure")
      assert.equal("disk.raw\n", workbench.names(work.directory))
    end)
  end

  it("is on a disk that boots by UEFI alone where only such a loader is there", function()
    for table, uefi in pairs { dos_efi = true, gpt = true, dos = false } do
      for _, grub in ipairs { false, true } do
        disk { table = table, grub = grub or nil }
        assert.equal(uefi and not grub, file_system.open(work, "disk.raw").layout.uefi, table)
        os.remove(work:path "disk.raw")
      end
    end
  end)

  it("has what its journal holds before it is written, as a mount would do", function()
    disk { journal = true }
    local root = file_system.open(work, "disk.raw")
    local block = stemcells.must("cd '%s' && /usr/sbin/debugfs -R 'blocks /var/vcap/bosh/bin/bosh-agent' '%s' 2>&1", work.directory,
      root.device):match "(%d+) *\n?$"
    work:write("block", "replay\n\n" .. ("\0"):rep(1016))
    work:write("journal", ("jo\njw -b %s block\njc\n"):format(block))
    stemcells.must("cd '%s' && /usr/sbin/debugfs -w -f journal '%s'", work.directory, root.device)
    assert.equal("an agent\n", root:read "/var/vcap/bosh/bin/bosh-agent")
    root:write(FILES, LINKS)
    assert.equal("replay\n\n\0", root:read "/var/vcap/bosh/bin/bosh-agent")
  end)

  it("is not written where a directory or a file has the place of the other", function()
    disk { files = { ["/new/place"] = "a file", ["/etc/systemd/system/multi-user.target.wants/a.service/x"] = "" } }
    local root = file_system.open(work, "disk.raw")
    local ok, failure = pcall(root.write, root, FILES, {})
    assert.equal("the stemcell's disk has a file at /new/place, where a directory is expected", not ok and failure.message)
    os.remove(work:path "content.1")
    ok, failure = pcall(root.write, root, {}, LINKS)
    assert.equal("the stemcell's disk has a directory at " .. LINKS[1].path, not ok and failure.message)
  end)

  it("sees what did not become as it was written", function()
    disk {}
    local root = file_system.open(work, "disk.raw")
    local run = work.run
    function work:run(words, options) -- a debugfs that changes nothing and says nothing
      if words[1] == "debugfs" and words[2] == "-w" then return { code = 0, output = "", errors = "" } end
      return run(self, words, options)
    end
    local ok, failure = pcall(root.write, root, FILES, LINKS)
    assert.equal("the stemcell's disk was not changed: /var/vcap/bosh/agent.json is not as it was written", not ok and failure.message)
    work:remove "changes"
    ok, failure = pcall(root.write, root, {}, LINKS)
    assert.matches("was not changed: .*a.service is not a link to /etc", not ok and failure.message)
  end)

  it("is looked for by its agent", function()
    stemcells.must("truncate -s 4M '%s/disk.raw'", work.directory)
    local ok, failure = pcall(file_system.open, work, "disk.raw")
    assert.equal("the stemcell's disk has no ext file system with /var/vcap/bosh/agent.json in it (partition table: none, 1 partitions)",
      not ok and failure.message)
  end)
end)
