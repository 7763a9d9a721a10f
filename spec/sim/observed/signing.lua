-- Signatures and what is wrong with them, seen over HTTP. Unless a row says otherwise the request is listZones of the
-- world's user, by POST, signed with version 3 and good for ten minutes.
--   parameters   beside command, response, apikey, signatureVersion, expires and signature
--   version      of the signature; false sends none
--   expires      seconds from now, or a function of the time that writes it; false sends none
--   key, secret  other credentials; broken = true spoils the signature; signed_as puts another text under it
--   unsigned     parameters that are added after signing
local NO = { status = 401, errortext = "unable to verify user credentials and/or request signature" }

local function refused(sentence, row)
  row[1] = sentence
  row.status, row.errortext = NO.status, NO.errortext
  return row
end

local function written(format)
  return function(seconds) return os.date(format, seconds) end
end

return {
  { "a request signed with version 3", status = 200 },
  { "the same by GET", method = "GET", status = 200 },
  { "version 2 without expires", version = "2", expires = false, status = 200 },
  { "no version and no expires", version = false, expires = false, status = 200 },
  { "version 4 without expires", version = "4", expires = false, status = 200 },
  { "expires with Z", expires = written "!%Y-%m-%dT%H:%M:%SZ", status = 200 },
  { "expires with a colon in the zone", expires = written "!%Y-%m-%dT%H:%M:%S+00:00", status = 200 },
  { "a tilde signed as %7E", parameters = { name = "a~b" }, status = 200 },
  { "a star signed bare", parameters = { name = "a*b" }, status = 200 },
  { "blanks, slashes, ampersands and accents", parameters = { name = "v é/&=+ x" }, status = 200 },
  refused("a spoilt signature", { broken = true }),
  refused("a key that nobody has", { key = "nobody" }),
  refused("no key", { key = false }),
  refused("version 3 without expires", { expires = false }),
  refused("version 3 with empty expires", { expires = function() return "" end }),
  refused("expires in the past", { expires = -60 }),
  refused("expires with fractions of seconds", { expires = written "!%Y-%m-%dT%H:%M:%S.000+0000" }),
  refused("expires without zone", { expires = written "!%Y-%m-%dT%H:%M:%S" }),
  refused("expires with a blank for the T", { expires = written "!%Y-%m-%d %H:%M:%S+0000" }),
  refused("expires that is no time", { expires = function() return "soon" end }),
  refused("a parameter that was added after signing", { parameters = { available = "true" },
    unsigned = { ["available "] = "x" } }),
  refused("a tilde signed bare", { parameters = { name = "a~b" }, tilde = true }),
  refused("a name in upper case sorted in lower case", { parameters = { NAME = "zone1" }, sorted_lower = true }),
  refused("a command that nobody knows", { command = "noSuchCommand", envelope = "errorresponse" }),
  refused("a command in lower case", { command = "listzones", envelope = "errorresponse" }),
  refused("no command", { command = false, envelope = "null" }),
  { "the role is looked at before the signature", command = "listHosts", broken = true, status = 432,
    cserrorcode = 9999, envelope = "errorresponse",
    errortext = "The API [listHosts] does not exist or is not available for the account bosh." },
  { "PUT is not served", method = "PUT", status = 405, empty_body = true },
  { "DELETE is not served", method = "DELETE", status = 405, empty_body = true },
}
