#include "lake/s3/side_by_side.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "lake/s3/checks.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr uint64_t kMd5Block = 64;
constexpr size_t kMd5Lanes = 8;
constexpr uint64_t kTurn = 64 * 1024;  ///< bytes of each piece that are hashed before others may join

/// One thread's piece. `done` is guarded by the meeting's mutex, the rest belongs to who leads.
struct Place {
  Md5& md5;
  FilePiece left;
  const std::string& name;
  std::vector<std::byte> buffer;
  Result<> outcome;
  bool begun = false;
  bool done = false;

  /// Reads the next bytes of the piece.
  void read(uint64_t bytes) {
    buffer.resize(bytes);
    outcome = read_at({left.descriptor, left.offset, bytes}, name, buffer.data());
    left.offset += bytes;
    left.length -= bytes;
  }
};

/// Hashes the next bytes of each place: whole blocks side by side, what is less than one alone.
void take_turn(const std::vector<Place*>& places) {
  uint64_t bytes = kTurn;
  for (const Place* place : places) bytes = std::min(bytes, place->left.length);
  bytes -= bytes % kMd5Block;
  std::vector<Md5Work> works;
  works.reserve(places.size());
  std::vector<Md5Work*> streams;
  for (Place* place : places) {
    const bool is_last = place->left.length < kMd5Block;
    place->read(is_last ? place->left.length : bytes);
    if (!place->outcome) continue;
    if (is_last) {
      place->md5.add(place->buffer);
    } else {
      works.push_back({&place->md5.state(), place->buffer.data(), bytes / kMd5Block});
      streams.push_back(&works.back());
      place->md5.count(bytes);
    }
  }
  if (!streams.empty() && bytes > 0) md5_side_by_side(streams, bytes / kMd5Block);
}

/// How long company is worth waiting for.
Milliseconds patience_for(uint64_t bytes) {
  constexpr uint64_t kBytesAMillisecond = 500'000;
  return Milliseconds(static_cast<int64_t>(std::min<uint64_t>(bytes / kBytesAMillisecond, 100)));
}

class Meeting {
 public:
  Result<> hash(Place& own, Milliseconds patience) {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&own);
    moved_.notify_all();
    moved_.wait_for(lock, patience,
                    [&] { return own.done || own.begun || waiting_.size() >= kMd5Lanes || led_; });
    while (!own.done) {
      if (led_)
        moved_.wait(lock, [&] { return own.done || !led_; });
      else
        lead(lock, own);
    }
    return own.outcome;
  }

 private:
  /// Hashes, a turn at a time, until the caller's own piece is done; another thread then leads on.
  void lead(std::unique_lock<std::mutex>& lock, const Place& own) {
    led_ = true;
    while (!own.done) {
      const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMd5Lanes));
      const std::vector<Place*> turn(waiting_.begin(), waiting_.begin() + count);
      for (Place* place : turn) place->begun = true;
      lock.unlock();
      take_turn(turn);
      lock.lock();
      for (Place* place : turn) place->done = place->left.length == 0 || !place->outcome;
      if (std::erase_if(waiting_, [](const Place* place) { return place->done; }) > 0) moved_.notify_all();
    }
    led_ = false;
    moved_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<Place*> waiting_;
  bool led_ = false;
};

Meeting& meeting() {
  static Meeting one;
  return one;
}

}  // namespace

Result<> hash_together(std::span<HashedPiece> pieces, const std::string& name) {
  std::deque<Place> places;
  for (HashedPiece& piece : pieces) places.push_back({piece.md5, piece.piece, name, {}, {}});
  std::vector<Place*> turn;
  for (size_t next = 0;;) {
    std::erase_if(turn, [](const Place* place) { return place->left.length == 0; });
    for (; turn.size() < kMd5Lanes && next < places.size(); ++next)
      if (places[next].left.length > 0) turn.push_back(&places[next]);
    if (turn.empty()) return {};
    take_turn(turn);
    for (const Place* place : turn) RH_TRY(place->outcome);
  }
}

Result<> hash_side_by_side(Md5& md5, const FilePiece& piece, const std::string& name) {
  if (piece.length == 0) return {};
  if (!md5.is_between_blocks())
    return read_piece(piece, name, [&](std::span<const std::byte> bytes) { md5.add(bytes); });
  Place own{md5, piece, name, {}, {}};
  return meeting().hash(own, patience_for(piece.length));
}

}  // namespace reelhouse::lake::s3
