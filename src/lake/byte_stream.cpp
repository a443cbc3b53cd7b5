#include "lake/byte_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lake/streams.hpp"

namespace reelhouse::lake {
namespace {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(InputFile file) : file_(std::move(file)) {}
  Result<size_t> read(std::span<std::byte> buffer) override { return file_.read(buffer); }
  uint64_t consumed() const override { return file_.position(); }

 private:
  InputFile file_;
};

}  // namespace

Result<InputFile> InputFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_error("reading", path.string(), errno));
  (void)::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  return InputFile(descriptor, path.string());
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      position_(other.position_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<size_t> InputFile::read(std::span<std::byte> buffer) {
  size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got = ::read(descriptor_, buffer.data() + done, buffer.size() - done);
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail(system_error(fmt::format("reading after byte {}", position_), name_, errno));
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
    position_ += static_cast<uint64_t>(got);
  }
  return done;
}

Result<> InputBuffer::refill(InputFile& file) {
  std::memmove(bytes.data(), bytes.data() + begin, size());
  end -= begin;
  begin = 0;
  RH_ASSIGN(const size_t got, file.read(std::span(bytes).subspan(end)));
  if (end + got < bytes.size()) at_end = true;
  end += got;
  return {};
}

const char* name_of(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "none";
}

Result<Compression> compression_of(const std::filesystem::path& file) {
  RH_ASSIGN(InputFile input, InputFile::open(file));
  std::array<std::byte, 4> head{};
  RH_ASSIGN(const size_t got, input.read(head));
  const auto byte = [&](size_t i) { return std::to_integer<unsigned>(head[i]); };
  if (got >= 2 && byte(0) == 0x1f && byte(1) == 0x8b) return Compression::kGzip;
  const bool frame = byte(0) == 0x28 && byte(1) == 0xb5;
  const bool skippable = (byte(0) & 0xf0U) == 0x50 && byte(1) == 0x2a;
  if (got >= 4 && frame && byte(2) == 0x2f && byte(3) == 0xfd) return Compression::kZstd;
  if (got >= 4 && skippable && byte(2) == 0x4d && byte(3) == 0x18) return Compression::kZstd;
  return Compression::kNone;
}

Result<std::unique_ptr<ByteStream>> open_byte_stream(const std::filesystem::path& file,
                                                     Compression compression) {
  RH_ASSIGN(InputFile input, InputFile::open(file));
  switch (compression) {
    case Compression::kGzip:
      return make_gzip_stream(std::move(input));
    case Compression::kZstd:
      return make_zstd_stream(std::move(input));
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainStream>(std::move(input));
}

}  // namespace reelhouse::lake
