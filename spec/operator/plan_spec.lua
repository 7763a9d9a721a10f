-- The plan of a request, in lines.

local plan = require "operator.plan"

local function story(events, names, otherwise)
  return { events = events, names = names or {}, otherwise = otherwise }
end

local function send(command, params) return { kind = "send", requests = { { command = command, params = params } } } end

describe("a plan", function()
  it("has what would be sent, with names in place of ids, and none of what a person does not need", function()
    assert.same({ "deployVirtualMachine ip=10.0.0.5 network=bosh-net securitygroup=web,db serviceoffering=small" },
      plan.of(story({ send("deployVirtualMachine", { serviceofferingid = "o-1", ["iptonetworklist[0].networkid"] = "n-1",
        ["iptonetworklist[0].ip"] = "10.0.0.5", securitygroupids = "g-1,g-2", customjobid = "j", userdata = "c2VjcmV0", startvm = false,
        password = "p" }) }, { ["o-1"] = "small", ["n-1"] = "bosh-net", ["g-1"] = "web", ["g-2"] = "db" })))
    assert.same({ "destroyVirtualMachine id=u-1" }, plan.of(story { send("destroyVirtualMachine", { id = "u-1" }) }))
  end)

  it("has no parameter that says nothing to a person", function()
    assert.same({ "registerTemplate id=t-1" }, plan.of(story { send("registerTemplate", { id = "t-1", customjobid = "j", userdata = "u",
      password = "p", displayname = "d", startvm = false, resourcetype = "Template", page = 1, pagesize = 500, displaytext = "d",
      hypervisor = "KVM", format = "QCOW2", ostypeid = "o-1", url = "https://images" }) }))
  end)

  it("has the keys of tags, in order, and long values cut", function()
    assert.same({ "createTags resource=" .. ("x"):rep(60) .. "... tags a b" }, plan.of(story { send("createTags", {
      resourceids = ("x"):rep(99), ["tags[0].key"] = "b", ["tags[0].value"] = "1", ["tags[1].key"] = "a", ["tags[1].value"] = "2" }) }))
  end)

  it("has decisions that choose, and those of the site", function()
    assert.same({ "service_offering: large, then small", "names by /site/names.lua", "affinity by /site/affinity.lua: broken" },
      plan.of(story {
      { kind = "decide", decision = "service_offering", file = "ours", candidates = { { name = "small", rank = 2 },
        { name = "large", rank = 1 }, { name = "tiny", why = "too small" } } },
      { kind = "decide", decision = "networks", file = "ours" },
      { kind = "decide", decision = "names", file = "/site/names.lua", is_site = true },
      { kind = "decide", decision = "affinity", file = "/site/affinity.lua", is_site = true, failure = "broken" },
      { kind = "ask", requests = {} },
    }))
  end)

  it("has the registry", function()
    assert.same({ "registry: write the settings of VM cpivm-1" }, plan.of(story {
      { kind = "registry", action = "write", vm = "cpivm-1" } }))
  end)

  it("goes on with what comes when a command fails", function()
    assert.same({}, plan.otherwise(story {}))
    assert.same({ "destroyVirtualMachine id=cpivm-2 zone=z" }, plan.otherwise(story({}, { ["z-1"] = "z" }, {
      names = { ["u-2"] = "cpivm-2" },
      events = { send("destroyVirtualMachine", { id = "u-2", zoneid = "z-1" }) } })))
  end)
end)
