#include "model/plan_expression.hpp"

namespace reelhouse::model {
namespace {

/// Tells how the part under a key of an expression bears on its result.
uint16_t way_of(const std::string& kind, const std::string& key) {
  if (key == "when_expr") return kCase;
  const bool is_window = kind == "BOUND_WINDOW";
  if (!is_window && kind != "BOUND_AGGREGATE") return kValue;
  if (key == "filter" || key == "filters") return kFilter;
  if (key == "order_bys" || key == "arg_orders") return kOrder;
  if (is_window && key != "children" && key != "default_expr") return kWindow;
  return kValue;
}

}  // namespace

Relation Relation::with_rows(OriginSet rows) {
  Relation relation;
  relation.rows = std::move(rows);
  return relation;
}

Relation Relation::unknown() {
  Relation relation;
  relation.open = true;
  return relation;
}

OriginSet Relation::all() const {
  OriginSet together = any;
  for (const auto& column : columns) together.add(column);
  return together;
}

void Relation::keep_only(const Json& indexes) {
  if (indexes.empty() || open) return;
  std::vector<OriginSet> kept;
  for (const auto& wanted : indexes)
    if (wanted.is_number_integer() && wanted.get<uint64_t>() < columns.size())
      kept.push_back(columns[wanted.get<uint64_t>()]);
  columns = std::move(kept);
  index.reset();
}

Relation Relation::beside(const Relation& right) const {
  Relation both = *this;
  if (open || right.open) {
    both.open = true;
    both.any = all();
    both.any.add(right.all());
    both.columns.clear();
  } else {
    both.columns.insert(both.columns.end(), right.columns.begin(), right.columns.end());
  }
  both.rows.add(right.rows);
  both.single_row = single_row && right.single_row;
  both.index.reset();
  return both;
}

const Json& list_of(const Json& node, const char* key) {
  static const Json kNone = Json::array();
  const auto found = node.find(key);
  return found != node.end() && found->is_array() ? *found : kNone;
}

std::string text_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_number_integer() ? found->get<uint64_t>() : 0;
}

OriginSet ExpressionReader::references(const Json& expression, const Relation& input) {
  OriginSet found;
  if (expression.is_array()) {
    for (const auto& each : expression) found.add(references(each, input));
    return found;
  }
  if (!expression.is_object()) return found;
  const std::string kind = text_of(expression, "expression_class");
  if (kind == "BOUND_REF") return column(input, number_of(expression, "index"));
  if (kind == "BOUND_CONSTANT") return found;
  if (const auto binding = expression.find("binding"); kind == "BOUND_COLUMN_REF" &&
                                                       binding != expression.end() &&
                                                       input.index == number_of(*binding, "table_index"))
    return column(input, number_of(*binding, "column_index"));
  if (kind == "BOUND_COLUMN_REF" || kind == "BOUND_SUBQUERY") {
    note("expression " + kind);
    return input.all();
  }
  for (const auto& [key, child] : expression.items()) {
    if (key == "function_data" || key == "return_type" || !child.is_structured()) continue;
    found.add_as(references(child, input), way_of(kind, key));
  }
  return found;
}

OriginSet ExpressionReader::references_in(const Json& node, const char* key, const Relation& input) {
  const auto found = node.find(key);
  return found == node.end() ? OriginSet{} : references(*found, input);
}

OriginSet ExpressionReader::column(const Relation& input, uint64_t index) {
  if (index < input.columns.size()) return input.columns[index];
  if (!input.open) note("a reference behind the last column");
  return input.all();
}

void ExpressionReader::note(const std::string& what) {
  if (unknown_.find(what) == std::string::npos) unknown_ += (unknown_.empty() ? "" : ", ") + what;
}

}  // namespace reelhouse::model
