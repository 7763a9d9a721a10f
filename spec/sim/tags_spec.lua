local cloud = require "spec.sim.cloud"

describe("tags", function()
  local c, vm
  before_each(function()
    c = cloud.new()
    vm = c:vm("vm-a")
  end)

  local function create(tags) return "createTags", c:tag(vm.id, "UserVm", tags) end

  it("are shown with their object and found by it", function()
    c:job(create { director = "d1" })
    assert.equal("d1", c:seen_vm(vm.id).tags[1].value)
    assert.equal(1, #c:rows("listVirtualMachines", "virtualmachine", { ["tags[0].key"] = "director",
      ["tags[0].value"] = "d1" }))
    assert.equal(0, #c:rows("listVirtualMachines", "virtualmachine", { ["tags[0].key"] = "director",
      ["tags[0].value"] = "d2" }))
    local row = c:rows("listTags", "tag", { resourceid = vm.id, resourcetype = "UserVm" })[1]
    assert.equal("director", row.key)
    assert.equal("ROOT/bosh", row.domainpath)
    assert.same({}, c:call("listTags", { key = "direct" }))
    assert.same({}, c:call("listTags", {}, "other"))
  end)

  it("of a call are all made or none: a key that exists fails it", function()
    c:job(create { director = "d1" })
    assert.equal(("530 tag director already on UserVm with id %s"):format(vm.id), c:failed(create { director = "d1",
      b = "c" }))
    assert.equal(1, #c:rows("listTags", "tag"))
  end)

  it("of a call are all made or none: one empty value fails it", function()
    assert.equal("431 Value for the key empty is either null or empty", c:failed(create { empty = "", good = "x" }))
    assert.same({}, c:call("listTags"))
  end)

  it("may be long", function()
    c:job(create { long = ("x"):rep(300) })
    assert.equal(300, #c:seen_vm(vm.id).tags[1].value)
  end)

  it("that are missing can't be deleted, and then none is", function()
    c:job(create { a = "1", b = "2" })
    assert.equal("530 Failed to delete tags",
      c:failed("deleteTags", { resourceids = vm.id, resourcetype = "UserVm", ["tags[0].key"] = "a",
        ["tags[1].key"] = "x" }))
    assert.equal(2, #c:rows("listTags", "tag"))
    c:job("deleteTags", { resourceids = vm.id, resourcetype = "UserVm", ["tags[0].key"] = "a" })
    assert.equal("b", c:rows("listTags", "tag")[1].key)
  end)

  it("need a resource that is there, of a type that there is, of one's own", function()
    assert.matches("^431 Unable to find resource by uuid ", c:failed("createTags", c:tag("x", "UserVm", { a = "b" })))
    assert.equal("431 Invalid resource type Bogus", c:failed("createTags", c:tag(vm.id, "Bogus", { a = "b" })))
    assert.equal("530 Caller does not have permission to operate with provided resource.",
      c:failed("createTags", c:tag(c.template, "Template", { a = "b" })))
    assert.equal("431 Unable to execute API command createtags due to missing parameter tags",
      (c:refused("createTags", { resourceids = vm.id, resourcetype = "UserVm" })))
  end)

  it("keep the case of their keys and any character of their values", function()
    c:job(create { Director = "v é/&=*~+ ü" })
    assert.equal("v é/&=*~+ ü", c:rows("listTags", "tag")[1].value)
    assert.equal("Director", c:rows("listTags", "tag")[1].key)
  end)

  it("vanish with their object", function()
    local disk = c:volume("disk")
    c:job("createTags", c:tag(disk.id, "Volume", { a = "b" }))
    c:job(create { a = "b" })
    c:call("deleteVolume", { id = disk.id })
    c:job("destroyVirtualMachine", { id = vm.id, expunge = true }, "admin")
    assert.equal(0, c.sim.state().left.tags)
  end)
end)
