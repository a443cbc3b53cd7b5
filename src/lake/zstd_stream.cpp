#include <zstd.h>

#include "lake/streams.hpp"

namespace reelhouse::lake {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Context = std::unique_ptr<ZSTD_DCtx, FreeContext>;

/// Reads zstd (RFC 8878), frame after frame; checks each one's checksum where it has one.
class ZstdStream final : public ByteStream {
 public:
  ZstdStream(InputFile file, Context context) : file_(std::move(file)), context_(std::move(context)) {}

  Result<size_t> read(std::span<std::byte> buffer) override {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos < out.size) {
      if (input_.size() == 0 && !input_.at_end) RH_TRY(input_.refill(file_));
      const size_t before = out.pos;
      ZSTD_inBuffer in{input_.bytes.data() + input_.begin, input_.size(), 0};
      if (in.size == 0 && frame_ended_) break;
      const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
      input_.begin += in.pos;
      if (ZSTD_isError(left)) return damaged(ZSTD_getErrorName(left));
      frame_ended_ = left == 0;
      if (in.size == 0 && out.pos == before && !frame_ended_) return damaged("it is cut off");
    }
    return out.pos;
  }

  uint64_t consumed() const override { return file_.position() - input_.size(); }

 private:
  tl::unexpected<Error> damaged(const char* reason) const {
    return fail(ErrorKind::kDamaged,
                fmt::format("decompressing zstd: {}, at byte {} of the compressed file", reason, consumed()),
                "Fetch the file again.", file_.name());
  }

  InputFile file_;
  InputBuffer input_;
  Context context_;
  bool frame_ended_ = true;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> make_zstd_stream(InputFile file) {
  Context context(ZSTD_createDCtx());
  if (!context) return fail(ErrorKind::kUnavailable, "out of memory for zstd", "", file.name());
  return std::make_unique<ZstdStream>(std::move(file), std::move(context));
}

}  // namespace reelhouse::lake
