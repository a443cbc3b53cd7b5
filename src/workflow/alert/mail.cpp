#include "workflow/alert/mail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace reelhouse::workflow {
namespace {

constexpr size_t kLine = 76;
constexpr size_t kPlainSubject = 60;  ///< with "Subject: " it stays below the 78 characters of RFC 5322
constexpr size_t kWord = 42;          ///< bytes of one encoded word: 56 of BASE64 and 12 around them
constexpr size_t kLongestSubject = 200;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

/// The length of the longest beginning of at most `most` bytes that cuts no character in two.
size_t whole_characters(const std::string& text, size_t from, size_t most) {
  if (text.size() - from <= most) return text.size() - from;
  size_t size = most;
  while (size > 0 && continues(text[from + size])) --size;
  return size;
}

/// Returns text for a header: every control character a space, so that none ends the header, and of a
/// bounded length.
std::string header_text(const std::string& text) {
  std::string line = valid_utf8(text);
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (line.size() > kLongestSubject)
    line = line.substr(0, whole_characters(line, 0, kLongestSubject)) + "...";
  return line;
}

std::string subject_of(const std::string& text) {
  std::string line = header_text(text);
  const bool plain = line.size() <= kPlainSubject && line.find("=?") == std::string::npos &&
                     std::ranges::all_of(line, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return line;
  std::string words;
  for (size_t at = 0; at < line.size();) {
    const size_t size = std::max<size_t>(1, whole_characters(line, at, kWord));
    words += (words.empty() ? "" : "\r\n ") + fmt::format("=?UTF-8?B?{}?=", to_base64(line.substr(at, size)));
    at += size;
  }
  return words;
}

/// Renders "Sun, 22 Nov 2026 06:12:00 +0000", whatever the locale.
std::string date_of(Time time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const Date date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string body_of(const std::string& text) {
  std::string lines;
  for (const char c : valid_utf8(text)) {
    if (c == '\r') continue;
    if (c == '\n') lines += '\r';
    lines += c;
  }
  const std::string encoded = to_base64(lines + "\r\n");
  std::string body;
  for (size_t at = 0; at < encoded.size(); at += kLine) body += encoded.substr(at, kLine) + "\r\n";
  return body;
}

}  // namespace

std::string render_mail(const Mail& mail) {
  const std::string host = mail.from.substr(mail.from.find('@') + 1);
  std::string to;
  for (const auto& address : mail.to) to += (to.empty() ? "" : ",\r\n ") + address;
  std::string answers;
  if (!mail.answers_id.empty())
    answers = fmt::format("In-Reply-To: <{0}@{1}>\r\nReferences: <{0}@{1}>\r\n", mail.answers_id, host);
  return fmt::format(
      "Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n{}"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n{}",
      date_of(mail.date), mail.from, to, subject_of(mail.subject), mail.id, host, answers,
      body_of(mail.text));
}

}  // namespace reelhouse::workflow
