#include "base/prometheus.hpp"

#include <algorithm>

namespace reelhouse {
namespace {

/// Escapes what would end a label's value or a line.
std::string escaped(std::string_view value, bool is_label) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || (is_label && c == '"')) out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

void Prometheus::Family::write(std::string_view ending, const Labels& labels, std::string_view value) {
  text_ += name_;
  text_ += ending;
  for (size_t i = 0; i < labels.size(); ++i)
    text_ += fmt::format("{}{}=\"{}\"", i == 0 ? "{" : ",", labels[i].first, escaped(labels[i].second, true));
  text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

Prometheus::Family& Prometheus::family(std::string_view name, std::string_view type, std::string_view help) {
  const auto known = std::ranges::find(families_, name, &Family::name_);
  if (known != families_.end()) return *known;
  Family& added = families_.emplace_back();
  added.name_ = name;
  added.text_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, escaped(help, false), type);
  return added;
}

std::string Prometheus::text() const {
  std::string text;
  for (const auto& family : families_) text += family.text_;
  return text;
}

}  // namespace reelhouse
