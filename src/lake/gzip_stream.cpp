#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "lake/streams.hpp"

namespace reelhouse::lake {
namespace {

const char* reason_of(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "its checksum or length does not fit its content";
    case ISAL_INVALID_WRAPPER:
      return "a header is not gzip's";
    case ISAL_UNSUPPORTED_METHOD:
      return "it uses a method that gzip does not define";
    default:
      return "its compressed data cannot be decoded";
  }
}

/// Reads gzip (RFC 1952) with ISA-L, member after member; checks each one's CRC and length.
class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(InputFile file) : file_(std::move(file)) { start_member(); }

  Result<size_t> read(std::span<std::byte> buffer) override {
    size_t done = 0;
    while (done < buffer.size() && !finished_) {
      if (input_.size() == 0 && !input_.at_end) RH_TRY(input_.refill(file_));
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        RH_TRY(next_member());
        continue;
      }
      const size_t room = std::min<size_t>(buffer.size() - done, UINT32_MAX);
      state_->next_in = reinterpret_cast<uint8_t*>(input_.bytes.data() + input_.begin);
      state_->avail_in = static_cast<uint32_t>(input_.size());
      state_->next_out = reinterpret_cast<uint8_t*>(buffer.data() + done);
      state_->avail_out = static_cast<uint32_t>(room);
      const int code = isal_inflate(state_.get());
      const size_t made = room - state_->avail_out;
      const size_t taken = input_.size() - state_->avail_in;
      input_.begin = input_.end - state_->avail_in;
      done += made;
      if (code < 0) return damaged(reason_of(code));
      const bool stuck = made == 0 && taken == 0 && state_->block_state != ISAL_BLOCK_FINISH;
      if (stuck && input_.at_end && input_.size() == 0) return damaged("it is cut off");
      if (stuck && input_.size() != 0) return damaged("its compressed data cannot be decoded");
    }
    return done;
  }

  uint64_t consumed() const override { return file_.position() - input_.size(); }

 private:
  void start_member() {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
  }

  /// Looks at what follows a complete member: another one, padding with zeros, or garbage.
  Result<> next_member() {
    if (input_.size() < 2 && !input_.at_end) RH_TRY(input_.refill(file_));
    if (input_.size() == 0) {
      finished_ = true;
      return {};
    }
    const auto byte = [&](size_t i) { return std::to_integer<unsigned>(input_.bytes[input_.begin + i]); };
    if (input_.size() >= 2 && byte(0) == 0x1f && byte(1) == 0x8b) {
      start_member();
      return {};
    }
    while (true) {
      while (input_.size() > 0 && byte(0) == 0) ++input_.begin;
      if (input_.size() > 0)
        return fail(ErrorKind::kDamaged,
                    fmt::format("decompressing gzip: something else follows its end at byte {} of "
                                "the compressed file",
                                consumed()),
                    "Fetch the file again; if it was appended to, take the addition away.", file_.name());
      if (input_.at_end) break;
      RH_TRY(input_.refill(file_));
    }
    finished_ = true;
    return {};
  }

  tl::unexpected<Error> damaged(const char* reason) const {
    return fail(ErrorKind::kDamaged,
                fmt::format("decompressing gzip: {}, at byte {} of the compressed file", reason, consumed()),
                "Fetch the file again.", file_.name());
  }

  InputFile file_;
  InputBuffer input_;
  std::unique_ptr<inflate_state> state_ = std::make_unique<inflate_state>();
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_gzip_stream(InputFile file) {
  return std::make_unique<GzipStream>(std::move(file));
}

}  // namespace reelhouse::lake
