#include "lake/gzip_pipe.hpp"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

namespace reelhouse::lake {
namespace {

constexpr size_t kBuffer = 1 << 20;

/// Fills the buffer unless the pipe ends first; -1 on an error.
ssize_t read_full(int descriptor, std::vector<uint8_t>& buffer) {
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = ::read(descriptor, buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(size);
}

bool write_full(int descriptor, const uint8_t* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

struct GzipPipe::Compressor {
  std::filesystem::path path;
  int file = -1;
  int read_end = -1;
  int write_end = -1;
  int error_number = 0;
  std::thread thread;

  ~Compressor() {
    close_input();
    if (thread.joinable()) thread.join();
    if (read_end >= 0) ::close(read_end);
    if (file >= 0) ::close(file);
  }

  void close_input() {
    if (write_end >= 0) ::close(write_end);
    write_end = -1;
  }

  /// Runs until the pipe ends. After a failed write the rest is read and dropped, so that the writer
  /// is not left waiting.
  void compress() {
    std::vector<uint8_t> in(kBuffer);
    std::vector<uint8_t> out(kBuffer);
    std::vector<uint8_t> level(ISAL_DEF_LVL1_DEFAULT);
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.level = 1;
    stream.level_buf = level.data();
    stream.level_buf_size = static_cast<uint32_t>(level.size());
    while (true) {
      const ssize_t size = read_full(read_end, in);
      if (size < 0) {
        error_number = errno;
        return;
      }
      stream.next_in = in.data();
      stream.avail_in = static_cast<uint32_t>(size);
      stream.end_of_stream = static_cast<size_t>(size) < in.size();
      do {
        stream.next_out = out.data();
        stream.avail_out = static_cast<uint32_t>(out.size());
        isal_deflate(&stream);
        if (error_number == 0 && !write_full(file, out.data(), out.size() - stream.avail_out))
          error_number = errno;
      } while (stream.avail_out == 0);
      if (stream.end_of_stream) return;
    }
  }
};

GzipPipe::GzipPipe(std::unique_ptr<Compressor> compressor) : compressor_(std::move(compressor)) {}
GzipPipe::~GzipPipe() = default;

Result<std::unique_ptr<GzipPipe>> GzipPipe::open(const std::filesystem::path& file) {
  auto compressor = std::make_unique<Compressor>();
  compressor->path = file;
  compressor->file = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (compressor->file < 0) return fail(system_error("creating", file.string(), errno));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("opening a pipe for", file.string(), errno));
  compressor->read_end = ends[0];
  compressor->write_end = ends[1];
  (void)::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  auto& ref = *compressor;
  compressor->thread = std::thread([&ref] { ref.compress(); });
  return std::unique_ptr<GzipPipe>(new GzipPipe(std::move(compressor)));
}

std::string GzipPipe::input() const {
  return "/dev/fd/" + std::to_string(compressor_->write_end);
}

Result<> GzipPipe::finish() {
  compressor_->close_input();
  if (compressor_->thread.joinable()) compressor_->thread.join();
  if (compressor_->error_number == 0 && ::fsync(compressor_->file) != 0) compressor_->error_number = errno;
  if (compressor_->error_number != 0)
    return fail(system_error("writing", compressor_->path.string(), compressor_->error_number));
  return {};
}

}  // namespace reelhouse::lake
