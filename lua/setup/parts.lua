-- What verbs get of the cpi besides the host's fields: settings, store, policies, CloudStack, journal. Each is made when it
-- is first asked for, so that a verb pays for what it uses, and `info` answers without any of it.

local parts = {}

-- of(host, request) -> { NAME = function(cpi) -> the part }
function parts.of(host, request)
  local makers = {}

  function makers.settings() return require("setup.configuration").load(host, request.context) end
  function makers.store(cpi)
    local store, trouble = require("setup.configuration").store(host, cpi.settings)
    cpi.store_trouble = trouble or false
    return store or false
  end

  function makers.decide(cpi)
    return require("policy").new {
      sandbox = host.policy, ours = host.lua_dir .. "/policies", now = host.clock.utc,
      note = function(name, path)
        cpi.decided = rawget(cpi, "decided") or {}
        table.insert(cpi.decided, name)
        local sum = host.bytes.sha256(host.files.read(path) or ""):sub(1, 12)
        host.log.info("%s is decided by %s (SHA-256 %s)", name, path, sum)
        return sum
      end,
      record = cpi.decision_log and cpi.decision_log.add or nil,
      directory = function()
        return require "setup.site_policies"(host.files, cpi.settings.policies.directory, host.log.warn)
      end,
    }
  end

  function makers.decision_log(cpi)
    return cpi.settings.policies.log ~= "" and require("setup.decision_log").of(host, request, cpi.settings) or false
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

  function makers.durations(cpi)
    if cpi.settings.store.path == "" then return false end
    return require("cloudstack.durations") { store = function() return cpi.store or nil end, json = host.json,
      now = host.clock.utc, account = require("cloudstack.tenancy").account(host.bytes.sha256, cpi.settings.cloudstack) }
  end

  function makers.cloudstack(cpi)
    local send, hold = require("setup.configuration").sender(host, cpi.settings)
    return require("cloudstack.client") {
      send = send, hold = hold, json = host.json, clock = host.clock, interruption = cpi.interruption,
      uuid = host.bytes.uuid, log = host.log, decide = cpi.decide, cache = cpi.cache or nil,
      durations = cpi.durations or nil,
      endpoint = cpi.settings.cloudstack.endpoint,
      tenant = require("cloudstack.tenancy").new(cpi.settings.cloudstack),
    }
  end

  function makers.interruption()
    return require("base.interruption") { reason = host.interruption or function() end, clock = host.clock }
  end

  -- The host's clock, whose waiting ends with an interruption.
  function makers.clock(cpi)
    return setmetatable({ sleep = cpi.interruption.sleep }, { __index = host.clock })
  end

  -- Waiting of which a person sees that it goes on.
  function makers.wait(cpi) return require("base.waiting") { clock = cpi.clock, log = host.log } end

  function makers.liveness(cpi) return require("setup.liveness").of(host.process, cpi.settings) end

  function makers.journal(cpi)
    return require("made.journal") {
      store = cpi.store or nil, json = host.json, log = host.log, uuid = host.bytes.uuid, clock = host.clock,
      liveness = cpi.liveness, context = request.context, verb = request.method,
      cloud = require("cloudstack.tenancy").account(host.bytes.sha256, cpi.settings.cloudstack),
      recover = function(thorough) return require("made.recovery").by_itself(cpi, request.context.director_uuid, thorough) end,
    }
  end

  -- Rights that the account turned out to lack, { right = true }: cloudstack/rights.lua.
  function makers.lacking() return {} end

  function makers.delivery(cpi) return require("made.delivery")(cpi) end

  return makers
end

-- give(cpi, host, request) -> the cpi, which has all parts from now on.
function parts.give(cpi, host, request)
  local makers = parts.of(host, request)
  return setmetatable(cpi, {
    __index = function(_, part)
      if not makers[part] then error(("the cpi has no part '%s'"):format(tostring(part)), 2) end
      local made = makers[part](cpi)
      rawset(cpi, part, made)
      return made
    end,
  })
end

-- Did a verb that failed rely on answers from the cache? They may have been wrong, so they are forgotten; and where
-- nothing can have happened yet it is worth another try.
function parts.may_try_again(cpi)
  local cache, client = rawget(cpi, "cache"), rawget(cpi, "cloudstack")
  if not cache or not cache.used then return false end
  cache:drop()
  client:forget()
  return not client.acted
end

return parts
