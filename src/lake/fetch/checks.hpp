#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace reelhouse::lake {

/// A downloaded file, for what is said about it.
struct Arrived {
  std::filesystem::path file;
  std::string name;   ///< as it will be called; its ending says what it should hold
  std::string where;  ///< the address, for messages
};

/// Undoes a Content-Encoding that the server applied though none was asked for; the file's own compression
/// stays. Returns where the content is: the file itself, or one beside it.
/// Errors: kDamaged (it cannot be decoded; an encoding that is not known), kFull, kInterrupted.
Result<std::filesystem::path> without_transfer_encoding(const Arrived& arrived, const std::string& encoding);

/// True when the file is a web page and its name does not say so: mostly one that asks to log in.
bool is_web_page(const Arrived& arrived);

/// Refuses what cannot be the file: nothing at all; another format than the name's ending says (gzip, zstd);
/// compressed data that is damaged or cut off. Errors: kDamaged, kInterrupted.
Result<> check_content(const Arrived& arrived);

/// Returns the SHA-256 of a file as 64 hexadecimal digits. Errors: kUnavailable, kInterrupted.
Result<std::string> sha256_of(const std::filesystem::path& file);

/// Finds the SHA-256 of one of `names` in a list of checksums ("<hex>  <name>", "<hex> *<name>",
/// "SHA256 (<name>) = <hex>", or one bare number). Errors: kDamaged (it is not there).
Result<std::string> sum_in(const std::string& list, const std::vector<std::string>& names);

}  // namespace reelhouse::lake
