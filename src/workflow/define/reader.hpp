#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/yaml.hpp"
#include "workflow/define/definition.hpp"

namespace reelhouse::workflow {

/// Takes values out of YAML. What is wrong is added to a list, and reading goes on with the default, so that
/// one pass finds everything.
class Taker {
 public:
  explicit Taker(std::vector<Error>& problems) : problems_(problems) {}

  void refuse(Error error) { problems_.push_back(std::move(error)); }
  template <typename T>
  T take(Result<T> result, T otherwise) {
    if (result) return std::move(*result);
    problems_.push_back(std::move(result).error());
    return otherwise;
  }
  /// Refuses unknown keys and keys that come twice; true when there are none.
  bool keys(const Yaml& yaml, const std::vector<std::string>& allowed);
  std::string text(const Yaml& yaml, const std::string& otherwise = {});
  bool flag(const Yaml& yaml, bool otherwise);
  int whole(const Yaml& yaml, int otherwise, int least, int most);
  double number(const Yaml& yaml, double otherwise, double least, double most);
  /// "0s" is none.
  Seconds duration(const Yaml& yaml, Seconds otherwise);
  /// One of a few words; a wrong one has the near miss.
  template <typename T>
  T choice(const Yaml& yaml, T otherwise, const std::vector<std::pair<std::string, T>>& words) {
    if (yaml.empty()) return otherwise;
    const std::string word = text(yaml);
    std::vector<std::string> known;
    for (const auto& [name, value] : words) {
      if (name == word) return value;
      known.push_back(name);
    }
    if (yaml.is_scalar()) refuse_word(yaml, word, known);
    return otherwise;
  }
  /// A list of names, each of which has to be known ("there is no WHAT 'x'"), none twice; a single one is a
  /// list.
  std::vector<std::string> names(const Yaml& yaml, const std::string& what,
                                 const std::vector<std::string>& known);

 private:
  void refuse_word(const Yaml& yaml, const std::string& word, const std::vector<std::string>& known);
  std::vector<Error>& problems_;
};

/// True for letters, digits, '_' and '-', not beginning with '-' or a digit, at most 64.
bool is_plain_name(const std::string& name);
inline constexpr const char* kPlainNames = "Use letters, digits, '_' and '-', at most 64, a letter first.";

/// How conditions and `when:` name states.
const std::vector<std::pair<std::string, Condition::Are>>& condition_words();

/// Everything that one file's parts are held against.
struct ReadContext {
  const ProjectNames& names;
  const std::vector<std::string>& workflows;  ///< names of all, also of those that are wrong
};

/// Reads the parts of a workflow; `workflow` holds its name and properties already.
std::vector<StepDefinition> read_steps(const Yaml& yaml, const Workflow& workflow, const ReadContext& context,
                                       Taker& taker);
std::vector<Trigger> read_triggers(const Yaml& yaml, const Workflow& workflow, const ReadContext& context,
                                   Taker& taker);

}  // namespace reelhouse::workflow
