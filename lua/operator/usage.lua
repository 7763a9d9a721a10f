-- What the program takes on its command line: the one source of --help, of the man page, of completion, and of how
-- lua/operator/command.lua reads it.
--   arguments  as they are shown
--   words      what the first argument can be; `then_words` what can follow each of them
--   options    { "--name VALUE" or "--name", text }; `values` what can follow each of them
--   words_of   "verbs", "decisions" or "commands": more words come from there

local OUTPUT = { "--output json", "as JSON, for programs" }

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
    { name = "call", arguments = "VERB [ARGUMENT...] | --request FILE", words = {}, words_of = "verbs",
      options = { { "--request FILE", "a whole request, as the director sends it; - is standard input" },
        { "--output json", "the response line as the director gets it" } }, values = { output = { "json" } },
      summary = "one verb as the director would call it, its answer for people; arguments are JSON, or plain text" },
    { name = "cid", arguments = "CID|ADDRESS|INSTANCE|NAME...", words = {},
      options = { { "--history", "its last events, and the jobs that are at work on it" }, OUTPUT }, values = { output = { "json" } },
      summary = "what a CID is, or an address, an instance (web/0), a name, and where its object is in CloudStack; exit code 1 when "
        .. "there is none" },
    { name = "completion", arguments = "bash|zsh|fish", words = { "bash", "zsh", "fish" },
      summary = "completion of this command line for a shell, to be sourced by it" },
    { name = "doctor", arguments = "", words = {}, options = { OUTPUT }, values = { output = { "json" } },
      summary = "what is wrong with configuration, connection, account and permissions, and what to do about it" },
    { name = "explain", arguments = "[--request FILE]", words = {},
      options = { { "--request FILE", "the request to explain, else standard input" }, OUTPUT }, values = { output = { "json" } },
      summary = "what a request would do: its look-ups, its decisions and why, the calls that it would send; changes nothing" },
    { name = "gc", arguments = "--director UUID [--known FILE] [--earlier-cpis] [--older-than TIME] [--apply]", words = {},
      options = { { "--director UUID", "the director whose leftovers are looked for" },
        { "--known FILE", "the CIDs that BOSH knows, in any text; - is standard input" },
        { "--earlier-cpis", "counts ephemeral disks of the earlier CPIs without a VM as leftovers" },
        { "--older-than TIME", "minimum age, such as 90s, 15m, 2h (default 1h)" },
        { "--apply", "removes what is certainly a leftover" }, OUTPUT }, values = { output = { "json" } },
      summary = "leftovers in CloudStack; exit code 1 when there are some" },
    { name = "help", arguments = "[man | COMMAND]", words = { "man" }, words_of = "commands",
      summary = "this text; with man, as a manual page; or what a command takes, as COMMAND --help does" },
    { name = "journal", arguments = "show | replay [--director UUID]", words = { "show", "replay" },
      options = { { "--director UUID", "for replay: whose entries, where several directors wrote the journal" }, OUTPUT },
      values = { output = { "json" } },
      summary = "what was begun in CloudStack and never seen to its end; replay removes what dead processes left of it; "
        .. "exit code 1 when something is left" },
    { name = "keypair", arguments = "create NAME [--private-key FILE] | delete NAME | list",
      words = { "create", "delete", "list" }, values = { output = { "json" } },
      options = { { "--private-key FILE", "for create: the private key goes to a new file that only you can read" }, OUTPUT },
      summary = "SSH key pairs of the account; create shows the private key, which is kept nowhere; delete refuses one that VMs use" },
    { name = "list", arguments = "[--director UUID] [vms] [disks] [stemcells] [addresses] [snapshots]",
      words = { "vms", "disks", "stemcells", "addresses", "snapshots" },
      options = { { "--director UUID", "only what that director has had made; all: of every director, as without it" }, OUTPUT },
      values = { output = { "json" } },
      summary = "what the CPI made and is there: state, size, age, address, instance, and sums; and the directors that it is for" },
    { name = "permissions", arguments = "[role [VERB...]]", words = { "role" }, then_words_of = { role = "verbs" },
      summary = "the CloudStack commands that each verb sends; with role, CloudMonkey lines that make a role of them, or of "
        .. "those of some verbs" },
    { name = "policy", arguments = "list | check [DIR] | test [DIR] | facts DECISION | try DECISION [DIR] --facts FILE",
      words = { "list", "check", "test", "facts", "try" }, then_words_of = { facts = "decisions", try = "decisions" },
      options = { { "--facts FILE", "facts as JSON, for try; - is standard input" },
        { "--example", "for facts: the example alone, as JSON, to be changed and tried" }, OUTPUT }, values = { output = { "json" } },
      summary = "the policies in force; whether those of a directory load, and their tests pass; the facts of a decision, "
        .. "with an example; what a policy answers to facts" },
    { name = "repl", arguments = "[--write]", words = {},
      options = { { "--write", "allow what changes CloudStack; without it only reads are sent" } },
      summary = "a Lua prompt with cpi and cloudstack, the client" },
    { name = "validate", arguments = "[--yes] [--network NAME] [--address IP] [--stemcell NAME | --image FILE]", words = {},
      options = { { "--yes", "asks for no consent, for scripts" },
        { "--zone NAME", "the zone, else cloudstack.default_zone" },
        { "--network NAME", "the VM's network; needed where several have user data" },
        { "--address IP", "the VM's address; else CloudStack chooses a free one, and the second VM gets the same" },
        { "--offering NAME", "the VM's service offering; else one for 1 CPU and 1024 MB" },
        { "--stemcell NAME", "a template that exists, by name or id; else the newest of a stemcell, else any that is ready" },
        { "--image FILE", "a stemcell's image, which is uploaded and removed again" },
        { "--hypervisor NAME", "of the image: xen, kvm or vmware, where it does not show it" },
        { "--disk-format NAME", "of the image: vhd, qcow2, raw or ova, where it does not show it" },
        { "--disk MB", "size of the persistent disk (default 1024), which grows to twice that" },
        { "--disk-offering NAME", "its disk offering" },
        { "--ephemeral-disk MB", "an ephemeral disk for the VM" },
        { "--second-network NAME", "a second NIC" },
        { "--vip", "a public address that is acquired, and released again" },
        { "--affinity NAME", "an affinity group for the VM" },
        { "--upload-host", "looks whether the machine that takes uploads answers, without an upload; from CloudStack 4.23 on" },
        { "--anyway", "goes on where the preflight finds problems" },
        { "--output json|junit", "as JSON for programs, or as JUnit's XML for a pipeline" } },
      values = { output = { "json", "junit" } },
      summary = "one VM's whole life on this cloud by the real verbs, each step timed; all of it is removed again, also after ^C" },
    { name = "verify", arguments = "", words = {}, options = { OUTPUT }, values = { output = { "json" } },
      summary = "whether this installation is complete: scripts, policies, store; asks CloudStack nothing" },
  },
  environment = {
    { "CPI_CONFIG", "the configuration's file where --config does not name one" },
    { "NO_COLOR", "set to anything, no colour; there is none anyway where standard output is not a terminal" },
  },
  exit_codes = {
    { "0", "a response was written, whether it has a result or an error; a command found nothing wrong" },
    { "1", "the response could not be written; a command found something, or failed" },
    { "2", "wrong usage or configuration of a command" },
  },
  see_also = "cpi-policy(7)",
}
