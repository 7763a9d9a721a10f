-- CloudStack's lists, to their last page.
--
--   lists.wave(client, requests)  -> outcomes as of waves.send; that of a request with `rows` has `rows`, of all pages
--   lists.PAGE                    the rows that are asked for at once
--
-- client.page is the size of a page that the server has granted.

local failures = require "cloudstack.failures"
local refusals = require "cloudstack.refusals"
local waves = require "cloudstack.waves"

local lists = {
  PAGE = 500, -- CloudStack's default.page.size; a smaller limit is read from the server's refusal
}

local function with_page(request, page, size)
  local params = { page = page, pagesize = size }
  for name, value in pairs(request[2] or {}) do params[name] = value end
  return { request[1], params, idempotent = request.idempotent }
end

-- A refusal that names a smaller largest page, as the number; else nil.
local function largest_page(failure)
  local size = failure and refusals.found(failure, "page_too_large")
  return size and math.tointeger(tonumber(size))
end

-- How many pages a list has, by its count; nil where that is not a number of rows that a cloud could have.
local MOST_PAGES = 1000
local function pages_of(payload, size)
  local count = payload.count or 0
  local pages = math.type(count) == "integer" and count >= 0 and (count + size - 1) // size
  return pages and pages <= MOST_PAGES and pages or nil
end

-- The failure of an answer whose rows, or whose count of them, are something else.
local function no_list(request)
  return failures.new(request[1], { kind = "garbled", sent = true, text = "the answer is not a list of CloudStack's" })
end

local function is_text(value) return value == nil or type(value) == "string" end

-- Are these rows: a list of tables with ids and names that are texts?
local function are_rows(json, rows)
  if type(rows) ~= "table" or not json.is_array(rows) then return false end
  for _, row in ipairs(rows) do
    if type(row) ~= "table" or json.is_array(row) or not (is_text(row.id) and is_text(row.name)) then return false end
  end
  return true
end

-- Does a page without rows say that there are none? An empty list is an empty object; beyond its end a list has a count.
local function says_none(payload, page)
  return next(payload) == nil or payload.count == 0 or page > 1 and payload.count ~= nil
end

-- The rows of one page of a list; an id that CloudStack never had is refused there and an empty list here.
local function page_rows(json, request, outcome, page)
  if outcome.failure and outcome.failure.unknown_id then
    outcome.failure, outcome.payload = nil, {}
  end
  local payload = outcome.payload
  if not payload then return end
  local rows = payload[request.rows]
  if rows == nil and says_none(payload, page) then rows = json.array {} end
  if are_rows(json, rows) then
    outcome.rows = table.move(rows, 1, #rows, 1, {})
  else
    outcome.failure, outcome.payload = no_list(request), nil
  end
end

-- The pages after the first, all at once, for every list that has more.
local function later_pages(client, requests, outcomes)
  local more, owner = {}, {}
  for i, request in ipairs(requests) do
    local payload = request.rows and outcomes[i].payload
    local pages = payload and pages_of(payload, client.page)
    if payload and not pages then outcomes[i] = { failure = no_list(request) } end
    for page = 2, pages or 1 do
      more[#more + 1], owner[#owner + 1] = with_page(request, page, client.page), i
    end
  end
  if #more == 0 then return end
  for at, outcome in ipairs(waves.send(client, more)) do
    local i = owner[at]
    page_rows(client.parts.json, requests[i], outcome, more[at][2].page)
    if outcome.failure then
      outcomes[i] = outcome
    elseif outcomes[i].rows then
      for _, row in ipairs(outcome.rows) do table.insert(outcomes[i].rows, row) end
    end
  end
end

-- Lists whose page was refused as too large, asked again with the size that the refusal names.
local function smaller_pages(client, requests, outcomes)
  local refused, positions = {}, {}
  for i, request in ipairs(requests) do
    local limit = request.rows and largest_page(outcomes[i].failure)
    if limit and limit > 0 and limit < lists.PAGE then
      client.page = math.min(client.page, limit)
      refused[#refused + 1], positions[#positions + 1] = request, i
    end
  end
  if #refused == 0 then return end
  for at, request in ipairs(refused) do refused[at] = with_page(request, 1, client.page) end
  for at, outcome in ipairs(waves.send(client, refused)) do outcomes[positions[at]] = outcome end
end

-- A wave in which requests with `rows` are lists: their outcome has `rows`, all pages of them.
function lists.wave(client, requests)
  local sent = {}
  for i, request in ipairs(requests) do
    sent[i] = request.rows and with_page(request, 1, client.page) or request
  end
  local outcomes = waves.send(client, sent)
  smaller_pages(client, requests, outcomes)
  for i, request in ipairs(requests) do
    if request.rows then page_rows(client.parts.json, request, outcomes[i], 1) end
  end
  later_pages(client, requests, outcomes)
  return outcomes
end

return lists
