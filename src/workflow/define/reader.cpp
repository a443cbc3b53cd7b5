#include "workflow/define/reader.hpp"

#include <algorithm>
#include <cctype>

#include "base/duration.hpp"
#include "base/near_miss.hpp"

namespace reelhouse::workflow {

bool Taker::keys(const Yaml& yaml, const std::vector<std::string>& allowed) {
  const auto wrong = yaml.wrong_keys(allowed);
  problems_.insert(problems_.end(), wrong.begin(), wrong.end());
  return wrong.empty();
}

std::string Taker::text(const Yaml& yaml, const std::string& otherwise) {
  return take(yaml.text_or(otherwise), otherwise);
}

bool Taker::flag(const Yaml& yaml, bool otherwise) {
  return take(yaml.flag_or(otherwise), otherwise);
}

int Taker::whole(const Yaml& yaml, int otherwise, int least, int most) {
  const long value = take(yaml.integer_or(otherwise), long{otherwise});
  if (value >= least && value <= most) return static_cast<int>(value);
  refuse(yaml.error(fmt::format("expected a number from {} to {}, found {}", least, most, value)));
  return otherwise;
}

double Taker::number(const Yaml& yaml, double otherwise, double least, double most) {
  const double value = take(yaml.number_or(otherwise), otherwise);
  if (value >= least && value <= most) return value;
  refuse(yaml.error(fmt::format("expected a number from {} to {}, found {}", least, most, value)));
  return otherwise;
}

Seconds Taker::duration(const Yaml& yaml, Seconds otherwise) {
  return take(duration_or(yaml, otherwise, Seconds(0)), otherwise);
}

std::vector<std::string> Taker::names(const Yaml& yaml, const std::string& what,
                                      const std::vector<std::string>& known) {
  std::vector<std::string> found;
  for (const auto& item : yaml.items()) {
    const auto name = item.text();
    if (!name)
      refuse(name.error());
    else if (std::ranges::find(known, *name) == known.end())
      refuse(
          item.error(fmt::format("there is no {} '{}'", what, *name),
                     did_you_mean(*name, known,
                                  known.empty() ? "" : fmt::format("Known: {}.", fmt::join(known, ", ")))));
    else if (std::ranges::find(found, *name) != found.end())
      refuse(item.error(fmt::format("'{}' is named twice", *name), "Name it once."));
    else
      found.push_back(*name);
  }
  return found;
}

void Taker::refuse_word(const Yaml& yaml, const std::string& word, const std::vector<std::string>& known) {
  const auto near = near_miss(word, known);
  refuse(yaml.error(fmt::format("expected {}, found '{}'", fmt::join(known, ", "), word),
                    near ? fmt::format("Did you mean {}?", *near) : ""));
}

bool is_plain_name(const std::string& name) {
  constexpr size_t kLongest = 64;
  const auto fits = [](unsigned char c) { return c < 128 && (std::isalnum(c) != 0 || c == '_' || c == '-'); };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, fits) && name[0] != '-' &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

const std::vector<std::pair<std::string, Condition::Are>>& condition_words() {
  static const std::vector<std::pair<std::string, Condition::Are>> kWords = {
      {"succeeded", Condition::Are::kSucceeded},
      {"failed", Condition::Are::kFailed},
      {"check_failed", Condition::Are::kCheckFailed},
      {"ended", Condition::Are::kEnded}};
  return kWords;
}

}  // namespace reelhouse::workflow
