-- How a stemcell becomes a template. The form of this file: lua/decisions/README.md.

local rows = require "decision.rows"

local needs = { existing = "template", copy = "template", register = "url" }
local known = { upload = true, register = true, publish = true, copy = true, existing = true }
local texts = { "url", "template", "from" }

local MOST_DETAILS = 100

-- Template details are texts to CloudStack.
local function details_of(given)
  if given ~= nil and type(given) ~= "table" or not rows.holds_at_most(MOST_DETAILS, given) then return nil end
  local details = {}
  for key, value in pairs(given or {}) do
    local is_text = type(value) == "string" or math.type(value) and value - value == 0 -- neither NaN nor infinity
    if type(key) ~= "string" or key == "" or not is_text then return nil end
    details[key] = tostring(value)
  end
  return details
end

local function match(answer)
  if type(answer) == "string" then answer = { how = answer } end
  if type(answer) ~= "table" or not known[answer.how] then
    return nil, 'its how must be "upload", "register", "publish", "copy" or "existing"'
  end
  local matched = { how = answer.how, details = details_of(answer.details) }
  if not matched.details then return nil, "its details must be at most 100 texts by their names" end
  for _, name in ipairs(texts) do
    local value = answer[name]
    if value ~= nil and (type(value) ~= "string" or value == "") then return nil, ("its %s must be a string"):format(name) end
    matched[name] = value
  end
  matched.checksum = answer.checksum
  if answer.checksum ~= nil and answer.checksum ~= true and (type(answer.checksum) ~= "string" or answer.checksum == "") then
    return nil, "its checksum must be a string, or true"
  end
  local needed = needs[answer.how]
  if needed and not matched[needed] then return nil, ("%s needs %s"):format(answer.how, needed) end
  if matched.url and not matched.url:find "^https?://[^/%s]+/%S+$" then return nil, "its url must be http or https" end
  return matched
end

return {
  summary = "How a stemcell becomes a template: uploaded, fetched by CloudStack, copied from another zone, or there already.",
  asked = "Asked by `create_stemcell` of a stemcell with an image, unless its cloud properties say it (`light_template`, "
    .. "`template_url`).",
  verbs = { "create_stemcell" },
  facts = rows.of_any {
    { "name", "string", "the stemcell's name", optional = true },
    { "version", "string", "its version", optional = true },
    { "format", "string", "`QCOW2`, `RAW`, `VHD` or `OVA`, read from the image" },
    { "hypervisor", "string", "CloudStack's word: `KVM`, `XenServer`, `VMware`, `Simulator`" },
    { "size", "integer", "bytes of the image file" },
    { "director_uuid", "string", "as the request's context has it", optional = true },
    { "cloud_properties", "object", "the stemcell's, keys in lower case", open = true, fields = {} },
    { "zone", "object", "where the template is wanted first", fields = rows.zone },
    { "more_zones", "object[]", "where it is wanted besides (`cloudstack.stemcell.zones`)", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
    } },
    { "templates", "object[]", "the account's templates that were made for a stemcell of this name and version, of this very "
      .. "image; a row per zone", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name: the CID of the stemcell that it was made for" },
      { "zone_id", "string", "the zone of this row" },
      { "ready", "boolean", "can VMs be made of it there?" },
      { "director_uuid", "string", "the director that it was made for", optional = true },
      { "stemcell", "string", "name and version, with a slash", optional = true },
    } },
  },
  answer = {
    type = "answer",
    fields = {
      { "how", '"upload"|"register"|"publish"|"copy"|"existing"', "what is done" },
      { "url", "string", "for `register`: where CloudStack fetches the image", optional = true },
      { "checksum", "string|true", "for `register`: what CloudStack checks the file against, `{SHA-256}` and hex; true: the "
        .. "SHA-256 of the stemcell's own image", optional = true },
      { "template", "string", "for `copy` and `existing`: name or id", optional = true },
      { "from", "string", "for `copy`: the zone to copy from; else any that has it", optional = true },
      { "details", "table<string, string>", "details of a new template", optional = true },
    },
    text = '`{ how = ..., ... }`, or `how` alone: `"upload"`, `{ how = "register", url = URL }`, `"publish"` (`cpi-server '
      .. 'templates` serves the image, CloudStack fetches it), `{ how = "copy", template = NAME }` or `{ how = "existing", '
      .. 'template = NAME }`. A template that this CPI made keeps its CID, another one is a light stemcell. `details` (for '
      .. 'instance `rootDiskController`) go to a new template, over the cloud property of that name.',
  },
  ours = "a template of the same image, stemcell and director in the zone is used; one in another zone is copied; else the "
    .. "image is uploaded.",
  example = {
    name = "bosh-cloudstack-xen-ubuntu-jammy-go_agent", version = "1.1094", format = "VHD", hypervisor = "XenServer",
    size = 612345678, director_uuid = "3c1a6b3e-7f52-4d0a-9b52-6a1f0c9d8e7f", cloud_properties = { infrastructure = "cloudstack" },
    zone = { id = "z1", name = "zone1" }, more_zones = {}, templates = {},
  },
  match = match,
}
