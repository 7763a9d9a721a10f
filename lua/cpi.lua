-- One request: find the verb named by the method, hand it the cpi, return its result.

local errors = require "errors"

local function verb_named(method)
  local name = "verbs." .. method
  if not method:find "^[%l_]+$" or not package.searchpath(name, package.path) then
    error(errors.not_implemented("Method is not known, got: '%s'", method:sub(1, 80)))
  end
  return require(name)
end

-- What verbs get. The parts are made when they are first asked for, so that `info` answers without
-- configuration, credentials, network or store.
local function parts_of(host, request)
  local makers = {}

  function makers.settings() return require("configuration").load(host, request.context) end
  function makers.store(cpi)
    local store, trouble = require("configuration").store(host, cpi.settings)
    cpi.store_trouble = trouble or false
    return store or false
  end

  function makers.decide(cpi)
    return require("policy").new {
      sandbox = host.policy, ours = host.lua_dir .. "/policies", log = host.log,
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

local function cpi_for(host, request)
  local cpi = {
    json = host.json, clock = host.clock, log = host.log, bytes = host.bytes, http = host.http,
    context = request.context, api_version = request.api_version or 1, version = host.version,
    store_trouble = false, -- why store.path cannot be opened, once it was tried
  }
  local makers = parts_of(host, request)
  return setmetatable(cpi, {
    __index = function(_, part)
      if not makers[part] then error(("the cpi has no part '%s'"):format(tostring(part)), 2) end
      local made = makers[part](cpi)
      rawset(cpi, part, made)
      return made
    end,
  })
end

-- Did the verb go by answers from the cache when it failed? They may have been wrong, so they are forgotten; and where
-- nothing can have happened yet it is worth another try.
local function is_worth_another_try(cpi)
  local cache, client = rawget(cpi, "cache"), rawget(cpi, "cloudstack")
  if not cache or not cache.used then return false end
  cache:drop()
  client:forget()
  return not client.acted
end

-- The verb's result; its error is raised, and a bug has left its traceback.
local function perform(host, cpi, verb, arguments)
  for try = 1, 2 do
    local ok, result = host.attempt(verb, cpi, table.unpack(arguments, 1, arguments.n))
    if ok then return result end
    if try == 2 or not errors.is(result) or not is_worth_another_try(cpi) then
      error(errors.is(result) and result or errors.cpi("%s", tostring(result)), 0)
    end
    host.log.debug("%s; once more, without the cache", errors.words(result))
  end
end

-- Nobody may read in the journal later that the answer was never given: then it is not given.
local function mark_answered(cpi, journal)
  local why, records = journal.answered()
  if not why then return end
  local names, left = {}, require("recovery").take_back(cpi, records)
  for i, record in ipairs(records) do names[i] = ("%s %s"):format(record.kind, record.name) end
  error(errors.cpi("the journal cannot be told that the answer is ready: %s; %s: made and removed again%s", why,
    table.concat(names, ", "), #left > 0 and "; left behind: " .. table.concat(left, ", ") or ""), 0)
end

-- host, request { method, arguments (with n), context, api_version } -> result, and a function to call once
-- the answer has been written.
local function answer(_, host, request)
  host.log.context(request.context.request_id or "-", request.method)
  local verb = verb_named(request.method)
  local cpi = cpi_for(host, request)
  local result = perform(host, cpi, verb, request.arguments)
  local journal = rawget(cpi, "journal")
  if journal then mark_answered(cpi, journal) end
  return result, function()
    if journal then journal.finish() end
  end
end

-- Called, it answers a request. parts(host, request) -> what a verb would get: for an operator at a prompt.
return setmetatable({ parts = cpi_for }, { __call = answer })
