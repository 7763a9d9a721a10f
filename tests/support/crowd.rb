# Clients that are never done: crowd.rb PORT, then groups of COUNT FIRST_ADDRESS ADDRESSES HEAD BODY_BYTES on the command
# line. Each client sends HEAD and so many bytes after it at once, and from then on a byte every half second; its own
# address is one of ADDRESSES from FIRST_ADDRESS on. Whoever is closed comes again after PAUSE
# seconds, 1 without it, unless AGAIN=no.
# stdout: "ready" when each has sent all that it sends at once, or was closed; then "status N" for an answer, "closed" for an end.

require "socket"
require "ipaddr"

Process.setrlimit(:NOFILE, Process.getrlimit(:NOFILE)[1])
$stdout.sync = true

PORT = Integer(ARGV.shift)
AGAIN = ENV["AGAIN"] != "no"
PAUSE = Float(ENV["PAUSE"] || 1)
PIECE = "x" * 65536
Client = Struct.new(:socket, :group, :address, :unsent, :was_there, :back_at)
Group = Struct.new(:head, :bytes)

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def connect(client)
  socket = Socket.new(:INET, :STREAM)
  socket.bind(Addrinfo.tcp(client.address, 0))
  socket.connect(Addrinfo.tcp("127.0.0.1", PORT))
  client.socket = socket
  client.unsent = client.group.head.bytesize + client.group.bytes
rescue SystemCallError
  client.socket = nil
  client.back_at = now + PAUSE
end

def piece_of(client)
  sent = client.group.head.bytesize + client.group.bytes - client.unsent
  sent < client.group.head.bytesize ? client.group.head.byteslice(sent..) : PIECE[0, client.unsent]
end

# Sends what goes without waiting.
def feed(client)
  while client.unsent > 0
    written = client.socket.write_nonblock(piece_of(client), exception: false)
    return if written == :wait_writable
    client.unsent -= written
  end
  client.was_there = true
rescue SystemCallError
  nil # its end is seen by the reader
end

def listen_to(client)
  got = client.socket.read_nonblock(65536, exception: false)
  return if got == :wait_readable
  return puts("status #{$1}") if got && got =~ %r{\AHTTP/1\.1 (\d+)}
  raise EOFError unless got
rescue SystemCallError, EOFError
  client.socket.close
  client.socket = nil
  client.was_there = true
  client.back_at = now + PAUSE
  puts "closed"
end

clients = ARGV.each_slice(5).flat_map do |count, first, addresses, head, bytes|
  group = Group.new(head.gsub("\\r\\n", "\r\n"), Integer(bytes))
  Array.new(Integer(count)) do |i|
    Client.new(nil, group, IPAddr.new(IPAddr.new(first).to_i + i % Integer(addresses), Socket::AF_INET).to_s, 0)
  end
end
clients.each { |client| connect(client) }
drip_at = now
is_ready = false
loop do
  there = clients.select(&:socket)
  by_socket = there.to_h { |client| [client.socket, client] }
  hungry = there.select { |client| client.unsent > 0 }.map(&:socket)
  readable, writable = IO.select(by_socket.keys, hungry, nil, 0.1)
  writable.to_a.each { |socket| feed(by_socket[socket]) }
  readable.to_a.each { |socket| listen_to(by_socket[socket]) }
  unless is_ready || !clients.all?(&:was_there)
    is_ready = true
    puts "ready"
  end
  clients.each { |client| connect(client) if !client.socket && client.back_at < now } if AGAIN
  next if now < drip_at
  drip_at = now + 0.5
  clients.each { |client| client.unsent += 1 if client.socket && client.unsent == 0 }
end
