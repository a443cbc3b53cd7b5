#include "catalog/profile.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "catalog/dialect.hpp"
#include "catalog/parquet.hpp"
#include "catalog/tally.hpp"

namespace reelhouse::catalog {
namespace {

/// Smaller objects are read by one thread.
constexpr uint64_t kWorthThreads = 256 * 1024;

Result<std::string> hash_of(const std::filesystem::path& file) {
  RH_ASSIGN(auto stream, lake::open_byte_stream(file, lake::Compression::kNone));
  ContentHash hash;
  std::vector<std::byte> buffer(1 << 20);
  while (true) {
    if (interrupted()) return fail(ErrorKind::kInterrupted, "reading was interrupted");
    RH_ASSIGN(const size_t got, stream->read(buffer));
    if (got == 0) break;
    hash.add(std::span(buffer).first(got));
  }
  return hash.digest();
}

/// One reading of an object in a format that is taken as given.
struct Reading {
  Format format;
  Tally tally;
  uint64_t uncompressed_bytes = 0;
};

Result<Reading> read_whole(const std::filesystem::path& file, const Format& format, int threads,
                           Progress* progress) {
  RH_ASSIGN(auto reader, BlockReader::open(file, format, progress));
  std::error_code code;
  if (std::filesystem::file_size(file, code) < kWorthThreads) threads = 1;
  std::vector<Tally> tallies(static_cast<size_t>(std::max(threads, 1)));
  std::vector<Result<>> outcomes(tallies.size());
  const auto work = [&](size_t i) {
    try {
      outcomes[i] = tally_blocks(*reader, format, tallies[i]);
    } catch (const std::exception& error) {
      outcomes[i] = fail(ErrorKind::kUnavailable, fmt::format("reading it: {}", error.what()));
    }
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < tallies.size(); ++i) helpers.emplace_back(work, i);
  work(0);
  for (auto& helper : helpers) helper.join();
  for (auto& outcome : outcomes) RH_TRY(std::move(outcome));
  Reading reading{format, std::move(tallies.front()), reader->uncompressed_bytes()};
  for (size_t i = 1; i < tallies.size(); ++i) reading.tally.add(std::move(tallies[i]));
  return reading;
}

/// Finds out what only the whole object tells: another encoding than UTF-8, quotes that are none or
/// some that are; reads again where the first reading was wrong. `progress` is for the first alone.
class TextReading {
 public:
  TextReading(const std::filesystem::path& file, const std::string& name, const FormatOverride& fixed,
              int threads)
      : file_(file), name_(name), fixed_(fixed), threads_(threads) {}

  Result<Reading> read(const FoundFormat& found, Progress* progress) {
    RH_ASSIGN(Reading reading, read_whole(file_, found.format, threads_, progress));
    const Utf8Count& utf8 = reading.tally.utf8;
    const bool other_encoding =
        !found.encoding_is_certain && utf8.invalid > 0 && utf8.sequences < 2 * utf8.invalid;
    if (other_encoding) {
      RH_ASSIGN(const FoundFormat again, find_format(file_, name_, fixed_, Encoding::kWindows1252));
      RH_ASSIGN(reading, read_whole(file_, again.format, threads_, nullptr));
    }
    RH_TRY(settle_quotes(reading));
    RH_TRY(settle_escape(reading));
    return reading;
  }

 private:
  Result<> settle_quotes(Reading& reading) const {
    const Tally& tally = reading.tally;
    if (reading.format.kind != FormatKind::kDelimited || fixed_.quote) return {};
    const uint64_t records = tally.delivered + tally.rejects.count;
    const bool quoting = reading.format.quote != '\0';
    if (quoting && quoting_is_real(reading.format.delimiter, records, tally.needed_quotes,
                                   tally.closed_quotes, tally.rejects.broken_quotes))
      return {};
    if (!quoting && tally.rejects.count == 0) return {};
    FormatOverride other = fixed_;
    other.quote = quoting ? '\0' : '"';
    other.delimiter = reading.format.delimiter;
    RH_ASSIGN(const FoundFormat found, find_format(file_, name_, other, reading.format.encoding));
    RH_ASSIGN(Reading again, read_whole(file_, found.format, threads_, nullptr));
    const uint64_t rejects = again.tally.rejects.count;
    const bool better = quoting ? rejects <= tally.rejects.count : rejects < tally.rejects.count;
    if (better) reading = std::move(again);
    return {};
  }

  /// Finds an escape that only stands behind what was looked at for the format, or one that is none.
  Result<> settle_escape(Reading& reading) const {
    const Format& format = reading.format;
    const RejectLog& rejects = reading.tally.rejects;
    if (format.kind != FormatKind::kDelimited || fixed_.escape || rejects.count == 0) return {};
    const bool escaping = format.escape != '\0';
    const auto speaks_for_it = [&](const StructuralReject& reject) {
      return holds_escaped_quote(reject.text, format);
    };
    if (!escaping && std::ranges::none_of(rejects.kept, speaks_for_it)) return {};
    FormatOverride other = fixed_;
    other.escape = escaping ? '\0' : kEscape;
    other.delimiter = format.delimiter;
    other.quote = format.quote;
    RH_ASSIGN(const FoundFormat found, find_format(file_, name_, other, format.encoding));
    RH_ASSIGN(Reading again, read_whole(file_, found.format, threads_, nullptr));
    const uint64_t count = again.tally.rejects.count;
    if (escaping ? count < rejects.count : is_found_escape(rejects.count, count)) reading = std::move(again);
    return {};
  }

  const std::filesystem::path& file_;
  const std::string& name_;
  const FormatOverride& fixed_;
  const int threads_;
};

/// The fields that make one column name, where they were not compared.
std::vector<DoubledField> uncompared(const ObjectProfile& profile) {
  auto doubled = doubled_fields(profile.format.fields);
  for (auto& pair : doubled) pair.differing = profile.records;
  return doubled;
}

ObjectProfile profile_of(Reading reading) {
  ObjectProfile profile;
  profile.format = std::move(reading.format);
  Tally& tally = reading.tally;
  profile.rejected = tally.rejects.count;
  profile.records = tally.delivered + tally.rejects.count;
  profile.rejects = std::move(tally.rejects.kept);
  profile.uncompressed_bytes = reading.uncompressed_bytes;
  if (tally.by_name) {
    std::sort(tally.fields.begin(), tally.fields.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first_line, a.first_place) < std::pair(b.first_line, b.first_place);
    });
    profile.format.fields.clear();
  }
  for (auto& field : tally.fields) {
    uint64_t values = 0;
    for (const uint64_t count : field.profile.kinds) values += count;
    field.profile.nulls = tally.delivered - values;
    if (tally.by_name) profile.format.fields.push_back(std::move(field.name));
    profile.fields.push_back(std::move(field.profile));
  }
  profile.doubled = tally.by_name ? uncompared(profile) : std::move(tally.doubled);
  return profile;
}

Result<ObjectProfile> profile_content(const std::filesystem::path& file, const std::string& file_name,
                                      const FormatOverride& fixed, int threads, Progress* progress) {
  RH_ASSIGN(FoundFormat found, find_format(file, file_name, fixed, Encoding::kUtf8));
  if (found.format.kind == FormatKind::kParquet) {
    RH_ASSIGN(auto profile, profile_parquet(file, file_name, std::move(found.format), threads));
    profile.doubled = uncompared(profile);
    std::error_code code;
    if (progress != nullptr) progress->add(std::filesystem::file_size(file, code));
    return profile;
  }
  TextReading text(file, file_name, fixed, threads);
  RH_ASSIGN(Reading reading, text.read(found, progress));
  return profile_of(std::move(reading));
}

}  // namespace

Result<ObjectProfile> profile_object(const std::filesystem::path& file, const std::string& file_name,
                                     const FormatOverride& fixed, int threads, Progress* progress) {
  try {
    RH_ASSIGN(std::string hash, hash_of(file));
    auto profile = profile_content(file, file_name, fixed, threads, progress);
    if (!profile) {
      Error error = std::move(profile).error();
      if (error.where == file.string() || error.where.empty()) error.where = file_name;
      return fail(std::move(error));
    }
    profile->content_hash = std::move(hash);
    return profile;
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUnavailable, fmt::format("reading it: {}", error.what()), "", file_name);
  }
}

}  // namespace reelhouse::catalog
