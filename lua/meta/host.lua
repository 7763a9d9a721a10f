---@meta host
-- The host table: what C gives to lua/cpi.lua, lua/setup, lua/operator, lua/commands and lua/daemons, for editors. A verb
-- sees a part of it, as fields of the cpi (lua/meta/cpi_table.lua). tests/host/annotations_test.lua checks that each table
-- has these fields and no others. Where a function returns "nil, why", why is a sentence for a person.
-- luacheck: max_line_length 200

---@class host
---@field attempt fun(f: function, ...): boolean, any true and f's results, or false and its error; the traceback of a bug goes to stderr
---@field bytes host.bytes
---@field clock host.clock
---@field cloudstack host.cloudstack
---@field config host.config
---@field console host.console
---@field environment fun(name: string): string? an environment variable
---@field files host.files
---@field http host.http
---@field images host.images
---@field interruption fun(): string? why the work should end early (a signal, a reader that went away), or nil
---@field json host.json
---@field log host.log
---@field lua_dir string absolute path of lua/
---@field policy host.policy
---@field process host.process
---@field request? fun(path: string): table commands only: the request that a file holds; its secret stays in C
---@field read_only fun() from now on nothing is sent, uploaded or stored that changes anything; there is no way back
---@field store host.store
---@field throttle host.throttle
---@field version string "0.1.0"
---@field workshop? host.workshop commands only: programs of this machine, and a directory to make a file in

---@class host.bytes
---@field base64 fun(s: string): string
---@field equal fun(a: string, b: string): boolean takes a time that depends on the length of a alone
---@field hmac_sha1 fun(key: string, s: string): string 20 bytes
---@field key_pair fun(): string, string a fresh RSA key pair for SSH: the private key (PEM), the public one ("ssh-rsa AAAA...")
---@field pbkdf2 fun(password: string, salt: string, rounds: integer): string 32 bytes; slow on purpose
---@field random fun(n: integer): string n random bytes
---@field sha256 fun(s: string): string hex, lower case
---@field unbase64 fun(text: string): string? nil when it is not base64
---@field uuid fun(): string random, lower case

---@class host.clock
---@field iso fun(t?: number): string "2026-01-01T00:00:00Z"
---@field now fun(): number seconds of a clock that never goes back
---@field sleep fun(seconds: number) ends early when the process is interrupted
---@field utc fun(): integer seconds since 1970

---@class host.cloudstack
---@field open fun(settings: host.session) sets the server; connects to nothing
---@field send fun(requests: host.request[]): host.reply[] sends all at once; the replies are in the order of the requests

---@class host.session
---@field endpoint string http or https URL of the API
---@field api_key string
---@field ca_cert? string PEM text
---@field ca_file? string path of a PEM file
---@field verify boolean is the server's certificate checked?
---@field proxy? string
---@field no_proxy? string
---@field connect_timeout? number seconds
---@field request_timeout? number seconds
---@field max_body? integer bytes of an answer

---@class host.request
---@field command string CloudStack's command
---@field params? table<string, string|number|boolean>
---@field timeout? number seconds
---@field expires? integer seconds since 1970

---@class host.reply either status and body, or fault and text
---@field seconds number how long it took
---@field status? integer HTTP status
---@field body? string
---@field type? string content type
---@field fault? string resolve, connect, tls, timeout, closed, toolarge or other
---@field text? string the fault in words
---@field sent? boolean may the server have received the request?
---@field complete? boolean of an upload: has its last byte left?

---@class host.config
---@field path? string the file of the configuration, absolute
---@field is_named boolean is a configuration or a cpi-config named?
---@field context fun(): table the properties of the cpi that --cpi-config and --cpi name, {} without them; raises what is wrong
---@field has_secret fun(): boolean is there a secret key? The key itself stays in C
---@field read fun(): table the configuration, {} when there is no file; raises what is wrong with it

---@class host.console
---@field clean fun(text: string): string one line, without anything that a terminal acts on
---@field error fun(text: string)
---@field interactive boolean are standard input and standard error a terminal, so that a person can be asked?
---@field read fun(prompt?: string): string? the next line of stdin, or nil at its end; on a terminal behind the prompt, to be edited where there is libedit
---@field tty boolean is standard output a terminal?
---@field write fun(text: string, in_colours?: boolean): boolean?, string?, boolean? true; or nil, why, whether only its reader is gone

---@class host.files
---@field append fun(path: string, lines: string, most_bytes: integer, most_seconds: integer): boolean?, string? true, or nil, why. Each line begins with its time; older ones are in FILE.1
---@field create fun(path: string, text: string): boolean?, string? true, or nil, why. For its owner alone; refuses a file that exists
---@field list fun(directory: string): string[]?, string? sorted names, directories with a slash at the end; or nil, why
---@field read fun(path: string): string?, string?, boolean? a regular file of at most 32 MB; or nil, why, whether it does not exist
---@field read_argument fun(path: string): string?, string? for a path of the command line, which may be a pipe or the terminal
---@field remove fun(path: string): boolean?, string? true, or nil, why
---@field replace fun(path: string, text: string): boolean?, string? true, or nil, why. For everybody to read; replaced as a whole

---@class host.http
---@field upload fun(url: string, file: string, headers?: table<string, string>, form: host.form): host.reply multipart, streamed from the disk

---@class host.images
---@field checksum fun(file: string): string?, string? SHA-256 in hex; or nil, why
---@field inside fun(file: string): table?, string? what a gzipped file holds: head, and of a tar tar, name, size; or nil, why
---@field publish fun(file: string, place: string): boolean?, string? true, or nil, why
---@field stat fun(file: string): table?, string? size, and head, the first 512 bytes; or nil, why
---@field withdraw fun(place: string): boolean?, string? true, or nil, why

---@class host.form
---@field name string
---@field filename string
---@field type string
---@field fields? table<string, string>
---@field member? string the file is a gzipped tar, and this member of it is sent

---@class host.json
---@field array fun(list?: table): table marks a table as an array
---@field decode fun(text: string): any, string? the value; or nil, why
---@field encode fun(value: any): string keys sorted
---@field is_array fun(value: any): boolean
---@field null lightuserdata

---@class host.log a line on stderr each; secrets are masked
---@field context fun(request_id: string, verb: string)
---@field debug fun(format: string, ...)
---@field error fun(format: string, ...)
---@field format fun(name: "text"|"json")
---@field info fun(format: string, ...)
---@field level fun(name: "debug"|"info"|"warn"|"error")
---@field mask fun(text: string): string
---@field secret fun(value: string): boolean masks it from now on; false: it is too short or plain to be masked inside ordinary words
---@field status fun(text?: string): boolean shows what is going on, on the status line of a terminal, or ends it; false: there is none
---@field warn fun(format: string, ...)

---@class host.policy the sandbox
---@field call fun(f: function, ...): any f's results; raises its error
---@field load fun(directory: string, name: string, globals?: table): string?, any path and what NAME.lua returns; nothing when it is absent or blank
---@field measure fun(f: function, ...): table, any { steps, bytes } that it took, and its results
---@field names fun(): string[] everything that a policy can name

---@class host.process
---@field alive fun(identity: string): boolean false when that process has certainly ended
---@field identity fun(): string?, string? of this process; or nil, why
---@field use fun(path: string) names the file of the locks

---@class host.store text by key in named tables of a file. get, put, replace, delete: nil, why, whether only a lock is in the way
---@field check fun(path: string): boolean?, string?, boolean? true; or nil, why, whether it does not exist. Writes nothing
---@field delete fun(table: string, key: string): boolean?, string?, boolean?
---@field get fun(table: string, key: string): string?, string?, boolean?
---@field open fun(path: string): boolean?, string?
---@field patience fun(seconds: number) how long a call waits for another process's lock
---@field put fun(table: string, key: string, text: string): boolean?, string?, boolean?
---@field replace fun(table: string, key: string, old: string, text: string): boolean?, string? was `old` there, and is it replaced?
---@field rows fun(table: string): { key: string, value: string }[]?, string? in the order of the keys

---@class host.throttle
---@field enter fun(wanted: integer): integer, number how many requests may go out now, and the seconds waited; leave() must follow
---@field leave fun()
---@field open fun(path: string, limits: { concurrent?: integer, per_second?: number, patience?: number }): boolean?, string?
---@field pause fun(seconds: number) no process begins a request for so long

---@class host.workshop for operator commands that make files: no verb and no policy can reach it. Words go to programs as they are, without a shell
---@field find fun(name: string): string? where a program is, in PATH or the directories of the administrator
---@field hand_over fun(file: string, result: string): boolean?, string? gives a finished file its name, in the place of no other; true, or nil, why
---@field is_there fun(path: string): boolean
---@field make_directory fun(result: string): string?, string? a new directory beside the file that is to be made; or nil, why
---@field members fun(tarball: string): { name: string, size: integer }[]?, string? of a gzipped tar: its regular files, without their directories
---@field remove_directory fun(directory: string): boolean?, string? with the files in it
---@field room fun(directory: string): integer bytes that are free
---@field start fun(words: string[], options?: { directory?: string, output?: string }): host.program?, string? output: a new file for its stdout
---@field unpack fun(tarball: string, member: string, place: string): host.unpacking?, integer|string into a new file, and the member's bytes; or nil, why

---@class host.program
---@field output fun(self): string what it wrote to stdout so far
---@field stop fun(self) kills it
---@field wait fun(self, seconds: number): { code?: integer, signal?: integer, output: string, errors: string }? nil while it runs

---@class host.unpacking
---@field run fun(self, seconds: number): boolean?, integer|string is it done, and bytes so far; or nil, why
---@field stop fun(self)
