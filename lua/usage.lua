-- What the program takes on its command line: the one source of --help, of the man page and of completion.

return {
  name = "cpi",
  summary = "BOSH external CPI for Apache CloudStack",
  synopsis = { "cpi [--config FILE] <REQUEST", "cpi [--config FILE] COMMAND [ARGUMENT...]", "cpi --help | --version" },
  description = {
    "Without a command the program reads one request of BOSH's CPI protocol from standard input (a JSON object with "
      .. "method, arguments, context and api_version) and writes one response line to standard output.",
    "With a command it works for an operator.",
  },
  options = {
    { "--config FILE", "the configuration, JSON; else the file that CPI_CONFIG names" },
    { "--help, -h", "what the program takes" },
    { "--version", "which version it is" },
  },
  commands = {
    { name = "completion", arguments = "bash|zsh|fish", words = { "bash", "zsh", "fish" },
      summary = "completion of this command line for a shell, to be sourced by it" },
    { name = "help", arguments = "[man]", words = { "man" }, summary = "this text; with man, as a manual page" },
    { name = "journal", arguments = "show", words = { "show" },
      summary = "what was begun in CloudStack and never seen to its end; exit code 1 when there is something" },
    { name = "permissions", arguments = "[role]", words = { "role" },
      summary = "the CloudStack commands that each verb sends; with role, CloudMonkey lines that make a role of them" },
  },
  environment = {
    { "CPI_CONFIG", "the configuration's file where --config does not name one" },
  },
  exit_codes = {
    { "0", "a response was written, whether it tells a result or an error; a command found nothing wrong" },
    { "1", "the response could not be written; a command found something, or failed" },
    { "2", "wrong usage or configuration of a command" },
  },
  see_also = "cpi-policy(7)",
}
