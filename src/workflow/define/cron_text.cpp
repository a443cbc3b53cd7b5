#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/near_miss.hpp"
#include "base/text.hpp"
#include "workflow/define/cron.hpp"

namespace reelhouse::workflow {
namespace {

/// What a field may hold. Names stand for the numbers from `first` on.
struct Domain {
  const char* name;
  int first;
  int last;
  std::vector<std::string> names;
};

const std::array<Domain, 5>& domains() {
  static const std::array<Domain, 5> all = {
      Domain{"minute", 0, 59, {}}, Domain{"hour", 0, 23, {}}, Domain{"day of month", 1, 31, {}},
      Domain{"month",
             1,
             12,
             {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      Domain{"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}};
  return all;
}

struct Macro {
  const char* name;
  const char* text;
};
constexpr std::array<Macro, 7> kMacros = {Macro{"@yearly", "0 0 1 1 *"},  Macro{"@annually", "0 0 1 1 *"},
                                          Macro{"@monthly", "0 0 1 * *"}, Macro{"@weekly", "0 0 * * 0"},
                                          Macro{"@daily", "0 0 * * *"},   Macro{"@midnight", "0 0 * * *"},
                                          Macro{"@hourly", "0 * * * *"}};

constexpr const char* kShape = "minute, hour, day of month, month, day of week";

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t at; (at = text.find(by, from)) != std::string::npos; from = at + 1)
    parts.push_back(text.substr(from, at - from));
  parts.push_back(text.substr(from));
  return parts;
}

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

/// Reads one field of an expression.
class FieldReader {
 public:
  FieldReader(const Domain& domain, const std::string& text, const std::string& whole)
      : domain_(domain), text_(text), whole_(whole) {}

  /// Returns the numbers that the field names.
  Result<std::vector<int>> read() const {
    std::vector<int> values;
    for (const auto& item : split(text_, ',')) RH_TRY(read_item(item, values));
    return values;
  }

 private:
  tl::unexpected<Error> wrong(const std::string& what, std::string hint) const {
    return fail(ErrorKind::kProject,
                fmt::format("cron '{}': {} '{}': {}", whole_, domain_.name, text_.substr(0, 80), what),
                std::move(hint));
  }

  std::string bounds() const { return fmt::format("{} to {}", domain_.first, domain_.last); }

  Result<> read_item(const std::string& item, std::vector<int>& values) const {
    if (item.empty())
      return wrong("there is nothing beside a comma", "Write a list as 1,2,5, without blanks in it.");
    const auto parts = split(item, '/');
    if (parts.size() > 2) return wrong("has more than one '/'", "A step is written */5 or 10-40/5.");
    RH_ASSIGN(const auto range, read_range(parts[0]));
    int step = 1;
    if (parts.size() == 2) {
      if (parts[0] != "*" && parts[0].find('-') == std::string::npos)
        return wrong(fmt::format("'{}' has a step but no range", item),
                     fmt::format("Write {}-{}/{} for every {} from {} on.", parts[0], domain_.last, parts[1],
                                 parts[1], parts[0]));
      RH_ASSIGN(step, read_step(parts[1], range.second - range.first));
    }
    for (int value = range.first; value <= range.second; value += step) values.push_back(value);
    return {};
  }

  Result<int> read_step(const std::string& text, int width) const {
    const auto step = number(text.empty() ? "x" : text);
    if (!step || *step == 0)
      return wrong(fmt::format("the step '{}' is not a whole number above 0", text),
                   "A step is written */5 or 10-40/5.");
    if (*step > width + 1)
      return wrong(
          fmt::format("a step of {} is longer than its range, so it would fire at one value only", *step),
          fmt::format("A step counts within its field ({}) and begins anew with it.", bounds()));
    return *step;
  }

  Result<std::pair<int, int>> read_range(const std::string& text) const {
    if (text == "*") return std::pair(domain_.first, domain_.last);
    const auto ends = split(text, '-');
    if (ends.size() > 2 || (ends.size() == 2 && ends[0].empty()))
      return wrong(fmt::format("'{}' is neither a value nor a range", text),
                   fmt::format("Take values of {}, or a range as 1-5.", bounds()));
    RH_ASSIGN(const int first, read_value(ends[0]));
    if (ends.size() == 1) return std::pair(first, first);
    RH_ASSIGN(int last, read_value(ends[1]));
    const bool of_week = domain_.last == 7;
    if (of_week && last == 0 && first > 0) last = 7;  // sat-sun
    if (last < first)
      return wrong(fmt::format("the range '{}' ends before it begins", text),
                   fmt::format("Write {}-{},{}-{}.", ends[0], of_week ? "6" : std::to_string(domain_.last),
                               domain_.first, ends[1]));
    return std::pair(first, last);
  }

  Result<int> read_value(const std::string& text) const {
    if (text.empty()) return wrong("a range has two ends", "Write a range as 1-5.");
    if (const auto value = number(text)) {
      if (*value >= domain_.first && *value <= domain_.last) return *value;
      return wrong(fmt::format("{} is out of range", *value), out_of_range_hint(*value));
    }
    if (std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }))
      return wrong(fmt::format("{} is out of range", text.substr(0, 20)), out_of_range_hint(-1));
    const auto named = std::ranges::find(domain_.names, lower(text));
    if (named != domain_.names.end()) return domain_.first + static_cast<int>(named - domain_.names.begin());
    return wrong(fmt::format("'{}' is not known", text.substr(0, 80)), unknown_hint(text));
  }

  std::string out_of_range_hint(int value) const {
    std::string hint = fmt::format("A {} is {}", domain_.name, bounds());
    if (value == domain_.last + 1 && domain_.first == 0 && domain_.names.empty())
      return hint + ", where 0 begins the next one.";
    return hint + (domain_.last == 7 ? ", where 0 and 7 are Sunday." : ".");
  }

  std::string unknown_hint(const std::string& text) const {
    if (text == "?") return "'?' is written * here.";
    if (text.find_first_of("LlWw#") != std::string::npos &&
        text.find_first_not_of("LlWw#0123456789") == std::string::npos)
      return "Last days (L), working days (W) and counted weekdays (#) are not part of crontab(5); run more "
             "often and let the first step decide.";
    if (domain_.names.empty()) return fmt::format("A {} is {}, or *.", domain_.name, bounds());
    const std::string start = lower(text).substr(0, 3);
    if (std::ranges::find(domain_.names, start) != domain_.names.end()) return "Did you mean " + start + "?";
    // Of two that are equally near the one further on: "mun" is rather mon than sun.
    const std::vector<std::string> candidates(domain_.names.rbegin(), domain_.names.rend());
    return did_you_mean(text, candidates,
                        fmt::format("A {} is {}, or {} to {}.", domain_.name, bounds(), domain_.names.front(),
                                    domain_.names.back()));
  }

  const Domain& domain_;
  const std::string& text_;
  const std::string& whole_;
};

/// Finds out whether any date can match: a day that one of the months has, or a weekday on its own.
bool can_fire(const Cron::Fields& fields) {
  if (!fields.any_day && !fields.any_weekday) return true;
  constexpr std::array<size_t, 13> kLongest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (size_t month = 1; month <= 12; ++month)
    for (size_t day = 1; fields.months[month] && day <= kLongest[month]; ++day)
      if (fields.days[day]) return true;
  return false;
}

std::vector<std::string> fields_of(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> fields;
  for (std::string word; words >> word;) fields.push_back(std::move(word));
  return fields;
}

std::string joined(const std::vector<std::string>& fields, size_t from, size_t to) {
  std::string text;
  for (size_t at = from; at < to; ++at) text += (text.empty() ? "" : " ") + fields[at];
  return text;
}

/// Explains a wrong number of fields, with what most likely was meant.
tl::unexpected<Error> wrong_count(const std::vector<std::string>& fields, const std::string& whole) {
  std::string hint = fmt::format("Write five: {}.", kShape);
  if (fields.size() == 6 || fields.size() == 7) {
    std::string without_seconds = joined(fields, 1, 6);
    std::ranges::replace(without_seconds, '?', '*');
    if (Cron::parse(without_seconds))
      hint = fmt::format("It looks like Quartz's form, which begins with seconds: here it is '{}'.",
                         without_seconds);
  }
  if (fields.size() > 5 && hint.starts_with("Write") && Cron::parse(joined(fields, 0, 5)))
    hint = fmt::format("'{}' would be whole; what to run is said by the steps.", joined(fields, 0, 5));
  return fail(ErrorKind::kProject,
              fmt::format("cron '{}' has {} instead of 5", whole, counted(fields.size(), "field")), hint);
}

Result<std::string> macro(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& known : kMacros) {
    if (lower(text) == known.name) return std::string(known.text);
    names.emplace_back(known.name);
  }
  std::string hint = lower(text) == "@reboot"  ? "Nothing runs because the program was started; name a time."
                     : lower(text) == "@every" ? "Write */5 * * * * for every five minutes."
                                               : did_you_mean(text, names,
                                                              "Known are @hourly, @daily, @weekly, "
                                                              "@monthly and @yearly.");
  return fail(ErrorKind::kProject, fmt::format("cron '{}' is not known", text.substr(0, 80)),
              std::move(hint));
}

}  // namespace

Result<Cron> Cron::parse(const std::string& text) {
  auto words = fields_of(text);
  Cron cron;
  cron.text_ = joined(words, 0, words.size());
  if (!words.empty() && words[0].front() == '@') {
    RH_ASSIGN(const auto meaning,
              macro(words.size() == 1 || lower(words[0]) == "@every" ? words[0] : cron.text_));
    words = fields_of(meaning);
  }
  const std::string whole = cron.text_.substr(0, 80);
  if (words.size() != domains().size()) return wrong_count(words, whole);

  std::array<std::vector<int>, 5> values;
  for (size_t at = 0; at < values.size(); ++at) {
    RH_ASSIGN(values[at], FieldReader(domains()[at], words[at], whole).read());
  }
  Fields& fields = cron.fields_;
  for (const int value : values[0]) fields.minutes.set(static_cast<size_t>(value));
  for (const int value : values[1]) fields.hours.set(static_cast<size_t>(value));
  for (const int value : values[2]) fields.days.set(static_cast<size_t>(value));
  for (const int value : values[3]) fields.months.set(static_cast<size_t>(value));
  for (const int value : values[4]) fields.weekdays.set(static_cast<size_t>(value % 7));
  fields.follows_time = words[0].front() == '*' || words[1].front() == '*';
  fields.any_day = words[2].front() == '*';
  fields.any_weekday = words[4].front() == '*';
  if (!can_fire(fields))
    return fail(ErrorKind::kProject,
                fmt::format("cron '{}' never fires: no month '{}' has a day '{}'", whole, words[3], words[2]),
                "Take a day that the month has; February has 29 at most.");
  return cron;
}

}  // namespace reelhouse::workflow
