-- host.log as scripts use it.

local check = require "check"
local harness = require "harness"

local log = harness.host.log
local directory = harness.directory()

-- What f writes on stderr, in a process of its own.
local function lines_of(body)
  harness.shell(("mkdir -p %s/bin %s/lua && cp %s/cpi %s/bin/"):format(directory, directory, harness.build, directory))
  harness.write(directory .. "/lua/cpi.lua", "return function(host) local log = host.log\n" .. body .. "\nend")
  harness.write(directory .. "/in", '{"method":"x","arguments":[]}')
  harness.shell(("%s/bin/cpi <%s/in >%s/out 2>%s/err"):format(directory, directory, directory, directory))
  return harness.read(directory .. "/err")
end

-- The same without the time at the beginning of each line.
local function timeless(body)
  return (lines_of(body):gsub("%f[^\n\0]%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ ", ""))
end

check.equal("INFO plain\nWARN 1 and x\nERROR nil true\n",
  timeless [[log.info("plain") log.warn("%d and %s", 1, "x") log.error("%s %s", nil, true) log.debug("not seen")]])
check.equal("INFO cpi-1 some_verb x\nDEBUG y\n",
  timeless [[log.context("cpi-1", "some_verb") log.info("x") log.level("debug") log.context() log.debug("y")]])
check.equal("INFO 100% of it\n", timeless [[log.info("100% of it")]])
check.equal("INFO %d of it\n", timeless [[log.info("%d of it", "no number")]])
check.equal("INFO 5\n", timeless [[log.info(5)]])
check.equal("INFO a\\nb\n", timeless [[log.info("a\nb")]])
check.equal("INFO the <redacted> is\n", timeless [[log.secret("hunter2") log.info("the %s is", "hunter2")]])
check.equal("", timeless [[log.level("error") log.warn("x")]])

check.holds('"level":"warn","request_id":"cpi-1","verb":"x","message":"the <redacted> \\"is\\""}\n',
  lines_of [[log.format("json") log.context("cpi-1", "x") log.secret("hunter2") log.warn('the hunter2 "is"')]])
check.equal("", lines_of [[log.format("text") log.status("something") log.status()]]) -- stderr is not a terminal
check.that(timeless [[log.info("%s", tostring(log.status("x")))]] == "INFO false\n")
check.raises("invalid option", log.format, "xml")
check.raises("not a log level", log.level, "loud")
check.raises("string expected", log.secret, {})
check.raises("value expected", log.info)
log.secret "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
check.equal("x <redacted> y", log.mask "x MIIEowIBAAKCAQEA y")
check.equal("a=1&signature=<redacted>", log.mask "a=1&signature=abc%3D")
check.equal("", log.mask "")

harness.shell("rm -rf " .. directory)
