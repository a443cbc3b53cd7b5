#include "lake/s3/large_download.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/hash.hpp"
#include "lake/s3/each_part.hpp"
#include "lake/s3/range_sink.hpp"
#include "lake/s3/side_by_side.hpp"
#include "lake/s3/upload.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr int kMostRounds = 12;
constexpr uint64_t kMegabyte = 1ULL << 20U;

uint64_t parts_of_size(uint64_t size, uint64_t part) {
  return (size + part - 1) / part;
}

bool is_md5(const Check& check) {
  return check.kind == DigestKind::kMd5;
}

}  // namespace

Result<> LargeDownload::run() {
  RH_TRY(look());
  cut();
  RH_TRY(for_each_part([this](Part& part) { return fetch(part); }));
  for (int round = 0; round < kMostRounds; ++round) {
    RH_ASSIGN(const bool right, is_right());
    if (right) return {};
    if (all_confirmed()) break;
    whole_is_current_ = false;
    RH_TRY(for_each_part([this](Part& part) { return confirm(part); }));
  }
  // Parts whose size was guessed, and wrongly, prove nothing when all came twice the same.
  if (checks_.empty() && !upload_part_is_known_ && all_confirmed()) return {};
  return fail(damaged_on_its_way(client_, info_));
}

/// Asks what the object can be verified by.
Result<> LargeDownload::look() {
  Request request;
  request.method = "HEAD";
  request.key = info_.key;
  request.headers = {{"if-match", "\"" + info_.etag + "\""}, {"x-amz-checksum-mode", "ENABLED"}};
  request.doing = "reading the object";
  request.action = "s3:GetObject";
  RH_ASSIGN(const HttpResponse head, client_.send(request));
  checks_ = checks_of(head);
  if (checks_.empty() && parts_of_etag(info_.etag) > 0 && etag_is_of_content(head))
    return find_upload_parts();
  return {};
}

/// A multipart ETag is made of the parts' MD5s; their size is asked for, or else guessed.
Result<> LargeDownload::find_upload_parts() {
  const uint64_t count = parts_of_etag(info_.etag);
  Request request;
  request.method = "HEAD";
  request.key = info_.key;
  request.query = {{"partNumber", "1"}};
  request.headers = {{"if-match", "\"" + info_.etag + "\""}};
  request.doing = "reading the object";
  request.action = "s3:GetObject";
  const auto first = client_.send(request);
  if (!first && first.error().kind == ErrorKind::kInterrupted) return fail(first.error());
  std::vector<uint64_t> sizes;
  const bool is_told = first && !first->header("x-amz-mp-parts-count").empty();
  if (is_told) {
    const std::string text = first->header("content-length");
    uint64_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size);
    sizes = {size};
  } else {  // the sizes that this and other well-known programs upload in
    sizes = {part_size_for(info_.size),
             8 * kMegabyte,
             5 * kMegabyte,
             16 * kMegabyte,
             15 * kMegabyte,
             10 * kMegabyte,
             32 * kMegabyte,
             64 * kMegabyte,
             128 * kMegabyte};
  }
  for (const uint64_t size : sizes)
    if (size > 0 && parts_of_size(info_.size, size) == count &&
        std::ranges::find(upload_parts_, size) == upload_parts_.end())
      upload_parts_.push_back(size);
  upload_part_is_known_ = is_told && !upload_parts_.empty();
  return {};
}

/// Cuts the object into parts that hold whole parts of the upload, so that each can be hashed as it comes.
void LargeDownload::cut() {
  uint64_t size = std::clamp(info_.size / transfers_.limit(), kLeastDownloadPart, kMostDownloadPart);
  if (!upload_parts_.empty())
    size = upload_parts_.front() * std::max<uint64_t>(1, size / upload_parts_.front());
  for (uint64_t begin = 0; begin < info_.size; begin += size)
    parts_.push_back({{begin, std::min(begin + size, info_.size)}, {}, {}, false, false});
}

Result<> LargeDownload::for_each_part(const std::function<Result<>(Part&)>& act) {
  auto outcome = each_part(parts_.size(), transfers_.threads(), [&](size_t i) { return act(parts_[i]); });
  if (outcome && !unhashed_.empty()) outcome = hash(std::exchange(unhashed_, {}));
  return outcome;
}

Result<> LargeDownload::fetch(Part& part) {
  RangeSink sink(target_, part.range, info_.etag);
  Request request = reading(info_, sink);
  request.accept = [&](const HttpResponse&) { return sink.check_complete(); };
  RH_TRY(transfers_.send(client_, request));
  {
    const std::lock_guard lock(mutex_);
    part.is_here = true;
  }
  if (!upload_parts_.empty()) return hash_when_many(part);
  return whole_is_current_ && std::ranges::any_of(checks_, is_md5) ? hash_on() : Result<>();
}

/// Leaves the part to whoever brings enough others: eight are hashed side by side in little more time than
/// one.
Result<> LargeDownload::hash_when_many(Part& part) {
  constexpr size_t kMany = 8;
  std::vector<Part*> turn;
  {
    const std::lock_guard lock(mutex_);
    unhashed_.push_back(&part);
    const uint64_t uploads = parts_of_size(part.range.end - part.range.begin, upload_parts_.front());
    if (unhashed_.size() * uploads < kMany) return {};
    turn.swap(unhashed_);
  }
  return hash(turn);
}

Result<> LargeDownload::hash(const std::vector<Part*>& parts) {
  const uint64_t size = upload_parts_.front();
  std::vector<HashedPiece> pieces;
  for (const Part* part : parts)
    for (uint64_t begin = part->range.begin; begin < part->range.end; begin += size)
      pieces.push_back({{}, piece({begin, std::min(begin + size, part->range.end)})});
  RH_TRY(hash_together(pieces, target_.name));
  auto hashed = pieces.begin();
  for (Part* part : parts) {
    part->md5s.clear();
    for (uint64_t begin = part->range.begin; begin < part->range.end; begin += size, ++hashed)
      part->md5s.push_back(hashed->md5.value());
  }
  return {};
}

/// Hashes the parts that are here in their order while others are still on their way; one thread at a
/// time, the others go on fetching.
Result<> LargeDownload::hash_on() {
  std::unique_lock lock(mutex_);
  if (is_hashing_) return {};
  is_hashing_ = true;
  Result<> outcome;
  while (outcome && next_to_hash_ < parts_.size() && parts_[next_to_hash_].is_here) {
    const ByteRange range = parts_[next_to_hash_].range;
    lock.unlock();
    outcome =
        read_piece(piece(range), target_.name, [&](std::span<const std::byte> bytes) { whole_.add(bytes); });
    lock.lock();
    ++next_to_hash_;
  }
  is_hashing_ = false;
  return outcome;
}

/// Notes what came of a part, then fetches it again until the same came twice.
Result<> LargeDownload::confirm(Part& part) {
  const auto note = [&]() -> Result<bool> {
    ContentHash hash;
    RH_TRY(read_piece(piece(part.range), target_.name,
                      [&](std::span<const std::byte> bytes) { hash.add(bytes); }));
    return !part.seen.insert(hash.digest()).second;
  };
  if (part.confirmed) return {};
  if (part.seen.empty()) RH_TRY(note());
  RH_TRY(fetch(part));
  RH_ASSIGN(part.confirmed, note());
  return {};
}

Result<bool> LargeDownload::is_right() {
  const ByteRange whole{0, info_.size};
  if (!upload_parts_.empty()) {
    std::vector<std::string> md5s;
    for (const Part& part : parts_) md5s.insert(md5s.end(), part.md5s.begin(), part.md5s.end());
    if (multipart_etag(md5s) == info_.etag) return true;
    for (size_t i = 1; i < upload_parts_.size(); ++i) {
      RH_ASSIGN(const bool right, has_etag_of(upload_parts_[i]));
      if (right) return true;
    }
    return false;
  }
  std::vector<Check> others;
  for (const Check& check : checks_) {
    if (!is_md5(check) || !whole_is_current_)
      others.push_back(check);
    else if (!check.holds(whole_))
      return false;
  }
  return all_hold(others, piece(whole), target_.name);
}

Result<bool> LargeDownload::has_etag_of(uint64_t upload_part) {
  std::vector<std::string> md5s;
  for (uint64_t begin = 0; begin < info_.size; begin += upload_part) {
    Md5 md5;
    const ByteRange range{begin, std::min(begin + upload_part, info_.size)};
    RH_TRY(read_piece(piece(range), target_.name, [&](std::span<const std::byte> bytes) { md5.add(bytes); }));
    md5s.push_back(md5.value());
  }
  return multipart_etag(md5s) == info_.etag;
}

bool LargeDownload::all_confirmed() const {
  return std::ranges::all_of(parts_, [](const Part& part) { return part.confirmed; });
}

}  // namespace reelhouse::lake::s3
