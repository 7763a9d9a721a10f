-- How CloudStack's database compares text: without case, accents and trailing blanks, as MySQL's general collation of
-- UTF-8 does. "Deployment", "deployment" and "deployment " are one tag key to it, and "e" is "é". Pure.
local collation = {}

-- The letters of Latin-1 and Latin Extended-A, each line with the plain letter that its others are compared as.
local ALIKE = {
  a = "ÀÁÂÃÄÅàáâãäåĀāĂăĄą", c = "ÇçĆćĈĉĊċČč", d = "Ďď", e = "ÈÉÊËèéêëĒēĔĕĖėĘęĚě", g = "ĜĝĞğĠġĢģ", h = "Ĥĥ",
  i = "ÌÍÎÏìíîïĨĩĪīĬĭĮįİı", j = "Ĵĵ", k = "Ķķ", l = "ĹĺĻļĽľ", n = "ÑñŃńŅņŇň", o = "ÒÓÔÕÖòóôõöŌōŎŏŐő", r = "ŔŕŖŗŘř",
  s = "ßŚśŜŝŞşŠšſ", t = "ŢţŤť", u = "ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲų", w = "Ŵŵ", y = "ÝýÿŶŷŸ", z = "ŹźŻżŽž",
}

local plain = {}
for letter, others in pairs(ALIKE) do
  for _, code in utf8.codes(others) do plain[code] = letter end
end

-- Capitals of Greek and Cyrillic, and the other pairs of Latin Extended-A, by the distance of their small letters.
local function small(code)
  if code >= 0x391 and code <= 0x3A9 or code >= 0x410 and code <= 0x42F then return code + 32 end
  if code >= 0x400 and code <= 0x40F then return code + 80 end
  if code == 0xC6 or code == 0xD0 or code == 0xD8 or code == 0xDE then return code + 32 end
  return code
end

-- fold(text) -> the same text for all that the database holds for equal. What is not UTF-8 is left as it is.
function collation.fold(text)
  local folded = text:lower():gsub(" +$", "")
  if not folded:find "[\x80-\xff]" or not utf8.len(folded) then return folded end
  return (folded:gsub(utf8.charpattern, function(letter)
    if #letter == 1 then return letter end
    local code = utf8.codepoint(letter)
    return plain[code] or utf8.char(small(code))
  end))
end

function collation.same(a, b)
  return a == b or collation.fold(a) == collation.fold(b)
end

return collation
