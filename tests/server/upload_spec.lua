-- The template upload endpoint: multipart, measured while it passes, in constant memory.

local rig = require "rig"

describe("an upload", function()
  local cloud
  setup(function() cloud = rig.start { role = "admin" } end)
  teardown(function() cloud:stop() end)
  before_each(function() cloud:reset() end)

  -- What getUploadParamsForTemplate gives, as curl arguments.
  local function parameters(name)
    local zone = cloud:api("listZones").zone[1]
    local kind = cloud:api("listOsTypes").ostype[1]
    local answer = cloud:api("getUploadParamsForTemplate", { name = name, displaytext = name, format = "VHD",
      hypervisor = "XenServer", ostypeid = kind.id, zoneid = zone.id })
    local given = assert(answer.getuploadparams, answer.errortext)
    return given, ("-H 'X-signature: %s' -H 'X-metadata: %s' -H 'X-expires: %s'"):format(
      given.signature, given.metadata, given.expires)
  end

  local function output(command)
    local pipe = io.popen(command)
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  local function memory()
    return tonumber(output(("grep VmHWM /proc/%d/status"):format(cloud.server)):match "%d+") / 1024
  end

  local function template(id)
    for _, row in ipairs(cloud:state().templates) do
      if row.id == id then return row end
    end
  end

  it("keeps size and SHA-256 of 100 MB without keeping the bytes", function()
    local given, headers = parameters "big"
    local path = cloud.directory .. "/image.vhd.bz2"
    os.execute(("{ printf BZh9; head -c 100000000 /dev/urandom; } >%s"):format(rig.quote(path)))
    local sum = output("sha256sum " .. rig.quote(path)):match "%x+"
    local before = memory()
    local form = ("%s -F %s"):format(headers, rig.quote("file=@" .. path))
    local body, told = cloud:curl(given.postURL:match "/upload/.*", form)
    assert.equal(200, told.code, body)
    assert.is_true(memory() - before < 8, ("from %.1f to %.1f MB"):format(before, memory()))
    local row = template(given.id)
    assert.equal(sum, row.uploaded.sha256)
    assert.equal(100000004, row.uploaded.size)
  end)

  it("takes the file wherever it stands in the form", function()
    local given, headers = parameters "late"
    local path = cloud.directory .. "/image.vhd.gz"
    os.execute(("printf '\\r\\n--boundary\\r\\n' >%s"):format(rig.quote(path)))
    local body, told = cloud:curl(given.postURL:match "/upload/.*",
      ("%s -F a=1 -F other=@%s -F file=@%s -F z=2"):format(headers, path, path))
    assert.equal(200, told.code, body)
    assert.equal(14, template(given.id).uploaded.size)
  end)

  it("is no upload without the part, without a form, or cut off", function()
    local form = "-H 'Content-Type: multipart/form-data; boundary=q' --data-binary "
    local cut = [[$'--q\r\nContent-Disposition: form-data; name="file"; filename="a.vhd"\r\n\r\nabc']]
    for _, arguments in ipairs { "-F other=1", "-d a=b", form .. "junk", form .. cut } do
      local given, headers = parameters "none"
      local _, told = cloud:curl(given.postURL:match "/upload/.*", headers .. " " .. arguments)
      assert.is_true(told.code >= 400, arguments)
    end
  end)

  it("is kept under its SHA-256 where a directory is given, whole or not at all", function()
    local directory = output "mktemp -d":match "%S+"
    local images = directory .. "/images"
    os.execute("mkdir " .. images)
    cloud:stop()
    cloud = rig.start { role = "admin", images = images }
    local given, headers = parameters "kept"
    local path = directory .. "/image.vhd.bz2"
    os.execute(("{ printf BZh9; head -c 3000000 /dev/urandom; } >%s"):format(path))
    cloud:curl(given.postURL:match "/upload/.*", ("%s -F file=@%s"):format(headers, path))
    local sum = output("sha256sum " .. path):match "%x+"
    assert.equal(sum .. "\n", output("ls -A " .. images))
    assert.is_true(os.execute(("cmp -s %s %s/%s"):format(path, images, sum)))
    -- one that breaks off
    local _, later = parameters "broken off"
    output(("timeout 1 curl -s --limit-rate 100k %s -F file=@%s %s/upload/x"):format(later, path, cloud.base_url))
    rig.wait(function() return output("ls -A " .. images) == sum .. "\n" end, 10)
    os.execute("rm -rf " .. directory)
  end)
end)
