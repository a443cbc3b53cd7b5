#include "lake/s3/checks.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>

#include "lake/s3/side_by_side.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

bool is_md5_text(const std::string& text) {
  return text.size() == 32 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

bool Check::holds(const Digest& digest) const {
  if (!is_hex) return to_base64(digest.value()) == text;
  const auto bytes = from_hex(text);
  return bytes && *bytes == digest.value();
}

bool etag_is_of_content(const HttpResponse& head) {
  const bool by_kms = head.header("x-amz-server-side-encryption").starts_with("aws:kms");
  return !by_kms && head.header("x-amz-server-side-encryption-customer-algorithm").empty();
}

std::vector<Check> checks_of(const HttpResponse& head) {
  std::vector<Check> checks;
  const std::string etag = without_quotes(head.header("etag"));
  if (is_md5_text(etag) && etag_is_of_content(head)) checks.push_back({DigestKind::kMd5, etag, true});
  if (head.header("x-amz-checksum-type") == "COMPOSITE") return checks;
  const std::pair<const char*, DigestKind> kinds[] = {{"x-amz-checksum-crc64nvme", DigestKind::kCrc64Nvme},
                                                      {"x-amz-checksum-crc32c", DigestKind::kCrc32c},
                                                      {"x-amz-checksum-crc32", DigestKind::kCrc32},
                                                      {"x-amz-checksum-sha256", DigestKind::kSha256},
                                                      {"x-amz-checksum-sha1", DigestKind::kSha1}};
  for (const auto& [name, kind] : kinds) {
    const std::string text = head.header(name);
    if (text.empty() || text.find('-') != std::string::npos) continue;  // "...-3" is of parts
    checks.push_back({kind, text, false});
    break;
  }
  return checks;
}

uint64_t parts_of_etag(const std::string& etag) {
  uint64_t parts = 0;
  if (etag.size() < 34 || etag[32] != '-' || !is_md5_text(etag.substr(0, 32))) return 0;
  const char* end = etag.data() + etag.size();
  return std::from_chars(etag.data() + 33, end, parts).ptr == end ? parts : 0;
}

std::string multipart_etag(const std::vector<std::string>& md5_of_parts) {
  std::string all;
  for (const auto& md5 : md5_of_parts) all += md5;
  return fmt::format("{}-{}", to_hex(digest_of(DigestKind::kMd5, all)), md5_of_parts.size());
}

Result<bool> all_hold(const std::vector<Check>& checks, const FilePiece& piece, const std::string& name) {
  for (const Check& check : checks) {
    if (check.kind == DigestKind::kMd5) {
      Md5 md5;
      RH_TRY(hash_side_by_side(md5, piece, name));
      if (!check.holds(md5)) return false;
    } else {
      const auto digest = make_digest(check.kind);
      RH_TRY(read_piece(piece, name, [&](std::span<const std::byte> bytes) { digest->add(bytes); }));
      if (!check.holds(*digest)) return false;
    }
  }
  return true;
}

Result<> read_at(const FilePiece& piece, const std::string& name, std::byte* into) {
  for (uint64_t done = 0; done < piece.length;) {
    const ssize_t got =
        ::pread(piece.descriptor, into + done, piece.length - done, static_cast<off_t>(piece.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error("reading", name, errno));
    if (got == 0)
      return fail(ErrorKind::kBusy, "reading: the file became shorter meanwhile", "Try again.", name);
    done += static_cast<uint64_t>(got);
  }
  return {};
}

Result<> read_piece(const FilePiece& piece, const std::string& name,
                    const std::function<void(std::span<const std::byte>)>& take) {
  std::vector<std::byte> buffer(std::min<uint64_t>(piece.length, 256 * 1024));
  for (uint64_t done = 0; done < piece.length;) {
    const uint64_t size = std::min<uint64_t>(buffer.size(), piece.length - done);
    RH_TRY(read_at({piece.descriptor, piece.offset + done, size}, name, buffer.data()));
    take(std::span(buffer).first(size));
    done += size;
  }
  return {};
}

}  // namespace reelhouse::lake::s3
