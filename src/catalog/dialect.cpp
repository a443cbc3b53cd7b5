#include "catalog/dialect.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_set>

#include "catalog/content_kind.hpp"
#include "catalog/encoding.hpp"
#include "catalog/header.hpp"
#include "catalog/json_lines.hpp"
#include "catalog/preamble.hpp"
#include "catalog/records.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kSample = 1 << 20;
constexpr size_t kLinesOfJson = 20;
constexpr uint64_t kBrokenToDoubt = 5;
constexpr size_t kFieldsBelowPreamble = 3;

/// One way to read the sample, and what came of it.
struct Trial {
  Format format;
  uint64_t records = 0;
  uint64_t needed = 0;
  uint64_t closed = 0;
  uint64_t broken = 0;
  size_t first_fields = 0;
  size_t usual_fields = 0;
  uint64_t defects = 0;  ///< records with broken quotes or another number of fields
  double score = 0;

  bool real_quotes() const {
    return quoting_is_real(format.delimiter, records + broken, needed, closed, broken);
  }
};

Block block_of(std::string_view sample, bool whole, const Format& format) {
  Block block;
  if (!whole) {
    const size_t end = last_record_end(sample, format);
    if (end > 0) sample = sample.substr(0, end);
  }
  block.buffer.assign(sample.begin(), sample.end());
  if (block.buffer.empty() || block.buffer.back() != format.newline) block.buffer.push_back(format.newline);
  block.size = block.buffer.size();
  block.buffer.resize(block.size + 64);
  return block;
}

Trial try_format(const Format& format, std::string_view sample, bool whole) {
  Trial trial;
  trial.format = format;
  RejectLog log;
  log.keep = false;
  DelimitedCursor cursor(trial.format, log, DelimitedCursor::Judging::kQuotesOnly);
  const Block block = block_of(sample, whole, format);
  cursor.start(block);
  std::map<size_t, uint64_t> widths;
  while (cursor.next()) {
    if (trial.records++ == 0) trial.first_fields = cursor.field_count();
    ++widths[cursor.field_count()];
    std::string_view value;
    for (size_t i = 0; i < cursor.field_count(); ++i)
      if (cursor.was_quoted(i) && cursor.value(i, value) && cursor.needed_quotes(i, value)) ++trial.needed;
  }
  trial.closed = cursor.closed_quotes();
  trial.broken = log.broken_quotes;
  uint64_t usual = 0;
  for (const auto& [width, count] : widths) {
    if (count < usual) continue;
    usual = count;
    trial.usual_fields = width;
  }
  trial.defects = trial.records - usual + log.count;
  if (trial.records == 0) return trial;
  const double share = static_cast<double>(usual) / static_cast<double>(trial.records + log.count);
  trial.score = std::pow(share, 4) * std::log(static_cast<double>(trial.usual_fields)) *
                (trial.first_fields == trial.usual_fields ? 1.0 : 0.5);
  // What the first record does not hold separates nothing, unless that record alone is wrong.
  if (trial.first_fields == 1 && share < 0.9) trial.score = 0;
  return trial;
}

/// Tries one delimiter, with and without quoting where the sample leaves it open.
Trial try_delimiter(Format format, char delimiter, std::string_view sample, bool whole,
                    const FormatOverride& fixed) {
  format.delimiter = delimiter;
  format.quote = fixed.quote.value_or('"');
  format.escape = fixed.escape.value_or('\0');
  Trial quoted = try_format(format, sample, whole);
  if (!fixed.escape && quoted.defects > 0 && holds_escaped_quote(sample, format)) {
    Format escaping = format;
    escaping.escape = kEscape;
    Trial escaped = try_format(escaping, sample, whole);
    if (is_found_escape(quoted.defects, escaped.defects)) return escaped;
  }
  const bool open = !fixed.quote && quoted.closed + quoted.broken > 0;
  if (!open || quoted.real_quotes()) return quoted;
  format.quote = '\0';
  return try_format(format, sample, whole);
}

/// Tries every delimiter, or the one that is fixed. One that the content names is taken if it divides.
Trial best_trial(const Format& format, std::optional<char> named, std::string_view sample, bool whole,
                 const FormatOverride& fixed) {
  if (fixed.delimiter) return try_delimiter(format, *fixed.delimiter, sample, whole, fixed);
  Trial best;
  if (named) best = try_delimiter(format, *named, sample, whole, fixed);
  if (best.score > 0) return best;
  for (const char delimiter : kDelimiters) {
    Trial trial = try_delimiter(format, delimiter, sample, whole, fixed);
    if (trial.score > best.score) best = std::move(trial);
  }
  if (best.score > 0) return best;
  // One column: any delimiter that the sample does not hold.
  const auto unused =
      std::ranges::find_if(kDelimiters, [&](char c) { return sample.find(c) == std::string_view::npos; });
  return try_delimiter(format, unused == kDelimiters.end() ? kDelimiters.back() : *unused, sample, whole,
                       fixed);
}

/// Passes over titles that stand above a table, where what is below them is beyond doubt: a
/// header of several complete names over at least one column of numbers or dates.
void pass_titles(const Preamble& separator, std::string_view sample, bool whole, const FormatOverride& fixed,
                 Format& format) {
  const Preamble titles = title_lines(sample, format.newline);
  if (titles.lines == 0) return;
  sample.remove_prefix(titles.size);
  Format below = format;
  below.preamble = 0;
  const Trial best = best_trial(below, separator.delimiter, sample, whole, fixed);
  if (best.usual_fields < kFieldsBelowPreamble || best.first_fields != best.usual_fields) return;
  below = best.format;
  const Block block = block_of(sample, whole, below);
  if (!names_columns_of_other_kinds(block, below)) return;
  find_header(block, best.usual_fields, true, below);
  below.preamble = separator.lines + titles.lines;
  format = below;
}

/// CR ends records only where no LF does; line ends within quotes do not count.
char newline_of(std::string_view sample) {
  bool quoted = false;
  size_t returns = 0;
  for (const char c : sample) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') return '\n';
    if (c == '\r') ++returns;
  }
  return returns > 0 && (sample.find('\n') == std::string_view::npos || returns > 1) ? '\r' : '\n';
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of("\r\n") == std::string_view::npos;
}

/// Tells JSON lines by whether most of the first lines are objects.
bool is_json_lines(std::string_view sample, bool whole) {
  const size_t begin = sample.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || sample[begin] != '{') return false;
  JsonRecord record;
  size_t lines = 0;
  size_t objects = 0;
  for (size_t at = begin; at < sample.size() && lines < kLinesOfJson;) {
    const size_t end = std::min(sample.find('\n', at), sample.size());
    const bool cut = end == sample.size() && !whole && lines > 0;
    const std::string_view line = sample.substr(at, end - at);
    at = end + 1;
    if (cut || line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++lines;
    if (record.parse(line)) ++objects;
  }
  return objects * 2 > lines || (lines > 1 && objects * 2 == lines);
}

struct Sample {
  std::string raw;
  bool whole = false;
};

Result<Sample> read_sample(const std::filesystem::path& file, lake::Compression compression) {
  RH_ASSIGN(auto stream, lake::open_byte_stream(file, compression));
  Sample sample;
  sample.raw.resize(kSample);
  RH_ASSIGN(const size_t got, stream->read(std::as_writable_bytes(std::span(sample.raw))));
  sample.whole = got < sample.raw.size();
  sample.raw.resize(got);
  return sample;
}

std::string decoded(const Sample& sample, Encoding encoding, size_t mark) {
  const auto bytes = std::as_bytes(std::span(sample.raw)).subspan(mark);
  if (encoding == Encoding::kUtf8) return sample.raw.substr(mark);
  std::string text(Transcoder::most(bytes.size()) + 8, '\0');
  Transcoder transcoder(encoding);
  size_t size = transcoder.convert(bytes, text.data());
  if (sample.whole) size += transcoder.finish(text.data() + size);
  text.resize(size);
  return text;
}

}  // namespace

bool quoting_is_real(char delimiter, uint64_t records, uint64_t needed, uint64_t closed, uint64_t broken) {
  // Between commas a few broken quotes are damage; only where they are the rule are they no quotes.
  if (delimiter != '\t')
    return broken < kBrokenToDoubt || broken <= closed || broken <= needed || broken * 100 < records;
  if (closed + broken == 0 || needed > broken) return true;
  return closed * 2 >= records && broken * 10 < closed;
}

bool holds_escaped_quote(std::string_view text, const Format& format) {
  const char wanted[] = {kEscape, format.quote};
  return format.quote != '\0' && format.quote != kEscape &&
         text.find(std::string_view(wanted, 2)) != std::string_view::npos;
}

bool is_found_escape(uint64_t defects_without, uint64_t defects_with) {
  return defects_with < defects_without && defects_with * 10 <= defects_without;
}

void find_dialect(std::string_view sample, bool whole, const FormatOverride& fixed, Format& format) {
  format.kind = FormatKind::kDelimited;
  format.newline = newline_of(sample);
  const Preamble separator = separator_line(sample, format.newline);
  sample.remove_prefix(separator.size);
  Trial best = best_trial(format, separator.delimiter, sample, whole, fixed);
  format = best.format;
  find_header(block_of(sample, whole, format), best.usual_fields, fixed.has_header, format);
  format.preamble = separator.lines;
  if (fixed.has_header.value_or(true) && best.first_fields == 1)
    pass_titles(separator, sample, whole, fixed, format);
}

Result<FoundFormat> find_format(const std::filesystem::path& file, const std::string& file_name,
                                const FormatOverride& fixed, Encoding text_encoding) {
  FoundFormat found;
  Format& format = found.format;
  RH_ASSIGN(format.compression, lake::compression_of(file));
  RH_ASSIGN(const Sample sample, read_sample(file, format.compression));
  if (sample.raw.starts_with("PAR1")) {
    if (format.compression != lake::Compression::kNone)
      return not_understood("Parquet within another compression", file_name);
    format.kind = FormatKind::kParquet;
    return found;
  }
  if (const auto kind = foreign_kind(sample.raw); !kind.empty()) return not_understood(kind, file_name);
  const auto bytes = std::as_bytes(std::span(sample.raw));
  const EncodingHint hint = encoding_of(bytes);
  if (hint.utf32) return not_understood("UTF-32 text, which nobody writes", file_name);
  found.encoding_is_certain = hint.certain || fixed.encoding.has_value();
  format.encoding = fixed.encoding.value_or(hint.certain ? hint.encoding : text_encoding);
  const std::string text = decoded(sample, format.encoding, mark_length(bytes, format.encoding));
  if (is_blank(text)) {
    format.has_header = false;
    return found;
  }
  if (looks_binary(text)) return not_understood("binary data", file_name);
  if (!fixed.delimiter) {
    if (is_json_lines(text, sample.whole)) {
      format.kind = FormatKind::kJsonLines;
      return found;
    }
    if (is_one_json_document(text))
      return fail(ErrorKind::kDamaged,
                  "not CSV, TSV, JSON lines or Parquet: one JSON document instead of an object a line",
                  "Write one object a line (for an array: jq -c '.[]').", file_name);
  }
  find_dialect(text, sample.whole, fixed, format);
  return found;
}

}  // namespace reelhouse::catalog
