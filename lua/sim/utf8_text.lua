-- Text that came from outside, made fit for JSON. Pure.
local utf8_text = {}

local REPLACEMENT = "\u{FFFD}"

-- is_good(text): is it UTF-8 throughout?
function utf8_text.is_good(text) return utf8.len(text) ~= nil end

-- readable(text) -> the text, its bytes that are not UTF-8 replaced as the servlet replaces them
function utf8_text.readable(text)
  local length, wrong = utf8.len(text)
  if length then return text end
  local out, at = {}, 1
  while wrong do
    out[#out + 1] = text:sub(at, wrong - 1) .. REPLACEMENT
    at = wrong + 1
    length, wrong = utf8.len(text, at)
    if length then wrong = nil end
  end
  return table.concat(out) .. text:sub(at)
end

return utf8_text
