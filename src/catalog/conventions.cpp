#include "catalog/conventions.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "catalog/aliases.hpp"
#include "catalog/path_columns.hpp"

namespace reelhouse::catalog {
namespace {

/// Two conventions of which a column has one.
struct Rivals {
  Evidence first;
  Evidence second;
  Evidence either;  ///< values that do not tell which
  const char* first_word;
  const char* second_word;
};
constexpr Rivals kOrders{Evidence::kDayFirst, Evidence::kMonthFirst, Evidence::kDayOrMonth, "day_first",
                         "month_first"};
constexpr Rivals kSigns{Evidence::kDecimalComma, Evidence::kDecimalPoint, Evidence::kCommaOrGroups,
                        "decimal_comma", "decimal_point"};

/// A verdict stands against values that contradict it when they are so few: one in so many, or a single one.
constexpr uint64_t kToOne = 20;

/// Of a column that holds dates in another form, too, one in so many must be of two readings to be judged.
constexpr uint64_t kWorthALook = 100;

std::string spoken(std::string word) {
  std::ranges::replace(word, '_', ' ');
  return word;
}

uint64_t values_of(const FieldProfile& field) {
  return std::accumulate(field.kinds.begin(), field.kinds.end(), uint64_t{0});
}

bool is_mixed(const FieldProfile& field, const Rivals& rivals) {
  const uint64_t fewer = std::min(field.seen(rivals.first), field.seen(rivals.second));
  const uint64_t more = std::max(field.seen(rivals.first), field.seen(rivals.second));
  return fewer > 0 && fewer * kToOne > more && !(fewer == 1 && more > 1);
}

/// Returns what the field's own values prove; null for nothing, or for both.
const char* proved(const FieldProfile& field, const Rivals& rivals) {
  const uint64_t first = field.seen(rivals.first);
  const uint64_t second = field.seen(rivals.second);
  if (first == second || is_mixed(field, rivals)) return nullptr;
  return first > second ? rivals.first_word : rivals.second_word;
}

/// True when at least half of the values (or one in `one_in`) are dates, or numbers, of two rival conventions.
bool is_written_so(const FieldProfile& field, const Rivals& rivals, uint64_t one_in = 2) {
  uint64_t fitting = field.seen(rivals.first) + field.seen(rivals.second) + field.seen(rivals.either);
  if (fitting == 0) return false;
  if (rivals.either == Evidence::kCommaOrGroups)
    fitting += field.kinds[static_cast<size_t>(ValueKind::kInteger)];
  return one_in * fitting >= values_of(field);
}

/// Words of which all must be the same to count.
class Unanimous {
 public:
  void add(const char* word) {
    if (word != nullptr) words_.insert(word);
  }
  std::optional<std::string> word() const {
    return words_.size() == 1 ? std::optional(*words_.begin()) : std::nullopt;
  }

 private:
  std::set<std::string> words_;
};

/// Decides the columns of one table.
class Judge {
 public:
  Judge(const CatalogTable& table, const SourceTable* declared) : declared_(declared) {
    for (const auto& object : table.objects) {
      names_.push_back(columns_of(object.profile.format.fields, declared));
      fields_.push_back(object.profile.fields);
      fields_.back().resize(names_.back().size());
      for (const auto& column : added_columns(object, declared)) {
        names_.back().push_back(column.name);
        fields_.back().push_back(profile_of(column, object.profile));
      }
      for (const auto* rivals : {&kOrders, &kSigns}) note_proofs(fields_.back(), names_.back(), *rivals);
    }
  }

  ObjectConventions decide(size_t object) const {
    ObjectConventions all;
    const auto& fields = fields_[object];
    for (size_t i = 0; i < fields.size(); ++i) {
      Convention found;
      if (is_written_so(fields[i], kOrders, kWorthALook))
        decide(object, i, kOrders, found);
      else if (is_written_so(fields[i], kSigns))
        decide(object, i, kSigns, found);
      else if (is_serial(fields[i]))
        found = {{"day_serial"}, "whole numbers as spreadsheets count days", ""};
      add_currency(names_[object][i], found);
      if (!found.words.empty()) all.emplace(names_[object][i], std::move(found));
    }
    return all;
  }

 private:
  void decide(size_t object, size_t column, const Rivals& rivals, Convention& found) const {
    const FieldProfile& field = fields_[object][column];
    const std::string& name = names_[object][column];
    const auto settle = [&](const std::string& word, std::string evidence) {
      found.words.push_back(word);
      found.evidence = std::move(evidence);
    };
    if (const char* own = proved(field, rivals)) {
      const uint64_t proof = std::max(field.seen(rivals.first), field.seen(rivals.second));
      return settle(own,
                    fmt::format("{} of {} prove it", grouped(proof), counted(values_of(field), "value")));
    }
    const bool mixed = is_mixed(field, rivals);
    if (!mixed && field.seen(rivals.either) == 0) return;
    if (!mixed) {
      if (const auto word = beside(object, rivals))
        return settle(*word, "as the object's other columns prove");
      if (const auto word = elsewhere(name, rivals)) return settle(*word, "as other objects prove");
    }
    if (const auto word = declaration(name, rivals)) return settle(*word, "as declared");
    settle("undecided", "nothing proves it");
    if (!is_written_so(field, rivals)) return;  // values of two readings are left unread, the rest is sound
    found.undecided =
        mixed ? fmt::format("{} of its values are {} and {} are {}", grouped(field.seen(rivals.first)),
                            spoken(rivals.first_word), grouped(field.seen(rivals.second)),
                            spoken(rivals.second_word))
              : fmt::format("no value tells whether it is {} or {}, and {} could be either ('{}')",
                            spoken(rivals.first_word), spoken(rivals.second_word),
                            counted(field.seen(rivals.either), "value"), field.example);
  }

  std::optional<std::string> beside(size_t object, const Rivals& rivals) const {
    Unanimous words;
    for (const auto& field : fields_[object])
      if (is_written_so(field, rivals)) words.add(proved(field, rivals));
    return words.word();
  }

  /// What all objects prove of the column, else of any column. The object in question proves nothing itself.
  std::optional<std::string> elsewhere(const std::string& name, const Rivals& rivals) const {
    for (const auto& column : {name, std::string()})
      if (const auto found = proofs_.find({rivals.first_word, column}); found != proofs_.end())
        if (auto word = found->second.word()) return word;
    return std::nullopt;
  }

  void note_proofs(const std::vector<FieldProfile>& fields, const std::vector<std::string>& names,
                   const Rivals& rivals) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!is_written_so(fields[i], rivals)) continue;
      proofs_[{rivals.first_word, names[i]}].add(proved(fields[i], rivals));
      proofs_[{rivals.first_word, ""}].add(proved(fields[i], rivals));
    }
  }

  std::optional<std::string> declaration(const std::string& name, const Rivals& rivals) const {
    if (declared_ == nullptr) return std::nullopt;
    for (const auto& [column, word] : declared_->conventions)
      if (column == name && (word == rivals.first_word || word == rivals.second_word)) return word;
    return std::nullopt;
  }

  void add_currency(const std::string& name, Convention& found) const {
    if (declared_ == nullptr) return;
    for (const auto& [column, word] : declared_->conventions)
      if (column == name && word.size() == 3) found.words.push_back(word);
  }

  static bool is_serial(const FieldProfile& field) {
    const uint64_t serials = field.seen(Evidence::kDaySerial);
    return serials > 0 && serials == values_of(field);
  }

  const SourceTable* declared_;
  std::vector<std::vector<std::string>> names_;    ///< of each object's columns, those of its path behind
  std::vector<std::vector<FieldProfile>> fields_;  ///< of the same
  std::map<std::pair<std::string, std::string>, Unanimous> proofs_;  ///< by rivals and column; "" = any
};

}  // namespace

std::vector<ObjectConventions> decide_conventions(const CatalogTable& table, const SourceTable* declared) {
  const Judge judge(table, declared);
  std::vector<ObjectConventions> all;
  for (size_t object = 0; object < table.objects.size(); ++object) all.push_back(judge.decide(object));
  return all;
}

std::string to_text(const ObjectConventions& conventions) {
  std::string text = ";";
  for (const auto& [column, convention] : conventions)
    for (const auto& word : convention.words) text += fmt::format("{}={};", column, word);
  return text;
}

}  // namespace reelhouse::catalog
