#include "model/graph.hpp"

#include <algorithm>

#include "base/near_miss.hpp"

namespace reelhouse::model {
namespace {

size_t line_of(const std::string& text, size_t offset) {
  return 1 + static_cast<size_t>(std::count(
                 text.begin(), text.begin() + static_cast<long>(std::min(offset, text.size())), '\n'));
}

/// Sorts one model's references into models, raw tables, their drops and seeds.
class Resolver {
 public:
  Resolver(const Project& project, const std::vector<std::string>& raw_tables, std::vector<Error>& problems)
      : project_(project), problems_(problems) {
    for (const auto& table : raw_tables) raw_.push_back("raw." + table);
    for (const auto& source : project.sources)
      for (const auto& table : source.tables) raw_.push_back("raw." + table.name);
    for (const auto& seed : project.seeds) seeds_.push_back("seed." + seed.name);
    for (const auto& model : project.models) models_.push_back(model.name);
  }

  /// Fills `node`, and `inputs` with the names of models; false when something is unknown.
  bool resolve(const engine::References& references, Node& node, std::vector<std::string>& inputs) {
    bool known = true;
    for (const auto& table : references.tables) {
      const std::string name = table.schema.empty() ? table.name : table.schema + "." + table.name;
      const bool is_broken = project_.is_broken(name) ||
                             (table.schema == "rejected" && project_.is_broken(table.name)) ||
                             (table.schema == "drops" && project_.is_broken("raw." + table.name));
      if (is_broken) {
        known = false;
      } else if (table.schema.empty() && contains(models_, name)) {
        add_once(inputs, name);
      } else if (table.schema == "raw" && contains(raw_, name)) {
        add_once(node.raw, table.name);
      } else if (table.schema == "drops" && contains(raw_, "raw." + table.name)) {
        add_once(node.drops, table.name);
      } else if (table.schema == "rejected" && rejects(table.name)) {
        add_once(node.rejected, table.name);
        add_once(inputs, table.name);
      } else if (table.schema == "seed" && contains(seeds_, name)) {
        add_once(node.seeds, table.name);
      } else {
        known = false;
        problems_.push_back(
            {ErrorKind::kProject, fmt::format("there is no table '{}'", name), hint(name),
             fmt::format("{}:{}", node.model->file.string(), line_of(node.model->sql, table.offset))});
      }
    }
    node.functions = references.functions;
    return known;
  }

 private:
  static bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  }

  static void add_once(std::vector<std::string>& names, const std::string& name) {
    if (!contains(names, name)) names.push_back(name);
  }

  bool rejects(const std::string& model) const {
    const Model* found = project_.find(model);
    return found != nullptr && !found->rejects.empty();
  }

  std::string hint(const std::string& name) const {
    std::vector<std::string> all = models_;
    if (name.starts_with("rejected.") && contains(models_, name.substr(9)))
      return fmt::format("{} has no reject rules, so it rejects no row.", name.substr(9));
    all.insert(all.end(), raw_.begin(), raw_.end());
    all.insert(all.end(), seeds_.begin(), seeds_.end());
    if (name.starts_with("raw.") && !near_miss(name, all))
      return "It is not in the catalog. Run 'reelhouse catalog' to see what is, or declare it in sources/.";
    return did_you_mean(
        name, all,
        "Models are named as their files, what their rules reject rejected.<model>, raw tables "
        "raw.<table>, their drops drops.<table>, seeds seed.<name>.");
  }

  const Project& project_;
  std::vector<Error>& problems_;
  std::vector<std::string> raw_;
  std::vector<std::string> seeds_;
  std::vector<std::string> models_;
};

/// Orders nodes depth first; reports a cycle once, as the path that closes it.
class Sorter {
 public:
  Sorter(std::vector<Node>& nodes, const std::map<std::string, std::vector<std::string>>& inputs,
         std::vector<Error>& problems)
      : nodes_(nodes), inputs_(inputs), problems_(problems), states_(nodes.size(), State::kNew) {
    for (size_t i = 0; i < nodes.size(); ++i) index_[nodes[i].model->name] = i;
  }

  Graph sorted() {
    for (size_t i = 0; i < nodes_.size(); ++i) visit(i);
    return std::move(graph_);
  }

 private:
  enum class State { kNew, kOpen, kDone, kBroken };

  bool visit(size_t i) {
    if (states_[i] == State::kDone) return true;
    if (states_[i] == State::kBroken) return false;
    path_.push_back(nodes_[i].model->name);
    if (states_[i] == State::kOpen) {
      report_cycle(nodes_[i]);
      path_.pop_back();
      return false;
    }
    states_[i] = State::kOpen;
    bool sound = true;
    for (const auto& input : inputs_.at(nodes_[i].model->name)) {
      const auto found = index_.find(input);
      sound = found != index_.end() && visit(found->second) && sound;
    }
    path_.pop_back();
    states_[i] = sound ? State::kDone : State::kBroken;
    if (!sound) return false;
    for (const auto& input : inputs_.at(nodes_[i].model->name))
      nodes_[i].inputs.push_back(static_cast<size_t>(graph_.find(input)));
    graph_.nodes.push_back(std::move(nodes_[i]));
    return true;
  }

  void report_cycle(const Node& node) {
    const auto first = std::ranges::find(path_, node.model->name);
    problems_.push_back(
        {ErrorKind::kProject,
         fmt::format("models depend on each other in a circle: {}", fmt::join(first, path_.end(), " -> ")),
         "Take one of these references out.", node.model->file.string()});
  }

  std::vector<Node>& nodes_;
  const std::map<std::string, std::vector<std::string>>& inputs_;
  std::vector<Error>& problems_;
  std::vector<State> states_;
  std::map<std::string, size_t> index_;
  std::vector<std::string> path_;
  Graph graph_;
};

}  // namespace

Graph resolve(const Project& project, engine::Session& session, const std::vector<std::string>& raw_tables,
              std::vector<Error>& problems) {
  Resolver resolver(project, raw_tables, problems);
  std::vector<Node> nodes;
  std::map<std::string, std::vector<std::string>> inputs;
  for (const auto& model : project.models) {
    auto references = session.references_of(model.sql);
    if (!references) {
      problems.push_back(locate(references.error(), model.sql, model.file.string(), 1));
      continue;
    }
    Node node;
    node.model = &model;
    if (resolver.resolve(*references, node, inputs[model.name])) nodes.push_back(std::move(node));
  }
  return Sorter(nodes, inputs, problems).sorted();
}

int Graph::find(const std::string& name) const {
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].model->name == name) return static_cast<int>(i);
  return -1;
}

std::vector<bool> Graph::upstream(std::vector<bool> marked) const {
  for (size_t i = nodes.size(); i-- > 0;)
    if (marked[i])
      for (const size_t input : nodes[i].inputs) marked[input] = true;
  return marked;
}

std::vector<bool> Graph::downstream(std::vector<bool> marked) const {
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const size_t input : nodes[i].inputs)
      if (marked[input]) marked[i] = true;
  return marked;
}

Result<std::vector<bool>> select(const Graph& graph, const std::vector<std::string>& patterns) {
  std::vector<bool> all(graph.nodes.size(), patterns.empty());
  for (const auto& pattern : patterns) {
    const bool up = pattern.starts_with('+');
    const bool down = pattern.size() > 1 && pattern.ends_with('+');
    const std::string name = pattern.substr(up ? 1 : 0, pattern.size() - (up ? 1 : 0) - (down ? 1 : 0));
    std::vector<bool> marked(graph.nodes.size(), false);
    std::vector<std::string> known;
    bool found = false;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Model& model = *graph.nodes[i].model;
      marked[i] = model.name == name || model.is_in(name);
      found = found || marked[i];
      known.insert(known.end(), {model.name, model.folder});
    }
    if (!found)
      return fail(ErrorKind::kUsage,
                  fmt::format("--select {}: there is no model or folder '{}'", pattern, name),
                  did_you_mean(name, known, "Run 'reelhouse validate' to list the models."));
    const auto ups = up ? graph.upstream(marked) : marked;
    const auto downs = down ? graph.downstream(marked) : marked;
    for (size_t i = 0; i < all.size(); ++i) all[i] = all[i] || ups[i] || downs[i];
  }
  return all;
}

}  // namespace reelhouse::model
