# What the packages and jobs of bosh-release are made of, as the bosh CLI sees it. Sourced, with the current directory
# at the top of the repository, by release/compile and release/dist; needs GNU's tools and bash 4.4.
#
# The CLI looks for a package's files in bosh-release/src and bosh-release/blobs. We have no src, but take the top of
# the repository for it; the CLI needs a copy (release/sources), as it passes over whatever a symbolic link leads to.

export LC_ALL=C
shopt -s globstar nullglob inherit_errexit

release=$PWD/bosh-release

# list_in SPEC KEY: the items of a list in a spec. (The specs are ours; this is no YAML reader.)
list_in() {
  awk -v key="$2:" '
    /^[a-z]/ { inside = $1 == key }
    inside && $1 == "-" { print $2 }' "$1"
}

# The names of all packages, or of all jobs.
all_of() { (cd "$release/$1" && printf '%s\n' * | sort); }

package_list() { list_in "$release/packages/$1/spec" "$2"; }

# Every package, each after those that it needs.
package_names() {
  local name dependency
  for name in $(all_of packages); do
    echo "$name $name"
    for dependency in $(package_list "$name" dependencies); do
      echo "$dependency $name"
    done
  done | tsort
}

# package_files NAME: its files, as lines of "PLACE<tab>NAME IN THE PACKAGE", sorted by name. A pattern that finds nothing
# is an error, as it is for the CLI.
package_files() {
  local pattern place file found
  {
    printf '%s\tpackaging\n' "$release/packages/$1/packaging"
    while read -r pattern; do
      found=
      for place in "$PWD" "$release/blobs"; do
        for file in "$place"/$pattern; do
          [ -f "$file" ] || continue
          found=yes
          printf '%s\t%s\n' "$file" "${file#"$place/"}"
        done
      done
      [ -n "$found" ] || { echo "package $1: there is no $pattern (\`make blobs\` fetches third-party sources)" >&2; return 1; }
    done < <(package_list "$1" files)
  } | sort -t "$(printf '\t')" -k 2,2
}

sha256() { sha256sum "$@" | cut -d ' ' -f 1; }

# fingerprint CHUNKS...: of lines "PLACE<tab>NAME" on stdin, as release/resource/fingerprint.go of the CLI makes it: one
# SHA-256 over "v2" and, for each file, its name, its sum and its mode; at last what else makes a difference. Of a name
# before "!" the mode does not count.
fingerprint() {
  local place name mode sum text=v2
  while IFS=$'\t' read -r place name sum; do
    mode=100644
    [ ! -x "$place" ] || mode=100755
    case $name in *!) name=${name%!} mode= ;; esac
    text=$text$name$sum$mode
  done < <(with_sums)
  printf '%s%s' "$text" "$*" | sha256
}

# Adds "sha256:..." to each line.
with_sums() {
  local lines
  lines=$(cat)
  paste <(printf '%s\n' "$lines") <(cut -f 1 <<<"$lines" | tr '\n' '\0' | xargs -0 sha256sum | sed 's/ .*//; s/^/sha256:/')
}

# The fingerprint of a package: its files, and the names of what it depends on.
package_fingerprint() {
  package_files "$1" | sed "s/\tpackaging$/&!/" | fingerprint "$(package_list "$1" dependencies | sort | paste -s -d ,)"
}

# stage DIRECTORY: copies lines of "PLACE<tab>NAME" on stdin into it, with no more of their modes than the CLI keeps.
stage() {
  local place name mode
  while IFS=$'\t' read -r place name; do
    mode=644
    [ ! -x "$place" ] || mode=755
    install -D -m $mode "$place" "$1/$name"
  done
}

# job_files NAME: the files of a job, as package_files has those of a package.
job_files() {
  local job=$release/jobs/$1 file
  {
    printf '%s\tjob.MF\n' "$job/spec"
    for file in monit properties_schema.json; do
      if [ -f "$job/$file" ]; then printf '%s\t%s\n' "$job/$file" "$file"; fi
    done
    awk '/^[a-z]/ { inside = $1 == "templates:" } inside && /^  [^ #].*: / { sub(/:$/, "", $1); print $1 }' "$job/spec" |
      while read -r file; do printf '%s\ttemplates/%s\n' "$job/templates/$file" "$file"; done
  } | sort -t "$(printf '\t')" -k 2,2
}

job_packages() { list_in "$release/jobs/$1/spec" packages; }
