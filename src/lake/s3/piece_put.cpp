#include "lake/s3/piece_put.hpp"

#include <random>

#include "lake/s3/checks.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr int kMostDamagedPuts = 3;

struct PieceHashes {
  std::string sha256;
  std::string md5;
  bool operator==(const PieceHashes&) const = default;
};

Result<PieceHashes> hash_piece(const FilePiece& piece, const std::string& name) {
  const auto sha256 = make_digest(DigestKind::kSha256);
  const auto md5 = make_digest(DigestKind::kMd5);
  RH_TRY(read_piece(piece, name, [&](std::span<const std::byte> bytes) {
    sha256->add(bytes);
    md5->add(bytes);
  }));
  return PieceHashes{sha256->value(), md5->value()};
}

}  // namespace

std::string new_write_mark() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Result<std::optional<std::string>> etag_of_marked(const Client& client, const std::string& key,
                                                  const std::string& mark) {
  Request request;
  request.method = "HEAD";
  request.key = key;
  request.doing = "looking at what was stored";
  request.action = "s3:GetObject";
  const auto head = client.send(request);
  if (!head && head.error().kind == ErrorKind::kNotFound) return std::optional<std::string>();
  if (!head) return fail(head.error());
  if (head->header(kWriteMark) != mark) return std::optional<std::string>();
  return std::optional(without_quotes(head->header("etag")));
}

tl::expected<StoredPiece, Failure> put_piece(const Client& client, Request request, const FilePiece& piece,
                                             const std::string& file_name) {
  auto hashes = hash_piece(piece, file_name);
  if (!hashes) return tl::unexpected(Failure{std::move(hashes).error(), 0, "", false});
  request.file = piece;
  request.payload_hash = to_hex(hashes->sha256);
  request.headers.emplace_back("content-md5", to_base64(hashes->md5));
  StoredPiece stored{"", hashes->md5, false};
  int damaged = 0;
  request.accept = [&](const HttpResponse& answer) -> Result<> {
    stored.etag = without_quotes(answer.header("etag"));
    const bool comparable = stored.etag.size() == 32 && etag_is_of_content(answer) && from_hex(stored.etag);
    stored.etag_is_md5 = comparable && *from_hex(stored.etag) == stored.md5;
    if (!comparable || stored.etag_is_md5) return {};
    const bool last = ++damaged >= kMostDamagedPuts;
    return fail(last ? ErrorKind::kDamaged : ErrorKind::kUnavailable,
                "putting the object: the server's ETag is not the checksum of what was sent",
                "Look at what lies between here and the server.");
  };
  auto answer = client.try_send(request);
  if (answer) return stored;
  Failure failure = std::move(answer).error();
  if (failure.code == "BadDigest" || failure.code == "XAmzContentSHA256Mismatch") {
    const auto again = hash_piece(piece, file_name);
    if (!again || !(*again == *hashes))
      failure.error = {ErrorKind::kBusy, "putting the object: the file changes while it is put",
                       "Put it again when nobody writes to it.", file_name};
  }
  return tl::unexpected(std::move(failure));
}

}  // namespace reelhouse::lake::s3
