#include "model/plan_origins.hpp"

#include <map>
#include <tuple>

#include "model/plan_expression.hpp"

namespace reelhouse::model {
namespace {

/// Walks a plan bottom-up. References in an operator count the columns of its inputs, left to right.
class PlanWalker {
 public:
  PlanOrigins run(const Json& plan) {
    const Json& plans = list_of(plan, "plans");
    if (plans.empty()) {
      expressions_.note("a statement without a plan");
      return {{}, {}, expressions_.unknown()};
    }
    const Relation result = walk(plans.front());
    PlanOrigins origins;
    if (result.open) origins.columns.push_back(named(result.any));
    for (const auto& column : result.columns) origins.columns.push_back(named(column));
    origins.rows = named(result.rows);
    origins.approximate = expressions_.unknown();
    return origins;
  }

 private:
  using Handler = Relation (PlanWalker::*)(const Json&);

  Relation walk(const Json& node) {
    static const std::map<std::string, Handler> kHandlers = {
        {"LOGICAL_GET", &PlanWalker::get},
        {"LOGICAL_PROJECTION", &PlanWalker::projection},
        {"LOGICAL_FILTER", &PlanWalker::filter},
        {"LOGICAL_COMPARISON_JOIN", &PlanWalker::join},
        {"LOGICAL_ASOF_JOIN", &PlanWalker::join},
        {"LOGICAL_ANY_JOIN", &PlanWalker::join},
        {"LOGICAL_DELIM_JOIN", &PlanWalker::join},
        {"LOGICAL_CROSS_PRODUCT", &PlanWalker::cross_product},
        {"LOGICAL_POSITIONAL_JOIN", &PlanWalker::cross_product},
        {"LOGICAL_DELIM_GET", &PlanWalker::delim_get},
        {"LOGICAL_AGGREGATE_AND_GROUP_BY", &PlanWalker::aggregate},
        {"LOGICAL_WINDOW", &PlanWalker::window},
        {"LOGICAL_DISTINCT", &PlanWalker::distinct},
        {"LOGICAL_UNION", &PlanWalker::set_operation},
        {"LOGICAL_EXCEPT", &PlanWalker::set_operation},
        {"LOGICAL_INTERSECT", &PlanWalker::set_operation},
        {"LOGICAL_UNNEST", &PlanWalker::unnest},
        {"LOGICAL_ORDER_BY", &PlanWalker::order},
        {"LOGICAL_TOP_N", &PlanWalker::order},
        {"LOGICAL_LIMIT", &PlanWalker::limit},
        {"LOGICAL_SAMPLE", &PlanWalker::limit},
        {"LOGICAL_MATERIALIZED_CTE", &PlanWalker::cte},
        {"LOGICAL_RECURSIVE_CTE", &PlanWalker::recursive_cte},
        {"LOGICAL_CTE_REF", &PlanWalker::cte_reference},
        {"LOGICAL_EXPRESSION_GET", &PlanWalker::values},
        {"LOGICAL_CHUNK_GET", &PlanWalker::constants},
        {"LOGICAL_DUMMY_SCAN", &PlanWalker::one_row},
    };
    const std::string type = text_of(node, "type");
    const auto handler = kHandlers.find(type);
    if (handler != kHandlers.end()) return numbered(node, (this->*handler->second)(node));
    expressions_.note("operator " + (type.empty() ? "without a name" : type));
    return everything_below(node);
  }

  /// Keeps the engine's number of an operator whose columns are all its own.
  static Relation numbered(const Json& node, Relation relation) {
    const auto number = node.find("table_index");
    if (number != node.end() && number->is_number_integer() &&
        text_of(node, "type") != "LOGICAL_MATERIALIZED_CTE")
      relation.index = number->get<uint64_t>();
    return relation;
  }

  // ---- origins and their names

  OriginSet origin(const std::string& table, const std::string& column, uint16_t how) {
    const auto [it, is_new] =
        numbers_.emplace(std::pair(table, column), static_cast<uint32_t>(origins_.size()));
    if (is_new) origins_.push_back(it->first);
    return {it->second, how};
  }

  std::vector<Origin> named(const OriginSet& set) const {
    std::vector<Origin> list;
    for (const auto& [number, how] : set.items())
      list.push_back({origins_[number].first, origins_[number].second, how});
    std::ranges::sort(list, {}, [](const Origin& o) { return std::tie(o.table, o.column); });
    return list;
  }

  // ---- operators

  Relation child(const Json& node, size_t index) {
    const Json& children = list_of(node, "children");
    if (index < children.size()) return walk(children[index]);
    expressions_.note("an operator without its input");
    return Relation::unknown();
  }

  /// The fallback: any column may come from any column of any input, and every one may decide rows.
  Relation everything_below(const Json& node) {
    Relation result = Relation::unknown();
    for (const auto& each : list_of(node, "children")) {
      const Relation input = walk(each);
      result.any.add(input.all());
      result.rows.add(input.rows);
    }
    result.rows.add_as(result.any, kFilter);
    return result;
  }

  Relation get(const Json& node) {
    const auto data = node.find("function_data");
    const std::string table = data != node.end() && data->is_object() ? text_of(*data, "table") : "";
    if (table.empty()) return table_function(node);
    const std::string schema = text_of(*data, "schema");
    const std::string name = schema.empty() || schema == "main" ? table : schema + "." + table;
    const Json& names = list_of(node, "names");
    Relation result;
    result.rows = origin(name, "", kRows);
    for (const auto& index : list_of(node, "column_indexes")) {
      const uint64_t number = number_of(index, "index");
      result.columns.push_back(number < names.size() ? origin(name, names[number].get<std::string>(), kValue)
                                                     : result.rows);  // a row's number: which rows there are
    }
    if (result.columns.empty()) result.columns.push_back(result.rows);
    result.keep_only(list_of(node, "projection_ids"));
    return result;
  }

  /// A table function makes rows of its arguments: of constants, or of the columns of its input, some
  /// of which it passes on.
  Relation table_function(const Json& node) {
    Relation result;
    Relation input;
    if (!list_of(node, "children").empty()) {
      input = child(node, 0);
      result.rows = input.rows;
      result.rows.add_as(input.all(), kExpand);
    }
    const OriginSet made = input.all();
    result.columns.assign(std::max<size_t>(1, list_of(node, "column_indexes").size()), made);
    result.keep_only(list_of(node, "projection_ids"));
    for (const auto& index : list_of(node, "projected_input"))
      result.columns.push_back(
          expressions_.column(input, index.is_number_integer() ? index.get<uint64_t>() : 0));
    return result;
  }

  Relation projection(const Json& node) {
    const Relation input = child(node, 0);
    Relation result = Relation::with_rows(input.rows);
    result.single_row = input.single_row;
    for (const auto& expression : list_of(node, "expressions"))
      result.columns.push_back(expressions_.references(expression, input));
    return result;
  }

  Relation filter(const Json& node) {
    Relation result = child(node, 0);
    result.rows.add_as(expressions_.references_in(node, "expressions", result), kFilter);
    result.single_row = false;
    result.keep_only(list_of(node, "projection_map"));
    return result;
  }

  Relation cross_product(const Json& node) { return child(node, 0).beside(child(node, 1)); }

  /// The right side of a delim join runs once for each distinct combination of some left columns, which
  /// it reads as LOGICAL_DELIM_GET; the innermost join around such a read is the one that feeds it.
  std::pair<Relation, Relation> sides(const Json& node) {
    if (text_of(node, "type") != "LOGICAL_DELIM_JOIN") return {child(node, 0), child(node, 1)};
    const bool flipped = node.value("delim_flipped", false);
    Relation outer = child(node, flipped ? 1 : 0);
    Relation distinct = Relation::with_rows(outer.rows);
    for (const auto& expression : list_of(node, "duplicate_eliminated_columns"))
      distinct.columns.push_back(expressions_.references(expression, outer));
    distincts_.push_back(std::move(distinct));
    Relation inner = child(node, flipped ? 0 : 1);
    distincts_.pop_back();
    if (flipped) std::swap(outer, inner);
    return {std::move(outer), std::move(inner)};
  }

  OriginSet join_condition(const Json& node, const Relation& left, const Relation& right) {
    const Relation both = left.beside(right);
    OriginSet found;
    for (const auto& condition : list_of(node, "conditions")) {
      if (condition.contains("left") && condition.contains("right")) {
        found.add(expressions_.references_in(condition, "left", left));
        found.add(expressions_.references_in(condition, "right", right));
      } else {
        found.add(expressions_.references(condition, both));
      }
    }
    for (const char* key : {"condition", "predicate", "expressions"})
      found.add(expressions_.references_in(node, key, both));
    return found;
  }

  Relation join(const Json& node) {
    auto [left, right] = sides(node);
    const OriginSet condition = join_condition(node, left, right);
    left.keep_only(list_of(node, "left_projection_map"));
    right.keep_only(list_of(node, "right_projection_map"));
    const std::string type = text_of(node, "join_type");
    left.single_row = false;
    if (type == "MARK") {
      OriginSet mark = condition;
      mark.add(right.rows);
      left.columns.push_back(std::move(mark));
      left.index.reset();
      return left;
    }
    if (type == "SINGLE") {  // keeps every left row once, with what the right side has for it
      for (auto& each : right.columns) {
        each.add(right.rows);
        each.add_as(condition, kJoin);
      }
      right.rows = {};
      Relation both = left.beside(right);
      return both;
    }
    Relation result = type == "SEMI" || type == "ANTI"               ? left
                      : type == "RIGHT_SEMI" || type == "RIGHT_ANTI" ? right
                                                                     : left.beside(right);
    result.single_row = false;
    result.rows = left.rows;
    result.rows.add(right.rows);
    result.rows.add_as(condition, kJoin);
    return result;
  }

  Relation delim_get(const Json&) {
    if (!distincts_.empty()) return distincts_.back();
    expressions_.note("LOGICAL_DELIM_GET outside of a join");
    return Relation::unknown();
  }

  Relation aggregate(const Json& node) {
    const Relation input = child(node, 0);
    Relation result = Relation::with_rows(input.rows);
    const Json& groups = list_of(node, "groups");
    for (const auto& group : groups) {
      result.columns.push_back(expressions_.references(group, input));
      result.rows.add_as(result.columns.back(), kGroup);
    }
    const bool is_total = groups.empty() && list_of(node, "grouping_sets").size() < 2;
    for (const auto& expression : list_of(node, "expressions")) {
      result.columns.push_back(expressions_.references(expression, input));
      if (is_total) result.columns.back().add(input.rows);
    }
    for (size_t i = 0; i < list_of(node, "grouping_functions").size(); ++i) result.columns.emplace_back();
    if (is_total) {
      result.single_row = true;
      result.rows = {};
    }
    return result;
  }

  Relation window(const Json& node) {
    const Relation input = child(node, 0);
    Relation result = input;
    result.index.reset();
    for (const auto& expression : list_of(node, "expressions"))
      result.columns.push_back(expressions_.references(expression, input));
    return result;
  }

  Relation distinct(const Json& node) {
    Relation result = child(node, 0);
    result.rows.add_as(expressions_.references_in(node, "distinct_targets", result), kGroup);
    result.rows.add_as(expressions_.references_in(node, "order_by", result), kOrder);
    return result;
  }

  Relation set_operation(const Json& node) {
    const std::string type = text_of(node, "type");
    Relation result;
    for (size_t i = 0; i < list_of(node, "children").size(); ++i) {
      const Relation input = child(node, i);
      result.rows.add(input.rows);
      if (input.open) {
        result.open = true;
        result.any.add(input.any);
      }
      if (result.columns.size() < input.columns.size()) result.columns.resize(input.columns.size());
      for (size_t c = 0; c < input.columns.size(); ++c)
        if (i == 0 || type == "LOGICAL_UNION") result.columns[c].add(input.columns[c]);
      if (type != "LOGICAL_UNION") result.rows.add_as(input.all(), kFilter);
    }
    if (type == "LOGICAL_UNION" && !node.value("setop_all", false)) result.rows.add_as(result.all(), kGroup);
    if (result.open) {
      result.any = result.all();
      result.columns.clear();
    }
    return result;
  }

  Relation unnest(const Json& node) {
    const Relation input = child(node, 0);
    Relation result = input;
    result.index.reset();
    result.single_row = false;
    for (const auto& expression : list_of(node, "expressions")) {
      result.columns.push_back(expressions_.references(expression, input));
      result.rows.add_as(result.columns.back(), kExpand);
    }
    return result;
  }

  Relation order(const Json& node) {
    Relation result = child(node, 0);
    result.rows.add_as(expressions_.references_in(node, "orders", result), kOrder);
    result.keep_only(list_of(node, "projection_map"));
    return result;
  }

  Relation limit(const Json& node) {
    Relation result = child(node, 0);
    result.rows.add_as(expressions_.references_in(node, "limit_val", result), kFilter);
    result.rows.add_as(expressions_.references_in(node, "offset_val", result), kFilter);
    result.single_row = false;
    return result;
  }

  Relation cte(const Json& node) {
    ctes_[number_of(node, "table_index")] = child(node, 0);
    return child(node, 1);
  }

  /// Runs the recursive part until it adds nothing: sets only grow, and there are finitely many origins.
  Relation recursive_cte(const Json& node) {
    const uint64_t index = number_of(node, "table_index");
    Relation result = child(node, 0);
    result.single_row = false;
    if (!node.value("union_all", false)) result.rows.add_as(result.all(), kGroup);
    while (true) {
      ctes_[index] = result;
      const Relation more = child(node, 1);
      Relation next = result;
      next.rows.add(more.rows);
      next.open = result.open || more.open;
      next.any.add(more.any);
      for (size_t c = 0; c < more.columns.size() && c < next.columns.size(); ++c)
        next.columns[c].add(more.columns[c]);
      if (!node.value("union_all", false)) next.rows.add_as(next.all(), kGroup);
      if (next.columns == result.columns && next.rows == result.rows && next.any == result.any) return next;
      result = std::move(next);
    }
  }

  Relation cte_reference(const Json& node) {
    const auto found = ctes_.find(number_of(node, "cte_index"));
    if (found != ctes_.end()) return found->second;
    expressions_.note("a reference to an unknown CTE");
    return Relation::unknown();
  }

  Relation values(const Json& node) {
    const Relation input = child(node, 0);
    Relation result = Relation::with_rows(input.rows);
    result.columns.resize(list_of(node, "expr_types").size());
    for (const auto& row : list_of(node, "expressions"))
      for (size_t c = 0; c < row.size() && c < result.columns.size(); ++c)
        result.columns[c].add(expressions_.references(row[c], input));
    return result;
  }

  Relation constants(const Json& node) {
    Relation result;
    result.columns.resize(std::max(list_of(node, "chunk_types").size(), list_of(node, "types").size()));
    result.open = result.columns.empty();
    return result;
  }

  Relation one_row(const Json&) {
    Relation result;
    result.columns.resize(1);
    result.single_row = true;
    return result;
  }

  std::map<std::pair<std::string, std::string>, uint32_t> numbers_;
  std::vector<std::pair<std::string, std::string>> origins_;
  std::map<uint64_t, Relation> ctes_;
  std::vector<Relation> distincts_;
  ExpressionReader expressions_;
};

}  // namespace

std::string name_of_how(uint16_t how) {
  static const std::vector<std::pair<How, const char*>> kNames = {
      {kValue, "value"}, {kCase, "case"},     {kFilter, "filter"}, {kJoin, "join"}, {kGroup, "group"},
      {kOrder, "order"}, {kWindow, "window"}, {kExpand, "expand"}, {kRows, "rows"}};
  std::string text;
  for (const auto& [bit, name] : kNames)
    if ((how & bit) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

PlanOrigins origins_of_plan(const Json& plan) {
  return PlanWalker().run(plan);
}

}  // namespace reelhouse::model
