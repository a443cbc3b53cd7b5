#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "engine/duckdb/session.hpp"

namespace reelhouse::engine::duckdb {
namespace {

/// Reads a text member; "" when it is absent or something else (a literal's "type" is an object).
std::string text_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Tells whether a CTE reads itself: some node of its definition is of that type.
bool is_recursive(const Json& node) {
  if (!node.is_structured()) return false;
  if (node.is_object() && text_of(node, "type") == "RECURSIVE_CTE_NODE") return true;
  return std::ranges::any_of(node, [](const Json& child) { return is_recursive(child); });
}

/// Walks a syntax tree as json_serialize_sql writes it, and knows which CTEs are in scope.
class Walker {
 public:
  References found;

  void walk(const Json& node, const std::set<std::string>& scope) {
    if (node.is_array()) {
      for (const auto& child : node) walk(child, scope);
      return;
    }
    if (!node.is_object()) return;
    collect(node, scope);
    if (const auto ctes = node.find("cte_map"); ctes != node.end() && ctes->is_object()) {
      walk_with_ctes(node, *ctes, scope);
      return;
    }
    for (const auto& child : node) walk(child, scope);
  }

 private:
  /// A CTE sees the ones before it (and itself, when recursive); the body sees all.
  void walk_with_ctes(const Json& node, const Json& ctes, std::set<std::string> scope) {
    if (const auto map = ctes.find("map"); map != ctes.end()) {
      for (const auto& entry : *map) {
        const std::string name = lower(text_of(entry, "key"));
        std::set<std::string> inner = scope;
        if (is_recursive(entry)) inner.insert(name);
        if (const auto value = entry.find("value"); value != entry.end()) walk(*value, inner);
        scope.insert(name);
      }
    }
    for (const auto& [key, child] : node.items())
      if (key != "cte_map") walk(child, scope);
  }

  void collect(const Json& node, const std::set<std::string>& scope) {
    const std::string type = text_of(node, "type");
    if (type == "BASE_TABLE") {
      const std::string schema = text_of(node, "schema_name");
      const std::string name = text_of(node, "table_name");
      if (schema.empty() && scope.contains(lower(name))) return;
      const auto same = [&](const auto& t) { return t.schema == schema && t.name == name; };
      if (std::ranges::none_of(found.tables, same))
        found.tables.push_back({schema, name, node.value("query_location", size_t{0})});
    } else if (const std::string name = lower(text_of(node, "function_name")); !name.empty()) {
      if (std::ranges::find(found.functions, name) == found.functions.end()) found.functions.push_back(name);
    }
  }
};

}  // namespace

Result<References> DuckSession::references_of(const std::string& sql) {
  RH_ASSIGN(const Rows rows, query(fmt::format("select json_serialize_sql({})", quote_text(sql)), {}));
  const Json tree = Json::parse(rows.text(0, 0), nullptr, false);
  if (tree.is_discarded()) return fail(ErrorKind::kInternal, "reading the engine's syntax tree: no JSON");
  if (tree.value("error", false))
    return fail(ErrorKind::kQuery, tree.value("error_message", "the statement cannot be parsed"), "",
                tree.value("position", "0"));
  if (tree["statements"].size() != 1)
    return fail(ErrorKind::kQuery, fmt::format("expected one SELECT, found {}", tree["statements"].size()));
  Walker walker;
  walker.walk(tree["statements"], {});
  return std::move(walker.found);
}

}  // namespace reelhouse::engine::duckdb
