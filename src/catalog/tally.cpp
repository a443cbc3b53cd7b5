#include "catalog/tally.hpp"

#include <simdjson.h>

#include <algorithm>

#include "catalog/values.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kExampleBytes = 80;

/// Keeps a field's first value as its example.
void note(Tally::Field& field, std::string_view value, uint64_t line) {
  if (field.profile.example.empty()) {
    field.profile.example = shown(value, kExampleBytes);
    field.example_line = line;
  }
  count_value(field.profile, value);
}

void count_characters(const Block& block, const Format& format, Tally& tally) {
  if (format.encoding != Encoding::kUtf8) return;
  const bool valid = simdjson::validate_utf8(block.buffer.data(), block.size);
  const Utf8Count count = count_utf8(block.text(), valid);
  tally.utf8.sequences += count.sequences;
  tally.utf8.invalid += count.invalid;
}

/// Compares the fields that make one column name.
void compare_doubled(DelimitedCursor& cursor, Tally& tally) {
  for (auto& pair : tally.doubled) {
    std::string_view value;
    const bool has_first = cursor.value(pair.first, value);
    const std::string first(has_first ? value : "");
    const bool has_second = cursor.value(pair.second, value);
    if (has_first != has_second || (has_first && first != value)) ++pair.differing;
  }
}

void tally_record(DelimitedCursor& cursor, const Format& format, Tally& tally) {
  ++tally.delivered;
  const size_t fields = format.fields.size();
  for (size_t i = 0; i < fields; ++i) {
    std::string_view value;
    if (!cursor.value(i, value)) {
      ++tally.fields[i].profile.nulls;
      continue;
    }
    note(tally.fields[i], value, cursor.line());
    if (cursor.was_quoted(i)) tally.needed_quotes += cursor.needed_quotes(i, value) ? 1 : 0;
  }
  if (!tally.doubled.empty()) compare_doubled(cursor, tally);
}

/// Finds a JSON field by name: mostly where it stood in the record before.
size_t field_of(Tally& tally, std::unordered_map<std::string_view, size_t>& known, std::string_view name,
                size_t guess, uint64_t line, uint64_t place) {
  if (guess < tally.fields.size() && tally.fields[guess].name == name) return guess;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  Tally::Field field;
  field.name = name;
  field.first_line = line;
  field.first_place = place;
  tally.fields.push_back(std::move(field));
  // Names move when the vector grows, so the map is made anew; fields are few.
  known.clear();
  for (size_t i = 0; i < tally.fields.size(); ++i) known.emplace(tally.fields[i].name, i);
  return tally.fields.size() - 1;
}

Result<> tally_delimited(BlockReader& reader, const Format& format, Tally& tally) {
  tally.fields.resize(format.fields.size());
  tally.doubled = doubled_fields(format.fields);
  DelimitedCursor cursor(format, tally.rejects);
  Block block;
  while (true) {
    RH_ASSIGN(const bool more, reader.next(block));
    if (!more) break;
    count_characters(block, format, tally);
    cursor.start(block);
    while (cursor.next()) tally_record(cursor, format, tally);
  }
  tally.closed_quotes = cursor.closed_quotes();
  return {};
}

Result<> tally_json(BlockReader& reader, const Format& format, Tally& tally) {
  JsonCursor cursor(format, tally.rejects);
  tally.by_name = true;
  std::unordered_map<std::string_view, size_t> known;
  Block block;
  while (true) {
    RH_ASSIGN(const bool more, reader.next(block));
    if (!more) break;
    count_characters(block, format, tally);
    cursor.start(block);
    while (cursor.next()) {
      ++tally.delivered;
      size_t guess = 0;
      uint64_t place = 0;
      for (const auto& member : cursor.members()) {
        const size_t i = field_of(tally, known, member.name, guess, cursor.line(), place++);
        guess = i + 1;
        Tally::Field& field = tally.fields[i];
        if (field.seen == tally.delivered) continue;
        field.seen = tally.delivered;
        if (!member.null) note(field, member.value, cursor.line());
      }
    }
  }
  return {};
}

void add_field(Tally::Field& to, const Tally::Field& from) {
  if (std::pair(from.first_line, from.first_place) < std::pair(to.first_line, to.first_place)) {
    to.first_line = from.first_line;
    to.first_place = from.first_place;
  }
  const bool earlier =
      from.example_line != 0 && (to.example_line == 0 || from.example_line < to.example_line);
  if (earlier) {
    to.profile.example = from.profile.example;
    to.example_line = from.example_line;
  }
  to.profile.add(from.profile);
}

}  // namespace

void Tally::add(Tally&& other) {
  delivered += other.delivered;
  needed_quotes += other.needed_quotes;
  closed_quotes += other.closed_quotes;
  utf8.sequences += other.utf8.sequences;
  utf8.invalid += other.utf8.invalid;
  rejects.count += other.rejects.count;
  rejects.broken_quotes += other.rejects.broken_quotes;
  std::move(other.rejects.kept.begin(), other.rejects.kept.end(), std::back_inserter(rejects.kept));
  std::sort(rejects.kept.begin(), rejects.kept.end(),
            [](const auto& a, const auto& b) { return a.line < b.line; });
  if (rejects.kept.size() > RejectLog::kKept) rejects.kept.resize(RejectLog::kKept);

  for (size_t i = 0; i < doubled.size() && i < other.doubled.size(); ++i)
    doubled[i].differing += other.doubled[i].differing;
  by_name |= other.by_name;
  for (size_t i = 0; i < other.fields.size(); ++i) {
    Field& theirs = other.fields[i];
    auto mine = fields.begin() + static_cast<ptrdiff_t>(std::min(i, fields.size()));
    if (by_name)
      mine = std::find_if(fields.begin(), fields.end(),
                          [&](const Field& field) { return field.name == theirs.name; });
    if (mine == fields.end())
      fields.push_back(std::move(theirs));
    else
      add_field(*mine, theirs);
  }
}

Result<> tally_blocks(BlockReader& reader, const Format& format, Tally& tally) {
  return format.kind == FormatKind::kJsonLines ? tally_json(reader, format, tally)
                                               : tally_delimited(reader, format, tally);
}

}  // namespace reelhouse::catalog
