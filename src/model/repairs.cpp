#include "model/repairs.hpp"

#include <algorithm>
#include <set>

#include "base/near_miss.hpp"

namespace reelhouse::model {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz_";

/// Finds the next {name} from an offset on; braces around anything else belong to the SQL.
struct Placeholder {
  size_t begin = std::string::npos;
  size_t end = 0;
  std::string name;
};
Placeholder next_placeholder(const std::string& text, size_t from) {
  for (size_t open = text.find('{', from); open != std::string::npos; open = text.find('{', open + 1)) {
    const size_t close = text.find_first_not_of(kLetters, open + 1);
    if (close != std::string::npos && close > open + 1 && text[close] == '}')
      return {open, close + 1, text.substr(open + 1, close - open - 1)};
  }
  return {};
}

Result<> check_placeholders(const Yaml& yaml, const std::string& when) {
  for (auto found = next_placeholder(when, 0); found.begin != std::string::npos;
       found = next_placeholder(when, found.end))
    if (found.name != "was" && found.name != "now")
      return fail(yaml.error(fmt::format("{{{}}} stands for nothing", found.name),
                             did_you_mean(found.name, {"was", "now"}, "Use {was} and {now}.")));
  return {};
}

std::string filled(const std::string& when, const std::string& was, const std::string& now) {
  std::string sql;
  size_t from = 0;
  for (auto found = next_placeholder(when, 0); found.begin != std::string::npos;
       found = next_placeholder(when, from)) {
    sql += when.substr(from, found.begin - from) + (found.name == "was" ? was : now);
    from = found.end;
  }
  return sql + when.substr(from);
}

}  // namespace

Result<RepairBook> RepairBook::load(const std::filesystem::path& file) {
  RepairBook book;
  std::error_code code;
  if (!std::filesystem::exists(file, code)) return book;
  RH_ASSIGN(const Yaml yaml, Yaml::load(file));
  RH_TRY(yaml.only_keys({"kinds", "sets"}));
  RH_TRY(book.read_kinds(yaml.at("kinds")));
  RH_TRY(book.read_sets(yaml.at("sets")));
  return book;
}

RepairBook RepairBook::unread() {
  RepairBook book;
  book.is_read_ = false;
  return book;
}

Result<> RepairBook::read_kinds(const Yaml& yaml) {
  RH_TRY(yaml.only_keys(yaml.keys()));  // none twice
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    Kind kind{name, ""};
    if (item.is_map()) {
      RH_TRY(item.only_keys({"kind", "when"}));
      RH_ASSIGN(kind.counted_as, item.at("kind").text_or(name));
    }
    const Yaml when = item.is_map() ? item.at("when") : item;
    if (when.empty())
      return fail(item.error(fmt::format("kind '{}' needs a condition", name), "Write `when:`."));
    RH_ASSIGN(kind.when, when.text());
    RH_TRY(check_placeholders(when, kind.when));
    kinds_.emplace(name, std::move(kind));
  }
  return {};
}

Result<> RepairBook::read_sets(const Yaml& yaml) {
  RH_TRY(yaml.only_keys(yaml.keys()));
  std::vector<std::string> known;
  for (const auto& [name, kind] : kinds_) known.push_back(name);
  for (const auto& name : yaml.keys()) {
    const Yaml item = yaml.at(name);
    if (kinds_.contains(name))
      return fail(item.error(fmt::format("'{}' is a kind and a set", name), "Rename one of the two."));
    RH_ASSIGN(auto members, item.texts());
    if (members.empty()) return fail(item.error(fmt::format("set '{}' holds nothing", name), "List kinds."));
    for (const auto& member : members)
      if (!kinds_.contains(member))
        return fail(item.error(fmt::format("kind '{}' is not known", member),
                               did_you_mean(member, known, "A set lists kinds that stand under `kinds`.")));
    sets_.emplace(name, std::move(members));
  }
  return {};
}

std::vector<std::string> RepairBook::names() const {
  std::vector<std::string> all;
  for (const auto& [name, kind] : kinds_) all.push_back(name);
  for (const auto& [name, members] : sets_) all.push_back(name);
  return all;
}

Result<std::vector<RepairRule>> RepairBook::rules_of(const Yaml& item) const {
  RH_TRY(item.only_keys({"kinds", "column", "was", "now"}));
  RepairRule rule;
  rule.where = item.where();
  rule.is_named = true;
  RH_ASSIGN(rule.column, item.at("column").text_or(""));
  RH_ASSIGN(rule.was, item.at("was").text());
  RH_ASSIGN(rule.now, item.at("now").text_or("null"));
  RH_ASSIGN(const auto asked, item.at("kinds").texts());
  std::vector<std::string> wanted;
  std::vector<RepairRule> rules;
  if (!is_read_) return rules;
  for (const auto& name : asked) {
    if (const auto set = sets_.find(name); set != sets_.end())
      wanted.insert(wanted.end(), set->second.begin(), set->second.end());
    else if (kinds_.contains(name))
      wanted.push_back(name);
    else
      return fail(item.at("kinds").error(
          fmt::format("repair '{}' is not known", name),
          did_you_mean(name, names(), "models/repairs.yml names kinds of repairs, and sets of them.")));
  }
  std::set<std::string> seen;
  for (const auto& name : wanted) {
    const Kind& kind = kinds_.at(name);
    if (!seen.insert(name).second)
      return fail(item.at("kinds").error(fmt::format("repair '{}' comes twice", name), "Name it once."));
    if (item.at("now").empty() && filled(kind.when, "", "") != filled(kind.when, "", "now"))
      return fail(item.error(fmt::format("repair '{}' needs `now`", name),
                             "Name the column that holds what was made of it."));
    rule.kind = kind.counted_as;
    rule.when = filled(kind.when, rule.was, rule.now);
    rules.push_back(rule);
  }
  return rules;
}

}  // namespace reelhouse::model
