local capabilities = require "cloudstack.capabilities"

describe("capabilities", function()
  it("say what this account may do", function()
    assert.same({ version = "4.23.0.0", may_expunge = true, may_force_stop = true, custom_disk = {} }, capabilities.read {
      capability = { cloudstackversion = "4.23.0.0", allowuserexpungerecovervm = true, allowuserforcestopvm = true },
    })
    assert.is_false(capabilities.read({ capability = { allowuserexpungerecovervm = false } }).may_expunge)
    assert.is_false(capabilities.read({ capability = { allowuserforcestopvm = false } }).may_force_stop)
  end)

  it("of an old or silent server are none to expunge", function()
    assert.same({ version = "", may_expunge = false, may_force_stop = true, custom_disk = {} }, capabilities.read { capability = {} })
    assert.same({ least = 1, most = 1024 }, capabilities.read({ capability = { customdiskofferingminsize = 1,
      customdiskofferingmaxsize = 1024 } }).custom_disk)
  end)

  it("are never guessed from an answer that has none", function()
    for _, payload in ipairs { {}, { capability = "none" } } do
      assert.is_false((pcall(capabilities.read, payload)))
    end
  end)

  it("compare versions by number", function()
    assert.is_true(capabilities.at_least("4.16.0.0", 4, 16))
    assert.is_true(capabilities.at_least("4.23.0.0-SNAPSHOT", 4, 16))
    assert.is_false(capabilities.at_least("4.9.3.0", 4, 16))
    assert.is_true(capabilities.at_least("5.0", 4, 16))
    assert.is_false(capabilities.at_least("3.20", 4, 16))
    assert.is_true(capabilities.at_least("", 4, 16))
  end)
end)
