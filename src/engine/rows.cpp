#include "engine/engine.hpp"

namespace reelhouse::engine {

std::string Rows::text(size_t row, size_t column) const {
  struct Renderer {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return v; }
  };
  return std::visit(Renderer{}, rows.at(row).at(column));
}

int64_t Rows::integer(size_t row, size_t column) const {
  const Cell& cell = rows.at(row).at(column);
  if (const auto* value = std::get_if<int64_t>(&cell)) return *value;
  return 0;
}

namespace {
std::string quoted(const std::string& text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += mark;
    out += c;
  }
  return out + mark;
}
}  // namespace

std::string quote_name(const std::string& name) {
  return quoted(name, '"');
}
std::string quote_text(const std::string& text) {
  return quoted(text, '\'');
}

}  // namespace reelhouse::engine
