-- A store that lives in memory, in the shape of host.store: for tests, and for a request that is only explained.

-- The tables of src/base/store.c.
local TABLES = { registry = true, journal = true, cache = true, durations = true, parked = true, metrics = true }

-- memory_store(tables) -> store; what is put is found in `tables`, by the names of tables and keys.
return function(tables)
  local store = {}

  local function rows(name)
    if not TABLES[name] then error(("the store has no table '%s'"):format(tostring(name)), 3) end
    tables[name] = tables[name] or {}
    return tables[name]
  end

  function store.open() return true end
  function store.check() return true end
  function store.get(name, key) return rows(name)[key] end
  function store.put(name, key, text) rows(name)[key] = text return true end
  function store.delete(name, key) rows(name)[key] = nil return true end

  function store.replace(name, key, old, text)
    if rows(name)[key] ~= old then return false end
    rows(name)[key] = text
    return true
  end

  function store.rows(name)
    local list = {}
    for key, value in pairs(rows(name)) do list[#list + 1] = { key = key, value = value } end
    table.sort(list, function(a, b) return a.key < b.key end)
    return list
  end

  return store
end
