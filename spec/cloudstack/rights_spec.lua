local fake = require "tests.support.fake"
local rights = require "cloudstack.rights"

-- Another process of the same account, with what is in the store.
local function another(cpi, settings)
  local fresh = fake.cpi { settings = settings }
  fresh.store = cpi.store
  return fresh
end

describe("a right that an account lacks", function()
  it("is remembered by the process, without a store too", function()
    local cpi <close> = fake.cpi {}
    assert.is_false(rights.is_lacking(cpi, "expunge"))
    rights.note_lack(cpi, "expunge")
    assert.is_true(rights.is_lacking(cpi, "expunge"))
    assert.is_false(rights.is_lacking(cpi, "move"))
    rights.note_lack(cpi, "move")
    assert.is_true(rights.is_lacking(cpi, "expunge"))
  end)

  it("is remembered in the store for other processes of the account, and for no other account", function()
    local store
    do
      local cpi <close> = fake.cpi { store = true }
      rights.note_lack(cpi, "expunge")
      store = cpi.store
    end
    do
      local cpi <close> = another { store = store }
      assert.is_true(rights.is_lacking(cpi, "expunge"))
      assert.is_false(rights.is_lacking(cpi, "move"))
    end
    local cpi <close> = another({ store = store }, { cloudstack = { api_key = "another" } })
    assert.is_false(rights.is_lacking(cpi, "expunge"))
  end)

  for what, age in pairs { ["as old as the cache allows"] = 300, ["of the future"] = -1 } do
    it("that is " .. what .. " counts no more", function()
      local cpi <close> = fake.cpi { store = true, settings = { cloudstack = { cache_age = 300 } } }
      rights.note_lack(cpi, "expunge")
      cpi.lacking = {}
      assert.is_true(rights.is_lacking(cpi, "expunge"))
      local key, text = next(cpi.store.tables.cache)
      assert.equal("rights ", key:sub(1, 7))
      cpi.store.put("cache", key, cpi.json.encode { at = cpi.json.decode(text).at - age })
      assert.is_false(rights.is_lacking(cpi, "expunge"))
    end)
  end

  it("is not read from an entry that is none", function()
    local cpi <close> = fake.cpi { store = true }
    rights.note_lack(cpi, "expunge")
    cpi.lacking = {}
    local key = next(cpi.store.tables.cache)
    for _, text in ipairs { "{}", "[]", '{"at":"now"}', "7", "nonsense" } do
      cpi.store.put("cache", key, text)
      assert.is_false(rights.is_lacking(cpi, "expunge"), text)
    end
  end)
end)

describe("the right to expunge", function()
  it("needs what CloudStack says, and that nothing has shown otherwise", function()
    local cpi <close> = fake.cpi {}
    assert.is_true(rights.may_expunge(cpi, { may_expunge = true }))
    assert.is_false(rights.may_expunge(cpi, { may_expunge = false }))
    rights.note_lack(cpi, "expunge")
    assert.is_false(rights.may_expunge(cpi, { may_expunge = true }))
  end)

  for _, text in ipairs { "Caller has no permission for expunging", "Parameter expunge can be passed by Admin only",
    "Expunging a vm can only be done by an Admin" } do
    it("is lacking where CloudStack says: " .. text, function()
      assert.is_true(rights.is_expunge_refused { kind = "job", text = text, code = 531 })
    end)
  end

  it("is lacking where the role forbids the command, and not where it forbids another", function()
    assert.is_true(rights.is_expunge_refused { kind = "refused", text = "no", code = 432, command = "expungeVirtualMachine" })
    assert.is_false(rights.is_expunge_refused { kind = "refused", text = "no", code = 432, command = "destroyVirtualMachine" })
    assert.is_false(rights.is_expunge_refused { kind = "refused", text = "no", code = 431, command = "expungeVirtualMachine" })
  end)
end)
