# What release/blobs and release/advisories share: the pins, and Debian's archive as the machine's apt reaches it, with a
# configuration of its own: its lists, its cache and its one sources list are below a temporary directory, and the
# machine's are not touched. Root is not needed. Sourced, with the current directory at the top of the repository.

lock=bosh-release/config/blobs.yml
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

# The lock as lines of words: path size sha256 source version suite
pinned() {
  awk '
    /^[^ #].*:$/ { path = substr($0, 1, length($0) - 1) }
    $1 == "size:" { size = $2 }
    $1 == "sha:" { sha = $2; sub(/^sha256:/, "", sha) }
    $1 == "debian:" { split($2, source, "="); print path, size, sha, source[1], source[2], $3 }' "$lock"
}

# configure_apt DIRECTORY ARCHIVE DAY SUITE...: for apt, all of it below DIRECTORY, and sources of these suites only. DAY,
# which a mirror has not, follows the archive's name.
configure_apt() {
  local directory=$1 archive=$2 day=$3 suite place keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  shift 3
  mkdir -p "$directory"/{lists,cache/archives}/partial "$directory/none"
  for suite; do
    case $suite in *-security) place=$archive-security$day ;; *) place=$archive$day ;; esac
    echo "deb-src [signed-by=$keyring check-valid-until=no] $place $suite main"
  done >"$directory/sources.list"
  cat >"$directory/apt.conf" <<CONF
Dir::State::lists "$directory/lists";
Dir::Cache "$directory/cache";
Dir::Etc::sourcelist "$directory/sources.list";
Dir::Etc::sourceparts "$directory/none";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::http::Timeout "30";
CONF
  export APT_CONFIG="$directory/apt.conf"
}
