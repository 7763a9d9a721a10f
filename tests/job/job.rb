# Renders a job's templates with what BOSH gives them, many times in one go: ruby job.rb JOB_DIRECTORY <ORDERS >ANSWERS
#
# ORDERS is a JSON list of { "properties": as in a manifest, "links": { name: { "properties", "instances" } }, "spec":
# laid over the instance's own }. ANSWERS has for each { "files": { path: text }, "errors": { path: message } }; "monit"
# is among the paths. With no orders on stdin but the word "spec" the answer is the job's spec as JSON.
#
# The rules are those of the director and of the CLI where they agree; where they differ (links, JSON.dump) a template
# that depends on it fails here.

require "erb"
require "json"
require "yaml"

# The CLI changes what JSON.dump does to strings; no template may use it.
JSON.singleton_class.send(:remove_method, :dump)

# A property tree that is read as methods: properties.a.b, spec.id.
class Tree < BasicObject
  def initialize(hash)
    @hash = hash
  end

  def method_missing(name, *)
    value = @hash[name.to_s]
    value.is_a?(::Hash) ? ::Tree.new(value) : value
  end

  def respond_to_missing?(name, _private = false)
    @hash.key?(name.to_s)
  end
end

# What if_p and if_link answer: .else and .else_if_p after them.
class Branch
  def initialize(context, taken)
    @context = context
    @taken = taken
  end

  def else
    yield unless @taken
  end

  def else_if_p(*names, &block)
    @taken ? self : @context.if_p(*names, &block)
  end
end

def look_up(tree, name)
  name.split(".").inject(tree) { |at, key| at.nil? ? nil : at[key] }
end

# Properties as p and if_p read them.
class Reader
  def initialize(tree)
    @tree = tree
  end

  def p(names, *default)
    Array(names).each do |name|
      value = look_up(@tree, name)
      return value unless value.nil?
    end
    default.empty? ? raise("Can't find property '#{Array(names).join("', or '")}'") : default[0]
  end

  def if_p(*names)
    values = names.map { |name| look_up(@tree, name) }
    yield(*values) unless values.any?(&:nil?)
    Branch.new(self, values.none?(&:nil?))
  end
end

class Link < Reader
  attr_reader :instances

  def initialize(given)
    super(given.fetch("properties", {}))
    @instances = given.fetch("instances", []).map { |instance| Tree.new(instance) }
  end
end

# What a template sees.
class Context < Reader
  INSTANCE = { "name" => "instance", "index" => 0, "id" => "0f9c1a52-0000-4000-8000-000000000001", "address" => "10.0.0.6",
               "ip" => "10.0.0.6", "az" => "z1", "bootstrap" => true, "deployment" => "deployment",
               "networks" => { "default" => { "ip" => "10.0.0.6" } } }.freeze

  attr_reader :spec, :properties, :raw_properties, :name, :index

  def initialize(job, order)
    @raw_properties = declared(job, order.fetch("properties", {}))
    super(@raw_properties)
    @links = order.fetch("links", {})
    @spec = Tree.new(INSTANCE.merge(order.fetch("spec", {})))
    @properties = Tree.new(@raw_properties)
    @name = job["name"]
    @index = 0
  end

  def link(name)
    Link.new(@links.fetch(name) { raise "Can't find link '#{name}'" })
  end

  def if_link(name)
    yield link(name) if @links.key?(name)
    Branch.new(self, @links.key?(name))
  end

  def bindings
    binding
  end

  private

  # Only what the job's spec declares comes through, with its default where nothing is given.
  def declared(job, given)
    tree = {}
    job.fetch("properties", {}).each do |name, definition|
      *sections, key = name.split(".")
      value = look_up(given, name)
      value = definition["default"] if value.nil?
      sections.inject(tree) { |at, section| at[section] ||= {} }[key] = value
    end
    tree
  end
end

# The templates, by what they become.
def templates(directory, job)
  sources = job["templates"].to_h { |source, target| [target, "templates/#{source}"] }
  sources.merge("monit" => "monit").transform_values do |source|
    erb = ERB.new(File.read("#{directory}/#{source}"), trim_mode: "-")
    erb.filename = source
    erb
  end
end

def render(templates, job, order)
  answer = { "files" => {}, "errors" => {} }
  templates.each do |target, erb|
    answer["files"][target] = erb.result(Context.new(job, order).bindings)
  rescue StandardError, ScriptError => e
    answer["errors"][target] = e.message
  end
  answer
end

directory, word = ARGV
job = YAML.safe_load(File.read("#{directory}/spec"))
if word == "spec"
  puts JSON.generate(job)
else
  compiled = templates(directory, job)
  puts JSON.generate(JSON.parse($stdin.read).map { |order| render(compiled, job, order) })
end
