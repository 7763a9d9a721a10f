-- What verbs get of the cpi besides the host's fields: settings, store, policies, CloudStack, journal. Each is made when it
-- is first asked for, so that a verb pays for what it uses, and `info` answers without any of it.

local errors = require "errors"

local parts = {}

-- of(host, request) -> { NAME = function(cpi) -> the part }
function parts.of(host, request)
  local makers = {}

  function makers.settings() return require("configuration").load(host, request.context) end
  function makers.store(cpi)
    local store, trouble = require("configuration").store(host, cpi.settings)
    cpi.store_trouble = trouble or false
    return store or false
  end

  function makers.decide(cpi)
    return require("policy").new {
      sandbox = host.policy, ours = host.lua_dir .. "/policies",
      note = function(name, path)
        host.log.info("%s is decided by %s (SHA-256 %s)", name, path, host.bytes.sha256(host.files.read(path) or ""):sub(1, 12))
      end,
      directory = function()
        local directory = cpi.settings.policies.directory
        return directory ~= "" and directory or nil
      end,
    }
  end

  function makers.cache(cpi)
    local site = cpi.settings.cloudstack
    if site.cache_age == 0 or cpi.settings.store.path == "" then return false end
    return require("cloudstack.cache") {
      store = function() return cpi.store or nil end, json = host.json, now = host.clock.utc,
      digest = host.bytes.sha256, seconds = site.cache_age,
      account = ("%s %s %s"):format(site.endpoint, site.api_key, require("cloudstack.tenancy").key(site)),
    }
  end

  function makers.cloudstack(cpi)
    local send, hold = require("configuration").sender(host, cpi.settings)
    return require("cloudstack.client") {
      send = send, hold = hold, json = host.json, clock = host.clock,
      uuid = host.bytes.uuid, log = host.log, decide = cpi.decide, cache = cpi.cache or nil,
      tenant = require("cloudstack.tenancy").new(cpi.settings.cloudstack),
    }
  end

  function makers.journal(cpi)
    return require("journal") {
      store = cpi.store or nil, json = host.json, log = host.log, uuid = host.bytes.uuid, clock = host.clock,
      owner = host.process.identity(), alive = host.process.alive, context = request.context,
      verb = request.method,
      cloud = host.bytes.sha256(cpi.settings.cloudstack.endpoint .. " " .. cpi.settings.cloudstack.api_key):sub(1, 16),
      recover = function()
        require("recovery").by_itself(cpi, { alive = host.process.alive, director = request.context.director_uuid })
      end,
    }
  end
  return makers
end

-- Did a verb that failed go by answers from the cache? They may have been wrong, so they are forgotten; and where
-- nothing can have happened yet it is worth another try.
function parts.may_try_again(cpi)
  local cache, client = rawget(cpi, "cache"), rawget(cpi, "cloudstack")
  if not cache or not cache.used then return false end
  cache:drop()
  client:forget()
  return not client.acted
end

-- Nobody may read in the journal later that the answer was never given: then it is not given.
function parts.mark_answered(cpi, journal)
  local why, records = journal.answered()
  if not why then return end
  local names, left = {}, require("recovery").take_back(cpi, records)
  for i, record in ipairs(records) do names[i] = ("%s %s"):format(record.kind, record.name) end
  error(errors.cpi("the journal cannot be told that the answer is ready: %s; %s: made and removed again%s", why,
    table.concat(names, ", "), #left > 0 and "; left behind: " .. table.concat(left, ", ") or ""), 0)
end

return parts
