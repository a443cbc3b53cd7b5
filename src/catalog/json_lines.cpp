#include "catalog/json_lines.hpp"

#include <simdjson.h>

#include <cstring>

#include "catalog/encoding.hpp"
#include "catalog/values.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kDeepest = 1000;

}  // namespace

bool JsonRecord::wrong(std::string reason) {
  reason_ = fmt::format("{} at character {}", reason, at_ + 1);
  return false;
}

void JsonRecord::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
    ++at_;
}

std::string_view JsonRecord::view(const Text& text) const {
  const std::string_view from = text.own ? std::string_view(unescaped_) : text_;
  return from.substr(text.begin, text.end - text.begin);
}

bool JsonRecord::parse(std::string_view text) {
  text_ = text;
  at_ = 0;
  unescaped_.clear();
  found_.clear();
  members_.clear();
  reason_.clear();
  column_.clear();
  skip_space();
  if (peek() != '{') {
    reason_ = "is not a JSON object";
    return false;
  }
  ++at_;
  if (!parse_members()) return false;
  skip_space();
  if (at_ != text_.size()) return wrong("text after the JSON object");
  for (const Found& found : found_) {
    const std::string_view value = view(found.value);
    members_.push_back({view(found.name), value, found.null || value.empty()});
  }
  return true;
}

bool JsonRecord::parse_members() {
  skip_space();
  if (peek() == '}') {
    ++at_;
    return true;
  }
  while (true) {
    Found found{};
    skip_space();
    column_.clear();
    if (peek() != '"') return wrong("expected a name in quotes");
    if (!read_string(found.name)) return false;
    column_ = view(found.name);
    skip_space();
    if (peek() != ':') return wrong("expected ':'");
    ++at_;
    skip_space();
    const char first = peek();
    if (first == '"') {
      if (!read_string(found.value)) return false;
    } else {
      found.value = {at_, at_, false};
      found.null = first == 'n';
      if (!skip_value()) return false;
      found.value.end = at_;
    }
    found_.push_back(found);
    skip_space();
    const char behind = peek();
    if (behind != ',' && behind != '}')
      return wrong(at_ == text_.size() ? "the line ends within the object" : "expected ',' or '}'");
    ++at_;
    if (behind == '}') return true;
  }
}

/// Passes over a value of any kind, checking its grammar without recursion.
bool JsonRecord::skip_value() {
  open_.clear();
  const size_t kept = unescaped_.size();
  const auto skip_name = [&] {
    Text name{};
    skip_space();
    if (peek() != '"') return wrong("expected a name in quotes");
    if (!read_string(name)) return false;
    skip_space();
    if (peek() != ':') return wrong("expected ':'");
    ++at_;
    return true;
  };
  while (true) {
    skip_space();
    const char first = peek();
    if (first == '{' || first == '[') {
      if (open_.size() == kDeepest) return wrong("is nested too deep");
      ++at_;
      skip_space();
      const char closing = first == '{' ? '}' : ']';
      if (peek() != closing) {
        open_.push_back(closing);
        if (first == '{' && !skip_name()) return false;
        continue;
      }
      ++at_;
    } else if (first == '"') {
      Text text{};
      if (!read_string(text)) return false;
    } else if (first == '-' || is_digit(first)) {
      if (!skip_number()) return false;
    } else if (!skip_word("true") && !skip_word("false") && !skip_word("null")) {
      return wrong(at_ == text_.size() ? "the line ends within the object" : "expected a value");
    }
    bool next_value = false;
    while (!open_.empty() && !next_value) {
      skip_space();
      if (peek() == open_.back()) {
        ++at_;
        open_.pop_back();
      } else if (peek() == ',') {
        ++at_;
        if (open_.back() == '}' && !skip_name()) return false;
        next_value = true;
      } else {
        return wrong(at_ == text_.size() ? "the line ends within the object"
                                         : "expected ',' or the end of a nested value");
      }
    }
    if (next_value) continue;
    unescaped_.resize(kept);
    return true;
  }
}

bool JsonRecord::skip_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool JsonRecord::skip_number() {
  const auto skip_digits = [&] {
    const size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ > begin;
  };
  if (peek() == '-') ++at_;
  if (peek() == '0') {
    ++at_;
    if (is_digit(peek())) return wrong("a number with a leading zero");
  } else if (!skip_digits()) {
    return wrong("expected a number");
  }
  if (peek() == '.') {
    ++at_;
    if (!skip_digits()) return wrong("expected digits");
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!skip_digits()) return wrong("expected digits");
  }
  return true;
}

/// Reads the string whose opening quote is next; only one with escapes is copied.
bool JsonRecord::read_string(Text& text) {
  size_t begin = ++at_;
  bool own = false;
  const size_t own_begin = unescaped_.size();
  while (true) {
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20)
      ++at_;
    if (at_ == text_.size()) return wrong("a string is not closed");
    const char c = text_[at_];
    if (c == '"') break;
    if (c != '\\') return wrong("a control character in a string");
    unescaped_.append(text_.substr(begin, at_ - begin));
    own = true;
    ++at_;
    if (!read_escape()) return false;
    begin = at_;
  }
  if (own) unescaped_.append(text_.substr(begin, at_ - begin));
  text = own ? Text{own_begin, unescaped_.size(), true} : Text{begin, at_, false};
  ++at_;
  return true;
}

bool JsonRecord::read_escape() {
  const char c = peek();
  ++at_;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      unescaped_ += c;
      return true;
    case 'b':
      unescaped_ += '\b';
      return true;
    case 'f':
      unescaped_ += '\f';
      return true;
    case 'n':
      unescaped_ += '\n';
      return true;
    case 'r':
      unescaped_ += '\r';
      return true;
    case 't':
      unescaped_ += '\t';
      return true;
    case 'u':
      break;
    default:
      --at_;
      return wrong("an escape that JSON does not know");
  }
  uint32_t unit = 0;
  if (!read_hex(unit)) return false;
  if (unit == 0) return wrong("a NUL character");
  if (unit >= 0xDC00 && unit < 0xE000) return wrong("half of a surrogate pair");
  if (unit >= 0xD800 && unit < 0xDC00) {
    uint32_t low = 0;
    if (text_.substr(at_, 2) != "\\u") return wrong("half of a surrogate pair");
    at_ += 2;
    if (!read_hex(low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return wrong("half of a surrogate pair");
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  append(unit);
  return true;
}

bool JsonRecord::read_hex(uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = peek();
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c))
      unit = unit * 16 + static_cast<uint32_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    else
      return wrong("expected four hexadecimal digits");
  }
  return true;
}

void JsonRecord::append(uint32_t code) {
  char bytes[4];
  unescaped_.append(bytes, put_utf8(code, bytes));
}

void JsonCursor::start(const Block& block) {
  rest_ = {};
  if (block.too_long) {
    log_.add(block.first_line, "", fmt::format("is longer than {} MB", kLongestRecord >> 20), block.text());
    return;
  }
  rest_ = block.text();
  line_ = block.first_line;
  dirty_ = rest_.find('\0') != std::string_view::npos || !simdjson::validate_utf8(rest_.data(), rest_.size());
}

bool JsonCursor::is_clean(std::string_view line) {
  const size_t bad = std::min(line.find('\0'), invalid_utf8_at(line));
  if (bad == std::string_view::npos) return true;
  log_.add(record_line_, "",
           line[bad] == '\0' ? fmt::format("a NUL character at byte {} of the record", bad + 1)
                             : fmt::format("byte 0x{:02X} at byte {} of the record is not valid text",
                                           static_cast<unsigned char>(line[bad]), bad + 1),
           line);
  return false;
}

bool JsonCursor::next() {
  while (!rest_.empty()) {
    const size_t end = rest_.find(format_.newline);
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    record_line_ = line_++;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (dirty_ && !is_clean(line)) continue;
    if (record_.parse(line)) return true;
    log_.add(record_line_, record_.column(), record_.reason(), line);
  }
  return false;
}

}  // namespace reelhouse::catalog
