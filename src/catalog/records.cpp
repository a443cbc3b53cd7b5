#include "catalog/records.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

/// Lines of a record with too many or few fields that are tried as records of their own, and the
/// fewest fields that make such a trial tell anything.
constexpr size_t kLinesTried = 16;
constexpr size_t kFieldsForATrial = 3;
/// Broken quotes are read again from their second line until this many times the block was looked at.
constexpr size_t kEffort = 8;

}  // namespace

DelimitedCursor::DelimitedCursor(const Format& format, RejectLog& log, Judging judging)
    : format_(format),
      log_(log),
      strict_(judging == Judging::kStrict),
      carriage_returns_(format.newline == '\n') {}

void DelimitedCursor::start(const Block& block) {
  at_ = count_ = 0;
  if (block.too_long) {
    log_.add(block.first_line, "", fmt::format("is longer than {} MB", kLongestRecord >> 20), block.text());
    return;
  }
  data_ = block.buffer.data();
  const bool quotes = format_.quote != '\0' && std::memchr(data_, format_.quote, block.size) != nullptr;
  const bool escapes = format_.escape != '\0' && std::memchr(data_, format_.escape, block.size) != nullptr;
  simple_ = !quotes && !escapes;
  index_.build(data_, block.size, format_.delimiter, format_.newline,
               quotes ? format_.quote : format_.newline);
  tape_ = index_.positions();
  count_ = index_.count();
  extents_.assign(1, count_);
  begin_ = 0;
  line_ = block.first_line;
  effort_ = 0;
  dirty_ = strict_ &&
           (std::memchr(data_, '\0', block.size) != nullptr || !simdjson::validate_utf8(data_, block.size));
  header_to_come_ = block.number == 0 && format_.has_header && strict_;
  if (block.number == 0) skip_preamble();
}

void DelimitedCursor::skip_preamble() {
  for (uint64_t lines = 0; lines < format_.preamble && at_ < count_; ++at_) {
    if (!ends_line(at_)) continue;
    begin_ = tape_[at_] + 1;
    ++line_;
    ++lines;
  }
}

/// True for a position on the tape that an escape, at `from` or later, takes the meaning from.
bool DelimitedCursor::is_escaped(size_t at, uint32_t from) const {
  if (format_.escape == '\0') return false;
  uint32_t begin = tape_[at];
  while (begin > from && data_[begin - 1] == format_.escape) --begin;
  return (tape_[at] - begin) % 2 == 1;
}

bool DelimitedCursor::next() {
  return simple_ ? next_simple() : next_quoted();
}

bool DelimitedCursor::skip_blank_line() {
  if (format_.newline == '\r' && data_[begin_] == '\n') ++begin_;
  if (!ends_line(at_) || without_return(begin_, tape_[at_]) != begin_) return false;
  begin_ = tape_[at_++] + 1;
  ++line_;
  return true;
}

bool DelimitedCursor::next_simple() {
  while (at_ < count_) {
    if (skip_blank_line()) continue;
    const uint32_t* const first = tape_ + at_;
    size_t fields = 1;
    while (data_[first[fields - 1]] != format_.newline) ++fields;
    record_line_ = line_++;
    record_begin_ = begin_;
    record_tape_ = first;
    simple_fields_ = fields;
    const uint32_t end = first[fields - 1];
    record_end_ = without_return(begin_, end);
    begin_ = end + 1;
    at_ += fields;
    if (header_to_come_) {
      header_to_come_ = false;
      continue;
    }
    if (accept()) return true;
  }
  return false;
}

bool DelimitedCursor::next_quoted() {
  while (at_ < count_) {
    while (at_ >= extents_.back() && extents_.size() > 1) extents_.pop_back();
    if (skip_blank_line()) continue;
    const size_t index = at_;
    record_line_ = line_;
    record_begin_ = begin_;
    const Outcome outcome = parse(index, begin_, extents_.back());
    record_end_ = without_return(begin_, tape_[parsed_to_ - 1]);
    const bool broken =
        outcome == Outcome::kNotClosed ||
        (parsed_lines_ > 1 && (outcome == Outcome::kTextAfterQuote || swallowed_records(index)));
    if (broken && effort_ < kEffort * count_ + 100'000) {
      effort_ += parsed_to_ - index;
      reject_first_line(index, outcome);
      continue;
    }
    at_ = parsed_to_;
    begin_ = tape_[at_ - 1] + 1;
    line_ += parsed_lines_;
    if (outcome != Outcome::kWhole) {
      ++log_.broken_quotes;
      reject_whole(name_of_field(broken_field_), outcome == Outcome::kNotClosed
                                                     ? "a quote is opened and never closed"
                                                     : "text after a closing quote");
      continue;
    }
    if (header_to_come_) {
      header_to_come_ = false;
      continue;
    }
    if (accept()) return true;
  }
  return false;
}

/// Splits the record at `begin`, whose first position on the tape is `index`; sets parts_,
/// parsed_to_, parsed_lines_ and, where the quotes are wrong, broken_field_.
DelimitedCursor::Outcome DelimitedCursor::parse(size_t index, uint32_t begin, size_t limit) {
  parts_.clear();
  parsed_lines_ = 0;
  Outcome outcome = Outcome::kWhole;
  uint32_t start = begin;
  size_t at = index;
  while (true) {
    if (is_quote(start)) {
      const Outcome quoted = parse_quoted(at, start, limit);
      if (quoted != Outcome::kWhole && outcome == Outcome::kWhole) {
        outcome = quoted;
        broken_field_ = parts_.size() - (quoted == Outcome::kTextAfterQuote ? 1 : 0);
      }
      if (quoted == Outcome::kNotClosed) {
        parsed_to_ = limit;
        return quoted;
      }
    } else {
      skip_text(at, start);
      const bool escaped =
          format_.escape != '\0' && std::memchr(data_ + start, format_.escape, tape_[at] - start) != nullptr;
      parts_.push_back({start, tape_[at], false, escaped});
    }
    if (ends_line(at)) break;
    start = tape_[at++] + 1;
  }
  ++parsed_lines_;
  parsed_to_ = at + 1;
  if (!parts_.back().quoted) parts_.back().end = without_return(start, tape_[at]);
  return outcome;
}

/// Reads the field in quotes that begins at `start`; leaves `at` at the delimiter or line end behind.
DelimitedCursor::Outcome DelimitedCursor::parse_quoted(size_t& at, uint32_t start, size_t limit) {
  bool escaped = false;
  ++at;
  while (true) {
    for (; at < limit && data_[tape_[at]] != format_.quote; ++at)
      if (ends_line(at)) ++parsed_lines_;
    if (at >= limit) return Outcome::kNotClosed;
    if (is_escaped(at, start + 1)) {
      ++at;
      continue;
    }
    const bool doubled =
        at + 1 < limit && tape_[at + 1] == tape_[at] + 1 && data_[tape_[at + 1]] == format_.quote;
    if (!doubled) break;
    escaped = true;
    at += 2;
  }
  const uint32_t close = tape_[at++];
  escaped |=
      format_.escape != '\0' && std::memchr(data_ + start + 1, format_.escape, close - start - 1) != nullptr;
  parts_.push_back({start + 1, close, true, escaped});
  const uint32_t behind = close + 1;
  if (tape_[at] == behind || (ends_line(at) && without_return(behind, tape_[at]) == behind)) {
    ++closed_quotes_;
    return Outcome::kWhole;
  }
  skip_text(at, behind);
  return Outcome::kTextAfterQuote;
}

/// Moves to the delimiter or line end that ends text without quotes, which goes on since `from`.
void DelimitedCursor::skip_text(size_t& at, uint32_t from) const {
  while (is_quote(tape_[at]) || (!ends_line(at) && is_escaped(at, from))) ++at;
}

/// Tells whether a record of several lines with a wrong number of fields holds a line that is a record
/// of its own: then a quote was left open before it.
bool DelimitedCursor::swallowed_records(size_t index) {
  const size_t expected = format_.fields.size();
  if (!strict_ || parts_.size() == expected || expected < kFieldsForATrial) return false;
  const size_t lines = parsed_lines_;
  const size_t end = parsed_to_;
  const std::vector<Part> parts = parts_;
  bool found = false;
  size_t tried = 0;
  for (size_t at = index; at + 1 < end && tried < kLinesTried && !found; ++at) {
    if (!ends_line(at)) continue;
    ++tried;
    const Outcome outcome = parse(at + 1, tape_[at] + 1, end);
    effort_ += parsed_to_ - at;
    found = outcome == Outcome::kWhole && parsed_lines_ == 1 && parts_.size() == expected;
  }
  parsed_lines_ = lines;
  parsed_to_ = end;
  parts_ = parts;
  broken_field_ = 0;
  while (broken_field_ + 1 < parts_.size() && !parts_[broken_field_].quoted) ++broken_field_;
  return found;
}

void DelimitedCursor::reject_first_line(size_t index, Outcome outcome) {
  size_t line_end = index;
  while (!ends_line(line_end)) ++line_end;
  ++log_.broken_quotes;
  log_.add(record_line_, name_of_field(broken_field_),
           outcome == Outcome::kNotClosed ? "a quote is opened and never closed"
                                          : "a quote is opened and not closed before the line ends",
           {data_ + begin_, without_return(begin_, tape_[line_end]) - begin_});
  if (parsed_to_ < extents_.back()) extents_.push_back(parsed_to_);
  at_ = line_end + 1;
  begin_ = tape_[line_end] + 1;
  ++line_;
}

void DelimitedCursor::reject_whole(std::string column, std::string reason) {
  log_.add(record_line_, std::move(column), std::move(reason), record_text());
}

/// Judges a record that was split; logs it when it is not to be delivered.
bool DelimitedCursor::accept() {
  if (!strict_) return true;
  if (dirty_ && !is_clean()) return false;
  const size_t fields = field_count();
  const size_t expected = format_.fields.size();
  if (fields == expected) return true;
  reject_whole("", fmt::format("has {}, expected {}", counted(fields, "field"), expected));
  return false;
}

bool DelimitedCursor::is_clean() {
  const std::string_view text = record_text();
  const size_t nul = text.find('\0');
  const size_t invalid = invalid_utf8_at(text);
  const size_t bad = std::min(nul, invalid);
  if (bad == std::string_view::npos) return true;
  size_t field = 0;
  while (field + 1 < field_count() && field_end(field) < record_begin_ + bad) ++field;
  std::string reason;
  if (nul <= invalid) {
    reason = fmt::format("a NUL character at byte {} of the record", bad + 1);
  } else if (format_.encoding == Encoding::kUtf16Le || format_.encoding == Encoding::kUtf16Be) {
    reason = fmt::format("not valid UTF-16 at byte {} of the record (counted in UTF-8)", bad + 1);
  } else {
    reason = fmt::format("byte 0x{:02X} at byte {} of the record is not valid {}",
                         static_cast<unsigned char>(text[bad]), bad + 1,
                         format_.encoding == Encoding::kUtf8 ? "UTF-8" : "Windows-1252");
  }
  reject_whole(name_of_field(field), std::move(reason));
  return false;
}

std::string DelimitedCursor::name_of_field(size_t field) const {
  if (field < format_.fields.size()) return format_.fields[field];
  return format_.fields.empty() ? "" : fmt::format("field {}", field + 1);
}

uint32_t DelimitedCursor::field_end(size_t field) const {
  return simple_ ? record_tape_[field] : parts_[field].end;
}

bool DelimitedCursor::value_in_parts(size_t field, std::string_view& text) {
  const Part& part = parts_[field];
  text = {data_ + part.begin, part.end - part.begin};
  if (!part.quoted && is_null(text)) return false;
  if (part.escaped) text = unescaped(text, part.quoted);
  return !text.empty();
}

/// Returns a field's text without the characters that only escape or double others.
std::string_view DelimitedCursor::unescaped(std::string_view text, bool quoted) {
  unescaped_.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escapes =
        format_.escape != '\0' && text[i] == format_.escape &&
        (next == format_.quote || next == format_.escape || (!quoted && next == format_.delimiter));
    const bool doubled = quoted && text[i] == format_.quote && next == format_.quote;
    if (escapes || doubled) ++i;
    unescaped_ += text[i];
  }
  return unescaped_;
}

}  // namespace reelhouse::catalog
