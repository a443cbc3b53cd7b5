#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/object_store.hpp"
#include "lake/s3/signature.hpp"

namespace reelhouse::lake::s3 {

/// One page of ListObjectsV2; keys are decoded, and whole.
struct ListPage {
  std::vector<ObjectInfo> objects;
  std::string next;  ///< token of the next page; empty on the last
};
/// Errors: kDamaged (it is no listing, or cut off).
Result<ListPage> parse_list(std::string_view xml);

/// What the body of a refusal says; everything may be empty.
struct ErrorBody {
  std::string code;
  std::string message;
  std::string region;
  std::string endpoint;
};
/// Nothing when the text is no S3 (or STS) error.
std::optional<ErrorBody> parse_error(std::string_view xml);

/// Errors: kDamaged.
Result<std::string> parse_upload_id(std::string_view xml);
/// The ETag of a completed multipart upload, without quotes. Errors: kDamaged.
Result<std::string> parse_completed(std::string_view xml);

/// An upload in parts that was begun and not ended.
struct OpenUpload {
  std::string key;
  std::string id;
};
/// Reads a list of such uploads. Errors: kDamaged.
Result<std::vector<OpenUpload>> parse_uploads(std::string_view xml);

/// Credentials that STS lent.
struct LentCredentials {
  Credentials credentials;
  Time expires;
};
/// Errors: kDamaged.
Result<LentCredentials> parse_lent(std::string_view xml);

/// Reads an ISO 8601 time ("2009-10-12T17:50:30.000Z"); whole seconds, since that is what other answers
/// give. Nothing when it is none.
std::optional<Time> parse_iso_time(std::string_view text);
/// Reads a header's time ("Mon, 12 Oct 2009 17:50:30 GMT").
std::optional<Time> parse_http_time(const std::string& text);
/// Takes an ETag's quotes off.
std::string without_quotes(std::string_view etag);

}  // namespace reelhouse::lake::s3
