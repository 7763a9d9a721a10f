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

-- How many pages a list has at least, by its count, which may be the page's own (servers of 4.13 and 4.14); nil where that is
-- not a number of rows that a cloud could have.
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

-- The last page to be asked for next of a list of which `page` was the last one: those that the count of the first promises, and
-- one more where the last was full. nil, and the failure, where the count is not a number of rows.
local function last_wanted(client, request, outcome, page)
  local by_count = pages_of(outcome.first, client.page)
  if not by_count or page >= MOST_PAGES then return nil, no_list(request) end
  return math.max(by_count, outcome.last_rows >= client.page and page + 1 or page)
end

-- One more wave: the next pages of every list that may have more. done: the last page of each so far. Returns whether any was asked.
local function ask_further(client, requests, outcomes, done)
  local more, owner = {}, {}
  for i, request in ipairs(requests) do
    if request.rows and outcomes[i].rows then
      local last, failure = last_wanted(client, request, outcomes[i], done[i])
      if failure then outcomes[i] = { failure = failure } end
      for page = done[i] + 1, last or 0 do
        more[#more + 1], owner[#owner + 1] = with_page(request, page, client.page), i
        done[i] = page
      end
    end
  end
  for at, outcome in ipairs(#more > 0 and waves.send(client, more) or {}) do
    local i = owner[at]
    page_rows(client.parts.json, requests[i], outcome, more[at][2].page)
    if outcome.failure then
      outcomes[i] = outcome
    elseif outcomes[i].rows then
      outcomes[i].last_rows = #outcome.rows
      table.move(outcome.rows, 1, #outcome.rows, #outcomes[i].rows + 1, outcomes[i].rows)
    end
  end
  return #more > 0
end

-- The pages after the first: those that the count promises all at once, then one after the other until one is not full.
local function later_pages(client, requests, outcomes)
  local done = {}
  for i, outcome in ipairs(outcomes) do
    done[i] = 1
    if outcome.rows then outcome.first, outcome.last_rows = outcome.payload, #outcome.rows end
  end
  while ask_further(client, requests, outcomes, done) do end -- luacheck: ignore
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
