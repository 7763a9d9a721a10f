-- The forms in which a server can give back a secret that it was sent: name -> function(text) -> text.

local native = require "host_native"

local forms = {}

local function each_byte(format, of)
  return function(text) return (text:gsub(of or ".", function(c) return format:format(c:byte()) end)) end
end

local function base64(text) return native.bytes.base64(text) end

forms["as it is"] = function(text) return text end
forms["percent"] = each_byte("%%%02X", "[^%w]")
forms["lower percent"] = each_byte("%%%02x", "[^%w]")
forms["all percent"] = each_byte "%%%02x"
forms["JSON"] = function(text) return (native.json.encode(text):sub(2, -2)) end
forms["JSON, slashes escaped"] = function(text)
  return (native.json.encode(text):sub(2, -2):gsub("/", "\\/"):gsub("[=+&]", function(c) return ("\\u%04x"):format(c:byte()) end))
end
forms["JSON in JSON"] = function(text) return forms.JSON(forms.JSON(text)) end
forms["HTML"] = each_byte("&#%d;", "[^%w]")
forms["hex"] = each_byte "%02x"
forms["HEX"] = each_byte "%02X"
forms["base64"] = base64
forms["Basic"] = function(text) return base64("user:" .. text) end
forms["base64 for URLs"] = function(text) return (base64(text):gsub("+", "-"):gsub("/", "_")) end
forms["wrapped"] = function(text) return (text:gsub(("."):rep(60), "%0\r\n")) end

return forms
