#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::lake {

/// One file to download. Declared in sources/<dataset>.yml:
///
///   fetch:
///     as: drop                     # a new drop=YYYY-MM-DD of the whole dataset
///                                  # or replace: always the same keys
///     files:
///       - url: https://data.example/orders.tsv.gz
///         name: orders.tsv.gz      # default: the URL's last part
///         sha256: ...              # or checksum_url: a file of "<hex>  <name>" lines; optional
///         unpack: zip              # keeps the members that match `members`
///         members: ["*.csv"]       # default: all of them
///         user: SHOP_USER          # variables for basic authentication; used when both are set
///         password: SHOP_KEY
///         login_file: ~/.shop/login.json     # where users keep them, when the variables are not set
///         login_keys: [username, key]        # of that JSON file; this is the default
///         token: API_TOKEN         # or a variable with a bearer token
struct FetchFile {
  std::string url;
  std::string name;
  std::string sha256;
  std::string checksum_url;
  bool unpack_zip = false;
  std::vector<std::string> members;
  std::string user_variable;
  std::string password_variable;
  std::string login_file;
  std::string login_user = "username";  ///< keys of the login file
  std::string login_password = "key";
  std::string token_variable;
  std::string where;  ///< file:line
};

struct FetchSource {
  std::string dataset;
  bool as_drop = true;
  std::vector<FetchFile> files;
  std::string where;
};

struct FetchOptions {
  std::filesystem::path work;      ///< folder for parts of downloads, kept between runs so that they go on
  std::string ca_file;             ///< besides the system's; for tests and companies' own authorities
  int attempts = 6;                ///< without getting any further
  std::chrono::seconds stall{30};  ///< without a byte
  std::chrono::milliseconds first_wait{1000};  ///< the longest first wait between attempts; it doubles
};

struct FetchedObject {
  std::string key;  ///< in the lake
  std::string url;
  uint64_t bytes = 0;
};

struct FetchReport {
  std::string dataset;
  bool unchanged = false;  ///< nothing is new; nothing was written
  std::string drop;        ///< "drop=2026-11-22"; empty when unchanged, or when files are replaced
  std::vector<FetchedObject> objects;
  uint64_t downloaded = 0;  ///< bytes that came over the wire
};

/// Downloads a dataset into the lake as one new drop: all of its files, or nothing. Downloads go on where
/// they were cut (Range with If-Range: a file that changed in between starts anew), are asked for by ETag and
/// date first (unchanged ones are taken from the drop before), checked against length and checksums, unpacked
/// aside, and only then arrive; a reader of the lake sees the whole drop or none of it. What was fetched,
/// from where and when stands beside the objects, in a hidden `_fetched.json`. A second delivery on one day
/// is drop=YYYY-MM-DD.2, which takes the first one's place. With `as: replace` each file is replaced whole,
/// one after the other. Errors: kUnavailable, kDamaged (length, checksum, archive), kPermission (401, 403, or
/// a page to log in: says which variables), kNotFound (404), kFull, kInterrupted, kUsage; kBusy (another
/// process fetches this dataset).
Result<FetchReport> fetch(const FetchSource& source, ObjectStore& lake, const FetchOptions& options,
                          const Clock& clock);

/// Names what a file's login is made of, and whether it is there: "SHOP_USER and SHOP_KEY, set"; empty when
/// none is declared. No secret is in it.
std::string describe_login(const FetchFile& file);

}  // namespace reelhouse::lake
