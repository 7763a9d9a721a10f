# What the packages of bosh-release are made of, as the bosh CLI sees it. Sourced, with the current directory at the top
# of the repository, by release/compile and release/dist; needs GNU's tools and bash 4.4.

export LC_ALL=C
shopt -s globstar nullglob inherit_errexit

release=$PWD/bosh-release

# package_list SPEC KEY: the items of a list in a spec. (The specs are ours; this is no YAML reader.)
package_list() {
  awk -v key="$2:" '
    /^[a-z]/ { inside = $1 == key }
    inside && $1 == "-" { print $2 }' "$release/packages/$1/spec"
}

# Every package, each after those that it needs.
package_names() {
  for name in "$release"/packages/*/; do
    name=${name%/}
    name=${name##*/}
    echo "$name $name"
    for dependency in $(package_list "$name" dependencies); do
      echo "$dependency $name"
    done
  done | tsort
}

# package_files NAME: its files, as lines of "PLACE<tab>NAME IN THE PACKAGE", sorted by name. As the CLI does, a pattern
# is looked for in src/ and in blobs/, and one that finds nothing is an error.
package_files() {
  local name=$1 pattern place file found
  {
    printf '%s\tpackaging\n' "$release/packages/$name/packaging"
    while read -r pattern; do
      found=
      for place in "$release/src" "$release/blobs"; do
        [ -d "$place" ] || continue
        while read -r file; do
          found=yes
          printf '%s\t%s\n' "$place/$file" "$file"
        done < <(cd "$place" && for file in $pattern; do if [ -f "$file" ]; then echo "$file"; fi; done)
      done
      [ -n "$found" ] || { echo "package $name: nothing is called $pattern (\`make blobs\` fetches third-party sources)" >&2; return 1; }
    done < <(package_list "$name" files)
  } | sort -t "$(printf '\t')" -k 2,2 -u
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
