#include "serve/compress.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace reelhouse::serve {
namespace {

constexpr size_t kSmall = 1024;
constexpr int kLevel = 3;
constexpr int kGzipWindow = 15 + 16;

}  // namespace

std::string gzip(std::string_view text, int level) {
  z_stream stream{};
  if (::deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = ::deflate(&stream, Z_FINISH);
  out.resize(code == Z_STREAM_END ? stream.total_out : 0);
  ::deflateEnd(&stream);
  return out;
}

struct GzipStream::State {
  z_stream stream{};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  if (::deflateInit2(&state_->stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

GzipStream::~GzipStream() {
  ::deflateEnd(&state_->stream);
}

std::string GzipStream::pack(std::string_view piece, bool last) {
  z_stream& stream = state_->stream;
  std::string out;
  std::array<char, 16384> room{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    ::deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    out.append(room.data(), room.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  return out;
}

void compress(const Request& request, Response& response) {
  if (response.pieces) return;
  const bool is_text = response.type.starts_with("application/json") || response.type.starts_with("text/");
  if (!is_text || response.events || response.body.size() < kSmall || response.body.size() > UINT32_MAX)
    return;
  response.set("Vary", "Accept-Encoding");
  if (!accepts_encoding(request.header("accept-encoding"), "gzip")) return;
  std::string packed = gzip(response.body, kLevel);
  if (packed.empty()) return;
  response.body = std::move(packed);
  response.set("Content-Encoding", "gzip");
}

}  // namespace reelhouse::serve
