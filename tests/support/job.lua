-- The job of the release as BOSH handles it: its spec read, its templates rendered by Ruby's ERB, its files laid out.

local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local job = { directory = "bosh-release/jobs/cloudstack_cpi" }
local json, quote = native.json, rig.quote

local read, write = text_file.read, text_file.write

-- Runs a command line -> its output; raises with what it said on stderr.
function job.run(line)
  local errors = os.tmpname()
  local pipe = assert(io.popen(("%s 2>%s"):format(line, quote(errors))))
  local text = pipe:read "a"
  local ok = pipe:close()
  local words = read(errors)
  os.remove(errors)
  if not ok then error(("%s: %s"):format(line, words), 2) end
  return text, words
end

-- The decoded spec.
function job.spec()
  return assert(json.decode(job.run(("ruby tests/job/job.rb %s spec"):format(job.directory))))
end

local rendered = {} -- by the orders' text: rendering is pure, and starting Ruby is not for nothing

-- render(orders) -> a list of { files = { path = text }, errors = { path = message } }
-- orders: a list of { properties =, links =, spec = }
function job.render(orders)
  local order = json.encode(json.array(orders))
  if not rendered[order] then
    local file = os.tmpname()
    write(file, order)
    rendered[order] = job.run(("ruby tests/job/job.rb %s <%s"):format(job.directory, quote(file)))
    os.remove(file)
  end
  return assert(json.decode(rendered[order]))
end

-- The configuration that one set of properties becomes, or nil and what the template said.
function job.configuration(properties)
  local answer = job.render({ { properties = properties } })[1]
  local text = answer.files["config/cpi.json"]
  if not text then return nil, answer.errors["config/cpi.json"] end
  return assert(json.decode(text)), answer.files
end

-- install(directory, properties): the rendered job in DIRECTORY/jobs/cloudstack_cpi, as BOSH lays it out.
function job.install(directory, properties)
  local answer = job.render({ { properties = properties } })[1]
  local path, message = next(answer.errors)
  if path then error(("%s: %s"):format(path, message), 2) end
  local root = directory .. "/jobs/cloudstack_cpi"
  for name, text in pairs(answer.files) do
    job.run(("mkdir -p %s"):format(quote((root .. "/" .. name):match "^(.*)/")))
    write(root .. "/" .. name, text)
    if name:find "^bin/" then job.run(("chmod +x %s"):format(quote(root .. "/" .. name))) end
  end
  return root
end

-- packages(directory) -> a directory as BOSH_PACKAGES_DIR is, and how it was made. It is what CPI_PACKAGES names; else,
-- where the libraries have been compiled once (`make compiled` leaves them in build/packages), what the packaging
-- scripts make of this tree; else this build, laid out in DIRECTORY as the package is.
function job.packages(directory)
  local given = os.getenv "CPI_PACKAGES"
  if given then return given, "compiled before" end
  if os.execute "test -d build/packages/openssl && release/blobs --check >/dev/null" then
    job.run "release/compile build/job-packages cloudstack_cpi"
    return job.run("pwd"):match "[^\n]+" .. "/build/job-packages", "compiled by the packaging scripts"
  end
  local package = directory .. "/packages/cloudstack_cpi"
  job.run(("mkdir -p %s/bin && cp %s/cpi %s/cpi-server %s/bin && cp -R lua stemcell %s"):format(quote(package), quote(rig.build),
    quote(rig.build), quote(package), quote(package)))
  return directory .. "/packages", "laid out from this build"
end

-- The names of the decisions that a site may take over.
function job.decisions()
  local names = {}
  for name in job.run("ls lua/policies"):gmatch "([%l_]+)%.lua\n" do names[#names + 1] = name end
  return names
end

-- The value at "a.b.c", nil when something on the way is not there; and put() for the other direction.
function job.at(tree, path)
  for key in path:gmatch "[^.]+" do
    if type(tree) ~= "table" then return nil end
    tree = tree[key]
  end
  return tree
end

function job.put(tree, path, value)
  local at = tree
  for section in path:gmatch "([^.]+)%." do
    at[section] = at[section] or {}
    at = at[section]
  end
  at[path:match "[^.]+$"] = value
  return tree
end

return job
