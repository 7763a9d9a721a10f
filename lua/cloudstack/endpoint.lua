-- What is wrong with cloudstack.endpoint, by what was found there, and what it should be.

local endpoint = {}

local USUAL = "/client/api" -- where a management server has its API
local LONGEST = 200         -- bytes of a URL that comes from outside
local ENOUGH = 8192         -- bytes of a body that are looked at
local TLS_WORDS = { "wrong version number", "packet length too long", "unknown protocol", "http request", "record overflow" }

-- "https://user:word@host:8443/x?y" -> "https", "host:8443", "/x"
local function parts_of(url)
  local scheme, authority, path = url:match "^(%a[%w+.-]*)://([^/?#]*)([^?#]*)"
  if scheme then return scheme:lower(), authority:gsub("^.*@", ""), path end
end

local function without_port(authority) return (authority:gsub(":%d*$", ""):lower()) end

-- A URL as people may see it: no name and password, no query, printable ASCII, cut where it is long.
local function shown(url)
  local scheme, authority, path = parts_of(url)
  local text = scheme and ("%s://%s%s"):format(scheme, authority, path) or url:gsub("[?#].*", "")
  return (text:sub(1, LONGEST):gsub("[^\x21-\x7e]", "?"))
end

-- Where a Location leads: it may leave out what is as in the request.
local function resolved(location, base)
  if location:find "^%a[%w+.-]*://" then return location end
  local scheme, authority, path = parts_of(base)
  if location:find "^//" then return scheme .. ":" .. location end
  if location:find "^/" then return ("%s://%s%s"):format(scheme, authority, location) end
  return ("%s://%s%s%s"):format(scheme, authority, path:match "^.*/" or "/", location)
end

-- The endpoint that a redirect means, or nil where it leads to something else: a login page, another site.
local function meant_by(target, own)
  local scheme, authority, path = parts_of(target)
  local _, own_authority = parts_of(own)
  if scheme ~= "http" and scheme ~= "https" or authority == "" then return nil end
  path = path:gsub("/+$", "")
  local is_api = path:find "/api$" ~= nil
  local is_front = path == "" or path == "/client"
  if not is_api and not (is_front and without_port(authority) == without_port(own_authority)) then return nil end
  local url = ("%s://%s%s"):format(scheme, authority, is_api and path or USUAL)
  return url ~= own and shown(url) or nil
end

local function of_redirect(own, location, mask)
  local target = resolved(mask(location), own)
  local should_be = meant_by(target, own)
  return ("it leads to %s; %s"):format(shown(target), should_be and "cloudstack.endpoint should be " .. should_be
    or "cloudstack.endpoint must be the API itself, which is at https://HOST" .. USUAL .. " as a rule")
end

-- advice(own, reply, mask) -> words: what an answer that is not CloudStack's says of the endpoint. own: the endpoint, or nil
-- where it is not known; reply: with status, body, location; mask: the log's.
function endpoint.advice(own, reply, mask)
  local scheme, authority, path = parts_of(own or "")
  if not scheme then return "cloudstack.endpoint ends with " .. USUAL .. " as a rule" end
  if reply.status >= 300 and reply.status < 400 and (reply.location or "") ~= "" then
    return of_redirect(own, reply.location, mask)
  end
  local body = reply.body:sub(1, ENOUGH):lower()
  if scheme == "http" and (body:find("https port", 1, true) or body:find("requires tls", 1, true)) then
    return "the server speaks https there: cloudstack.endpoint should be " .. shown("https://" .. authority .. path)
  elseif reply.status == 407 then
    return "a proxy wants a name and a password: env.https_proxy or env.http_proxy may have them"
  elseif path:gsub("/+$", "") ~= USUAL or path ~= USUAL then
    return ("cloudstack.endpoint should be %s, if that is a management server"):format(shown(("%s://%s%s"):format(scheme,
      authority, USUAL)))
  end
  return ("what answers at %s is not CloudStack's management server"):format(shown(("%s://%s"):format(scheme, authority)))
end

-- ---------------------------------------------------------------------------------------------------------
-- no answer at all

local remedies = {
  resolve = "check the name in cloudstack.endpoint, and this machine's resolver; behind a proxy set env.https_proxy",
  connect = "check host and port in cloudstack.endpoint, that the management server runs, and firewalls between",
  tls = "put the certificate of the server's authority into cloudstack.ca_cert (PEM); skip_verify_ssl is for trials",
  timeout = "a firewall that drops packets, or a server that is too busy; cloudstack.request_timeout is the patience",
  closed = "something between closes connections: a proxy, a balancer, or TLS where none is spoken (https or http?)",
}

local function has_one_of(text, list)
  for _, words in ipairs(list) do
    if text:find(words, 1, true) then return true end
  end
  return false
end

-- Is it the proxy that cannot be reached, or that does not lead on?
local function is_of_proxy(text, proxy)
  local _, authority = parts_of(proxy:find "://" and proxy or "http://" .. proxy)
  local host = without_port(authority)
  return has_one_of(text:lower(), { "proxy", "connect tunnel" }) or host ~= "" and text:lower():find("to " .. host .. " port", 1, true)
end

local function other_scheme(own, scheme)
  local _, authority, path = parts_of(own)
  return shown(("%s://%s%s"):format(scheme, authority, path))
end

-- remedy(own, proxy, reply) -> words: what to do about a reply that is a fault. proxy: the URL in use, or nil.
function endpoint.remedy(own, proxy, reply)
  local text, is_tls = reply.text, own:find "^[Hh][Tt][Tt][Pp][Ss]:" ~= nil
  if proxy and is_of_proxy(text, proxy) then
    return ("it is the proxy %s: check env.%s, or name the host in env.no_proxy"):format(shown(proxy),
      is_tls and "https_proxy" or "http_proxy")
  elseif is_tls and has_one_of(text, TLS_WORDS) then
    return ("no TLS is spoken there: is it %s, or another port for https?"):format(other_scheme(own, "http"))
  elseif not is_tls and has_one_of(text, { "HTTP/0.9", "Empty reply", "Weird server reply", "Unsupported" }) then
    return ("what answers there is not HTTP: is it %s?"):format(other_scheme(own, "https"))
  elseif has_one_of(text, { "subject name", "does not match target" }) then
    return "the certificate is for another name: cloudstack.endpoint must have a name that is in it"
  elseif has_one_of(text, { "has expired", "not yet valid" }) then
    return "the certificate must be renewed, unless a clock is wrong: this machine's, or the server's"
  end
  return remedies[reply.fault] or remedies.connect
end

return endpoint
