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

check.equal("INFO - - plain\nWARN - - 1 and x\nERROR - - nil true\n",
  lines_of [[log.info("plain") log.warn("%d and %s", 1, "x") log.error("%s %s", nil, true) log.debug("not seen")]])
check.equal("INFO cpi-1 some_verb x\nDEBUG - - y\n",
  lines_of [[log.context("cpi-1", "some_verb") log.info("x") log.level("debug") log.context() log.debug("y")]])
check.equal("INFO - - 100% of it\n", lines_of [[log.info("100% of it")]])
check.equal("INFO - - %d of it\n", lines_of [[log.info("%d of it", "no number")]])
check.equal("INFO - - 5\n", lines_of [[log.info(5)]])
check.equal("INFO - - a\\nb\n", lines_of [[log.info("a\nb")]])
check.equal("INFO - - the <redacted> is\n", lines_of [[log.secret("hunter2") log.info("the %s is", "hunter2")]])
check.equal("", lines_of [[log.level("error") log.warn("x")]])

check.raises("not a log level", log.level, "loud")
check.raises("string expected", log.secret, {})
check.raises("value expected", log.info)
log.secret "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
check.equal("x <redacted> y", log.mask "x MIIEowIBAAKCAQEA y")
check.equal("a=1&signature=<redacted>", log.mask "a=1&signature=abc%3D")
check.equal("", log.mask "")

harness.shell("rm -rf " .. directory)
