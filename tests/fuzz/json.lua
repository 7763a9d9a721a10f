-- The JSON wrapper: what it takes it gives back as it was, and what it gives it takes.

return function(host)
  local json = host.json
  return function(text)
    local value = json.decode(text)
    if value == nil then return end
    local once = json.encode(value)
    local again, why = json.decode(once)
    assert(again ~= nil, why)
    assert(json.encode(again) == once, "not the same the second time")
  end
end
