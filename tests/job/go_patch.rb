# Applies ops files to a manifest and fills in variables, as the bosh CLI does (go-patch): the result as JSON.
#
#   ruby go_patch.rb MANIFEST [OPS ...] <VARIABLES (JSON)
#
# Paths are made of keys, indices, - (after the last) and name=value, each optional with ? as everything after it is.

require "json"
require "yaml"

def load_yaml(path)
  YAML.safe_load(File.read(path), aliases: true, permitted_classes: [], filename: path)
end

# One step of a path.
Token = Struct.new(:text, :optional) do
  def pair
    text.split("=", 2) if text.include?("=")
  end

  # The place in `at` that this step names: a key or an index; nil when it is not there.
  def place(at)
    if pair
      raise "Expected a list at '#{text}'" unless at.is_a?(Array)
      found = at.each_index.select { |i| at[i].is_a?(Hash) && at[i][pair[0]].to_s == pair[1] }
      raise "Expected to find exactly one '#{text}', found #{found.size}" if found.size > 1
      found[0]
    elsif at.is_a?(Array)
      text == "-" ? at.size : Integer(text)
    else
      raise "Expected a map at '#{text}'" unless at.is_a?(Hash)
      text if at.key?(text)
    end
  end

  # What stands at a place that was not there: what the step after it needs.
  def add(at, following)
    value = following && (following.text == "-" || following.pair) ? [] : {}
    value = pair.each_slice(2).to_h.merge(value) if pair && value.is_a?(Hash)
    if at.is_a?(Array)
      at << value
      at.size - 1
    else
      at[text] = value
      text
    end
  end
end

def tokens(path)
  raise "Expected '#{path}' to begin with /" unless path.start_with?("/")
  optional = false
  path[1..].split("/").map do |text|
    optional ||= text.end_with?("?")
    Token.new(text.delete_suffix("?"), optional)
  end
end

# The container that the last step is in; nil when something on the way is missing and may be.
def walk(document, steps, path, making)
  steps[0..-2].each_with_index.inject(document) do |at, (step, i)|
    place = step.place(at)
    if place.nil? || (at.is_a?(Array) && place == at.size)
      raise "Expected to find '#{step.text}' of '#{path}'" unless step.optional || step.text == "-"
      return nil unless making
      place = step.add(at, steps[i + 1])
    end
    at[place]
  end
end

def apply(document, operation)
  path = operation.fetch("path")
  steps = tokens(path)
  last = steps.last
  removing = operation["type"] == "remove"
  raise "Unknown operation '#{operation["type"]}'" unless removing || operation["type"] == "replace"
  at = walk(document, steps, path, !removing)
  return if at.nil?
  place = last.place(at)
  if place.nil?
    raise "Expected to find '#{last.text}' of '#{path}'" unless last.optional || steps[0..-2].any?(&:optional)
    return if removing
    place = last.pair ? at.size : last.text
  end
  if removing
    at.is_a?(Array) ? at.delete_at(place) : at.delete(place)
  else
    at[place] = Marshal.load(Marshal.dump(operation["value"]))
  end
end

def fill(value, variables, missing)
  case value
  when Hash then value.to_h { |key, inner| [key, fill(inner, variables, missing)] }
  when Array then value.map { |inner| fill(inner, variables, missing) }
  when String
    whole = value[/\A\(\(!?([^()]+)\)\)\z/, 1]
    return variables[whole] if whole && variables.key?(whole)
    value.gsub(/\(\(!?([^()]+)\)\)/) { |text| variables.fetch($1) { missing << $1; text } }
  else value
  end
end

manifest, *ops = ARGV
document = load_yaml(manifest)
ops.each do |file|
  load_yaml(file).each { |operation| apply(document, operation) }
rescue StandardError => e
  abort "#{file}: #{e.message}"
end
missing = []
document = fill(document, JSON.parse($stdin.read), missing)
puts JSON.generate("document" => document, "missing" => missing.uniq.sort)
