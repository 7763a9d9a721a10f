-- Panels as Grafana shows them, as an SVG: title, axes, a line for each series, the names below.

local drawing = {}

local COLUMN, ROW = 36, 24            -- pixels of a unit of a panel's gridPos
local GAP, LEFT, TOP, BOTTOM = 8, 60, 28, 62
local LEGEND, LINE, LETTER = 3, 13, 5.8 -- lines of names, their height, the width of a letter
local COLOURS = { "#7EB26D", "#EAB839", "#6ED0E0", "#EF843C", "#E24D42", "#1F78C1", "#BA43A9", "#705DA0", "#508642", "#CCA300" }
local UNITS = { short = "", s = " s", reqps = " req/s" }

local function escaped(text) return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" })) end

-- A number as short as it may be: the same text on every machine.
local function short(value)
  local text = ("%.1f"):format(value):gsub("%.0$", "")
  return text
end

local function is_number(value) return value and value == value and value < math.huge end

-- The end of the axis: 1, 2 or 5 times a power of ten, and not below the greatest value.
local function axis_end(series)
  local most = 0
  for _, one in ipairs(series) do
    for _, value in pairs(one.values) do most = is_number(value) and math.max(most, value) or most end
  end
  if most == 0 then return 1 end
  local power = 10.0 ^ math.floor(math.log(most, 10))
  for _, factor in ipairs { 1, 2, 5, 10 } do
    if factor * power >= most * 0.999999 then return factor * power end
  end
end

-- The path of a series: broken where there is no value, and without points that lie on a level line.
local function path_of(one, box, most, steps)
  local words, level = {}, nil
  for i = 1, steps do
    local value = one.values[i]
    if is_number(value) then
      local x, y = box.x + (i - 1) / (steps - 1) * box.w, box.y + box.h - value / most * box.h
      local after = one.values[i + 1]
      local text = short(y)
      if not (level == text and is_number(after) and short(box.y + box.h - after / most * box.h) == text) then
        words[#words + 1] = ("%s%s %s"):format(level and "L" or "M", short(x), text)
      end
      level = text
    else
      level = nil
    end
  end
  return table.concat(words)
end

local function text_at(out, x, y, class, text)
  out[#out + 1] = ('<text x="%s" y="%s" class="%s">%s</text>'):format(short(x), short(y), class, escaped(text))
end

local function draw_axes(out, box, most, unit, hours)
  for i = 0, 4 do
    local y = box.y + box.h * (4 - i) / 4
    out[#out + 1] = ('<path class="grid" d="M%s %sH%s"/>'):format(short(box.x), short(y), short(box.x + box.w))
    text_at(out, box.x - 4, y + 3, "left", ("%g%s"):format(most * i / 4, unit))
  end
  for hour = 0, hours do
    text_at(out, box.x + box.w * hour / hours, box.y + box.h + 13, "middle", hour == hours and "now" or ("-%d h"):format(hours - hour))
  end
end

-- The names in a few lines; what has no place there is counted.
local function draw_legend(out, box, series)
  local begin = box.x - LEFT + 8
  local x, line = begin, 1
  for i, one in ipairs(series) do
    local width = 20 + #one.name * LETTER
    if x + width > box.x + box.w - (line == LEGEND and 60 or 0) then
      if line == LEGEND then return text_at(out, x, box.y + box.h + 14 + line * LINE, "name", ("and %d more"):format(#series - i + 1)) end
      x, line = begin, line + 1
    end
    local y = box.y + box.h + 14 + line * LINE
    out[#out + 1] = ('<path d="M%s %sh8" stroke="%s"/>'):format(short(x), short(y - 3), one.colour)
    text_at(out, x + 11, y, "name", one.name)
    x = x + width
  end
end

-- The panel's lines of SVG. panel: { title, unit, grid = { x, y, w, h }, hours }; series: { { name, values = { [step] = number } } }.
local function draw_panel(out, panel, series, steps)
  local left, top = panel.grid.x * COLUMN + GAP, panel.grid.y * ROW + GAP
  local width, height = panel.grid.w * COLUMN - GAP, panel.grid.h * ROW - GAP
  local box = { x = left + LEFT, y = top + TOP, w = width - LEFT - 12, h = height - TOP - BOTTOM }
  out[#out + 1] = ('<rect x="%d" y="%d" width="%d" height="%d"/>'):format(left, top, width, height)
  text_at(out, left + 8, top + 17, "title", panel.title)
  local most = axis_end(series)
  draw_axes(out, box, most, assert(UNITS[panel.unit], "the unit " .. tostring(panel.unit) .. " is not known"), panel.hours)
  for i, one in ipairs(series) do
    one.colour = COLOURS[(i - 1) % #COLOURS + 1]
    out[#out + 1] = ('<path d="%s" stroke="%s"/>'):format(path_of(one, box, most, steps), one.colour)
  end
  draw_legend(out, box, series)
end

local STYLE = [[
<style>svg{background:#111217}rect{fill:#181b1f;stroke:#2c3235}path{fill:none;stroke-width:1.3}.grid{stroke:#2c3235;stroke-width:1}
text{font:10px sans-serif;fill:#9fa7b3}.title{font-size:12px;fill:#d8d9da}.left{text-anchor:end}.middle{text-anchor:middle}</style>]]

-- svg(panels, steps) -> text. panels: { panel =, series = } as draw_panel has them; steps: how many points a line has.
function drawing.svg(panels, steps)
  local width, height, out = 0, 0, {}
  for _, one in ipairs(panels) do
    local grid = one.panel.grid
    width, height = math.max(width, (grid.x + grid.w) * COLUMN + GAP), math.max(height, (grid.y + grid.h) * ROW + GAP)
    draw_panel(out, one.panel, one.series, steps)
  end
  return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">\n%s\n%s\n</svg>\n'):format(width, height,
    width, height, STYLE, table.concat(out, "\n"))
end

return drawing
