#include "lake/fetch/checks.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "lake/byte_stream.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPiece = 1 << 20;

bool ends_in(const std::string& name, std::initializer_list<const char*> endings) {
  return std::ranges::any_of(endings, [&](const char* ending) { return lower(name).ends_with(ending); });
}

/// Hands over a stream's bytes to its end.
template <typename Take>
Result<> read_all(ByteStream& stream, Take take) {
  std::vector<std::byte> buffer(kPiece);
  while (true) {
    if (interrupted()) return fail(ErrorKind::kInterrupted, "the check of a download was interrupted");
    RH_ASSIGN(const size_t got, stream.read(buffer));
    if (got == 0) return {};
    RH_TRY(take(std::span<const std::byte>(buffer).first(got)));
  }
}

/// The first bytes of a file's content, or what can be had of them.
std::string beginning(const fs::path& file, Compression compression, size_t size) {
  auto stream = open_byte_stream(file, compression);
  std::string text(size, '\0');
  if (!stream) return "";
  text.resize((*stream)->read(std::as_writable_bytes(std::span(text))).value_or(0));
  return text;
}

bool looks_gzip(const std::string& text) {
  return text.starts_with("\x1f\x8b");
}

Result<> decode(const fs::path& file, const fs::path& to) {
  RH_ASSIGN(const auto stream, open_byte_stream(file, Compression::kGzip));
  const int descriptor = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(system_error("decoding a download", to.string(), errno));
  auto outcome = read_all(*stream, [&](std::span<const std::byte> bytes) -> Result<> {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t put = ::write(descriptor, bytes.data() + done, bytes.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail(system_error("decoding a download", to.string(), errno));
      done += static_cast<size_t>(put);
    }
    return {};
  });
  if (outcome && ::fsync(descriptor) != 0)
    outcome = fail(system_error("decoding a download", to.string(), errno));
  ::close(descriptor);
  return outcome;
}

/// The content's first characters as they may be shown to a person.
std::string shown(const std::string& text) {
  std::string clean;
  for (const char c : text) clean += c >= ' ' && c <= '~' ? c : '.';
  return clean;
}

bool is_hex(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

Result<fs::path> without_transfer_encoding(const Arrived& arrived, const std::string& encoding) {
  const std::string known = lower(encoding);
  if (known.empty() || known == "identity") return arrived.file;
  if (known != "gzip" && known != "x-gzip")
    return fail(ErrorKind::kDamaged,
                fmt::format("the server sends {} encoded as {}, unasked", arrived.name, encoding),
                "Name an address that sends the file as it is.", arrived.where);
  const bool encoded = looks_gzip(beginning(arrived.file, Compression::kNone, 2));
  if (!encoded) return arrived.file;  // somebody on the way has decoded it and left the header
  const bool twice = looks_gzip(beginning(arrived.file, Compression::kGzip, 2));
  if (ends_in(arrived.name, {".gz", ".gzip", ".tgz"}) && !twice) return arrived.file;
  const fs::path decoded = arrived.file.string() + ".decoded";
  if (auto outcome = decode(arrived.file, decoded); !outcome) {
    Error error = outcome.error();
    if (error.kind == ErrorKind::kDamaged) error.where = arrived.where;
    return fail(std::move(error));
  }
  return decoded;
}

bool is_web_page(const Arrived& arrived) {
  if (ends_in(arrived.name, {".html", ".htm", ".xhtml", ".xml"})) return false;
  std::string text = lower(beginning(arrived.file, Compression::kNone, 512));
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  text.erase(0, std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  if (text.starts_with("<?xml")) return text.find("<html") != std::string::npos;
  return text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<head");
}

Result<> check_content(const Arrived& arrived) {
  const std::string start = beginning(arrived.file, Compression::kNone, 40);
  if (start.empty())
    return fail(ErrorKind::kDamaged, fmt::format("{} came empty", arrived.name),
                "Nothing was delivered with it; ask whoever offers the file.", arrived.where);
  RH_ASSIGN(const Compression compression, compression_of(arrived.file));
  const bool should_be_gzip = ends_in(arrived.name, {".gz", ".gzip", ".tgz"});
  const bool should_be_zstd = ends_in(arrived.name, {".zst", ".zstd"});
  if ((should_be_gzip && compression != Compression::kGzip) ||
      (should_be_zstd && compression != Compression::kZstd))
    return fail(ErrorKind::kDamaged,
                fmt::format("{} is not {}: it begins with '{}'", arrived.name,
                            should_be_gzip ? "gzip" : "zstd", shown(start)),
                "Open the address in a browser; the server may send a message instead of the file.",
                arrived.where);
  if (compression == Compression::kNone) return {};
  RH_ASSIGN(const auto stream, open_byte_stream(arrived.file, compression));
  auto outcome = read_all(*stream, [](std::span<const std::byte>) -> Result<> { return {}; });
  if (outcome) return {};
  Error error = outcome.error();
  if (error.kind == ErrorKind::kDamaged) error.where = arrived.where;
  return fail(std::move(error));
}

Result<std::string> sha256_of(const fs::path& file) {
  RH_ASSIGN(const auto stream, open_byte_stream(file, Compression::kNone));
  const auto digest = make_digest(DigestKind::kSha256);
  RH_TRY(read_all(*stream, [&](std::span<const std::byte> bytes) -> Result<> {
    digest->add(bytes);
    return {};
  }));
  return to_hex(digest->value());
}

Result<std::string> sum_in(const std::string& list, const std::vector<std::string>& names) {
  const auto wanted = [&](std::string name) {
    if (name.starts_with('*')) name.erase(0, 1);
    name = name.substr(name.rfind('/') + 1);
    return std::ranges::find(names, name) != names.end();
  };
  std::istringstream lines(list);
  std::string only;
  size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    ++count;
    if (line.starts_with("SHA256 (")) {
      const size_t end = line.rfind(") = ");
      if (end != std::string::npos && wanted(line.substr(8, end - 8))) return lower(line.substr(end + 4));
      continue;
    }
    const size_t blank = line.find_first_of(" \t");
    const std::string sum = line.substr(0, blank);
    const size_t name = blank == std::string::npos ? blank : line.find_first_not_of(" \t", blank);
    if (name == std::string::npos && is_hex(sum)) only = lower(sum);
    if (name != std::string::npos && is_hex(sum) && wanted(line.substr(name))) return lower(sum);
  }
  if (count == 1 && !only.empty()) return only;
  return fail(ErrorKind::kDamaged, fmt::format("the list of checksums does not name {}", names.front()),
              "Check checksum_url in the source.");
}

}  // namespace reelhouse::lake
