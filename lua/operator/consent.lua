-- A person's consent, before something is made or removed.
--
-- consent(host, question, is_given) -> true or false; nil where nobody can be asked: standard input or standard error is not a
-- terminal. is_given: --yes was said. The question goes to stderr, because standard output may be a program's.

local YES = { y = true, yes = true }

return function(host, question, is_given)
  if is_given then return true end
  if not host.console.interactive then return nil end
  host.console.error(host.console.clean(host.log.mask(question)) .. " [y/N] ")
  local answer = host.console.read() or ""
  return YES[answer:lower():match "%S+" or ""] or false
end
