#include "app/text_width.hpp"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

namespace reelhouse::app {
namespace {

/// Holds the locale whose tables wcwidth reads; the program's own locale stays as it is.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  ~Utf8Locale() {
    if (locale_) ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  size_t width_of(char32_t point) const {
    if (!locale_) return 1;
    const locale_t before = ::uselocale(locale_);
    const int width = ::wcwidth(static_cast<wchar_t>(point));
    ::uselocale(before);
    return width < 0 ? 1 : static_cast<size_t>(width);
  }

 private:
  locale_t locale_;
};

size_t width_of(char32_t point) {
  static const Utf8Locale locale;
  return point < 0x7f ? 1 : locale.width_of(point);
}

bool is_control(char32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& at, bool& valid) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  valid = true;
  if (first < 0x80) return first;
  const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t point = first & (0x3f >> more);
  valid = first >= 0xc2 && first <= 0xf4 && at + more <= text.size();
  for (size_t i = 0; valid && i < more; ++i) {
    valid = (byte(at + i) & 0xc0) == 0x80;
    point = (point << 6) | (byte(at + i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
  valid = valid && point >= kSmallest[more] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  if (!valid) return 0xfffd;
  at += more;
  return point;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  bool valid = true;
  for (size_t at = 0; at < text.size();) width += width_of(next_code_point(text, at, valid));
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool valid = true;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t point = next_code_point(text, at, valid);
    if (!valid) {
      out += "\xef\xbf\xbd";
    } else if (!is_control(point)) {
      out += text.substr(start, at - start);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point == '\r') {
      out += "\\r";
    } else if (point == '\t') {
      out += "\\t";
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(point));
    }
  }
  return out;
}

std::string cut_to_width(std::string_view text, size_t width) {
  if (width == 0 || text.size() <= width || display_width(text) <= width) return std::string(text);
  size_t used = 0;
  size_t end = 0;
  bool valid = true;
  while (end < text.size()) {
    size_t at = end;
    const size_t wide = width_of(next_code_point(text, at, valid));
    if (used + wide > width - 1) break;
    used += wide;
    end = at;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace reelhouse::app
