#include "catalog/block_reader.hpp"

#include <cstring>

#include "base/interrupt.hpp"
#include "catalog/structure_index.hpp"

namespace reelhouse::catalog {
namespace {

constexpr size_t kChunk = 1 << 20;
constexpr size_t kShownOfLongRecord = 4096;

void make_room(Block& block, size_t more) {
  const size_t needed = block.size + more + 64;
  if (block.buffer.size() < needed) block.buffer.resize(needed);
}

/// Position behind the last `wanted` in [begin, end), or `otherwise`.
size_t behind_last(std::string_view text, size_t begin, size_t end, char wanted, size_t otherwise) {
  if (begin >= end) return otherwise;
  const void* found = ::memrchr(text.data() + begin, wanted, end - begin);
  if (found == nullptr) return otherwise;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
}

/// True for a quote or delimiter at `at` that an escape, at `from` or later, takes the meaning from.
bool is_escaped(std::string_view text, size_t from, size_t at, const Format& format) {
  if (format.escape == '\0') return false;
  size_t begin = at;
  while (begin > from && text[begin - 1] == format.escape) --begin;
  return (at - begin) % 2 == 1;
}

/// Position of the quote that closes the one at `open`, or npos; the last of doubled ones is not it.
size_t closing_quote(std::string_view text, size_t open, const Format& format) {
  size_t close = text.find(format.quote, open + 1);
  while (close != std::string_view::npos) {
    const bool escaped = is_escaped(text, open + 1, close, format);
    const bool doubled = close + 1 < text.size() && text[close + 1] == format.quote;
    if (!escaped && !doubled) break;
    close = text.find(format.quote, close + (escaped ? 1 : 2));
  }
  return close;
}

/// True for a quote outside of quotes, which text without any goes before since `unquoted`.
bool begins_field(std::string_view text, size_t unquoted, size_t at, const Format& format) {
  if (at == 0 || text[at - 1] == format.newline) return true;
  if (text[at - 1] == format.delimiter) return !is_escaped(text, unquoted, at - 1, format);
  // Where CR ends records, an LF right behind it is passed over.
  return format.newline == '\r' && text[at - 1] == '\n' && (at == 1 || text[at - 2] == '\r');
}

}  // namespace

size_t last_record_end(std::string_view text, const Format& format) {
  const bool quoting = format.kind == FormatKind::kDelimited && format.quote != '\0';
  if (!quoting) return behind_last(text, 0, text.size(), format.newline, 0);
  size_t end = 0;
  size_t unquoted = 0;  // where the text outside quotes begins that was not searched yet
  size_t at = 0;
  while (true) {
    const size_t open = text.find(format.quote, at);
    if (open == std::string_view::npos) break;
    if (!begins_field(text, unquoted, open, format)) {
      at = open + 1;
      continue;
    }
    end = behind_last(text, unquoted, open, format.newline, end);
    const size_t close = closing_quote(text, open, format);
    // A quote that is the last byte may be half of a doubled one.
    if (close == std::string_view::npos || close + 1 == text.size()) return end;
    at = unquoted = close + 1;
  }
  return behind_last(text, unquoted, text.size(), format.newline, end);
}

BlockReader::BlockReader(Format format, std::unique_ptr<lake::ByteStream> stream, Progress* progress)
    : format_(std::move(format)),
      stream_(std::move(stream)),
      progress_(progress),
      transcoder_(format_.encoding) {}

Result<std::unique_ptr<BlockReader>> BlockReader::open(const std::filesystem::path& file,
                                                       const Format& format, Progress* progress) {
  RH_ASSIGN(auto stream, lake::open_byte_stream(file, format.compression));
  return std::unique_ptr<BlockReader>(new BlockReader(format, std::move(stream), progress));
}

Result<bool> BlockReader::next(Block& block) {
  const std::lock_guard lock(mutex_);
  if (error_) return fail(*error_);
  if (interrupted()) {
    error_ = Error{ErrorKind::kInterrupted, "reading was interrupted", "", ""};
    return fail(*error_);
  }
  auto fetched = fetch(block);
  if (!fetched) error_ = fetched.error();
  return fetched;
}

Result<bool> BlockReader::fetch(Block& block) {
  block.size = 0;
  block.too_long = false;
  make_room(block, rest_.size() + kChunk);
  if (!rest_.empty()) std::memcpy(block.buffer.data(), rest_.data(), rest_.size());
  block.size = rest_.size();
  rest_.clear();
  block.number = blocks_++;
  block.first_line = line_;
  while (true) {
    if (!at_end_) RH_TRY(append_chunk(block));
    if (at_end_) {
      if (block.size == 0) return false;
      make_room(block, 1);
      if (block.buffer[block.size - 1] != format_.newline) block.buffer[block.size++] = format_.newline;
      break;
    }
    if (const size_t end = last_record_end(block.text(), format_)) {
      cut(block, end);
      break;
    }
    if (block.size < kLongestRecord) continue;
    // Either a quote is not closed in sight, or a line has no end: in the first case the parser gets
    // the record's first line, rejects it, and reading goes on behind it.
    const size_t line_end = block.text().find(format_.newline);
    if (line_end == std::string_view::npos)
      RH_TRY(skip_long_record(block));
    else
      cut(block, line_end + 1);
    break;
  }
  line_ += block.too_long ? 1 : count_char(block.buffer.data(), block.size, format_.newline);
  return true;
}

void BlockReader::cut(Block& block, size_t end) {
  rest_.assign(block.buffer.begin() + static_cast<ptrdiff_t>(end),
               block.buffer.begin() + static_cast<ptrdiff_t>(block.size));
  block.size = end;
}

Result<> BlockReader::append_chunk(Block& block) {
  const bool first = uncompressed_ == 0;
  const bool as_it_is = format_.encoding == Encoding::kUtf8;
  const size_t wanted = as_it_is ? kChunk : kChunk / 2;
  if (!as_it_is) raw_.resize(wanted);
  make_room(block, as_it_is ? wanted : Transcoder::most(wanted) + 8);
  char* const target = block.buffer.data() + block.size;
  std::byte* const from = as_it_is ? reinterpret_cast<std::byte*>(target) : raw_.data();
  RH_ASSIGN(const size_t got, stream_->read({from, wanted}));
  uncompressed_ += got;
  at_end_ = got < wanted;
  const size_t mark = first ? mark_length({from, got}, format_.encoding) : 0;
  if (as_it_is) {
    if (mark > 0) std::memmove(target, target + mark, got - mark);
    block.size += got - mark;
  } else {
    block.size += transcoder_.convert({from + mark, got - mark}, target);
    if (at_end_) block.size += transcoder_.finish(block.buffer.data() + block.size);
  }
  if (progress_ != nullptr) {
    const uint64_t consumed = stream_->consumed();
    progress_->add(consumed - reported_);
    reported_ = consumed;
  }
  return {};
}

Result<> BlockReader::skip_long_record(Block& block) {
  block.too_long = true;
  while (!at_end_) {
    block.size = kShownOfLongRecord;
    RH_TRY(append_chunk(block));
    const size_t line_end = block.text().find(format_.newline, kShownOfLongRecord);
    if (line_end == std::string_view::npos) continue;
    cut(block, line_end + 1);
    break;
  }
  block.size = kShownOfLongRecord;
  return {};
}

}  // namespace reelhouse::catalog
