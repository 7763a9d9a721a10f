local native = require "host_native"
local access = require "registry.access"

-- A host whose slow derivation is counted.
local function bytes()
  local counted = { count = 0, hmac_sha1 = native.bytes.hmac_sha1 }
  function counted.pbkdf2(...)
    counted.count = counted.count + 1
    return native.bytes.sha256(table.concat({ ... }, " "))
  end
  return counted
end

describe("an instance's password in the registry", function()
  it("is another for each instance and each registry, and always the same", function()
    local host = bytes()
    local one = access.password_of(host, "p", "vm-1")
    assert.matches("^%x+$", one)
    assert.equal(40, #one)
    assert.equal(one, access.password_of(host, "p", "vm-1"))
    assert.are_not.equal(one, access.password_of(host, "p", "vm-2"))
    assert.are_not.equal(one, access.password_of(host, "q", "vm-1"))
    assert.are_not.equal(one, access.former_password_of(host, "p", "vm-1"))
  end)

  it("is derived slowly, once for each password of the registry", function()
    local host, seen = bytes(), nil
    local slow = host.pbkdf2
    function host.pbkdf2(...)
      seen = { ... }
      return slow(...)
    end
    access.prepare(host, "slow")
    assert.same({ "slow", "cloudstack_cpi registry", 600000 }, seen)
    access.password_of(host, "slow", "vm-1")
    access.password_of(host, "slow", "vm-2")
    assert.equal(1, host.count)
  end)

  -- VMs carry it in their user data for as long as they live.
  it("of an earlier release stays what it was", function()
    assert.equal("269ac80a4f228ad431ca73db257041bebd61d2ee", access.former_password_of(native.bytes, "p", "vm-1"))
  end)

  it("of this release stays what it is", function()
    assert.equal("17187bd3ab7d4ad4572249119a572ec22da71450", access.password_of(native.bytes, "p-of-real-key", "vm-1"))
  end)
end)
