#include "lake/s3/xml.hpp"

#include <curl/curl.h>

#include <charconv>
#include <pugixml.hpp>

namespace reelhouse::lake::s3 {
namespace {

constexpr unsigned kParsing = pugi::parse_default | pugi::parse_ws_pcdata_single;

/// Loads a document whose root element has this name.
Result<pugi::xml_node> root_of(pugi::xml_document& document, std::string_view xml, const char* name) {
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParsing);
  const pugi::xml_node root = document.child(name);
  if (!parsed || !root)
    return fail(ErrorKind::kDamaged, fmt::format("the server's answer is no {}: {}", name,
                                                 parsed ? "it holds something else" : parsed.description()));
  return root;
}

std::string text_at(const pugi::xml_node& node, const char* name) {
  return node.child(name).text().get();
}

/// Finds an element anywhere below: STS wraps its answers twice.
std::string deep_text(const pugi::xml_document& document, const char* name) {
  const auto found = document.find_node(
      [name](const pugi::xml_node& node) { return std::string_view(node.name()) == name; });
  return found.text().get();
}

}  // namespace

std::string without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::optional<Time> parse_iso_time(std::string_view text) {
  Date date;
  if (text.size() < 19 || !parse_date(text.substr(0, 10), date)) return std::nullopt;
  int parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    const char* begin = text.data() + 11 + 3 * i;
    if (std::from_chars(begin, begin + 2, parts[i]).ptr != begin + 2) return std::nullopt;
  }
  return Time(std::chrono::sys_days(date) + std::chrono::hours(parts[0]) + std::chrono::minutes(parts[1]) +
              std::chrono::seconds(parts[2]));
}

std::optional<Time> parse_http_time(const std::string& text) {
  const time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

Result<ListPage> parse_list(std::string_view xml) {
  pugi::xml_document document;
  RH_ASSIGN(const pugi::xml_node root, root_of(document, xml, "ListBucketResult"));
  const bool encoded = text_at(root, "EncodingType") == "url";
  ListPage page;
  for (const pugi::xml_node& entry : root.children("Contents")) {
    ObjectInfo info;
    info.key = text_at(entry, "Key");
    if (encoded) info.key = uri_decode(info.key);
    const std::string size = text_at(entry, "Size");
    const bool is_number =
        std::from_chars(size.data(), size.data() + size.size(), info.size).ptr == size.data() + size.size();
    const auto modified = parse_iso_time(text_at(entry, "LastModified"));
    info.etag = without_quotes(text_at(entry, "ETag"));
    if (size.empty() || !is_number || info.key.empty() || info.etag.empty() || !modified)
      return fail(ErrorKind::kDamaged, "the server's listing has an entry without key, size, ETag or time");
    info.modified = *modified;
    page.objects.push_back(std::move(info));
  }
  if (text_at(root, "IsTruncated") == "true") {
    page.next = text_at(root, "NextContinuationToken");
    if (page.next.empty())
      return fail(ErrorKind::kDamaged, "the server's listing goes on, but it does not say where");
  }
  return page;
}

std::optional<ErrorBody> parse_error(std::string_view xml) {
  if (xml.find("<Error") == std::string_view::npos) return std::nullopt;
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size(), kParsing);
  pugi::xml_node root = document.child("Error");
  if (!root) root = document.child("ErrorResponse").child("Error");
  if (!root) return std::nullopt;
  return ErrorBody{text_at(root, "Code"), text_at(root, "Message"), text_at(root, "Region"),
                   text_at(root, "Endpoint")};
}

Result<std::string> parse_upload_id(std::string_view xml) {
  pugi::xml_document document;
  RH_ASSIGN(const pugi::xml_node root, root_of(document, xml, "InitiateMultipartUploadResult"));
  std::string id = text_at(root, "UploadId");
  if (id.empty()) return fail(ErrorKind::kDamaged, "the server's answer holds no upload id");
  return id;
}

Result<std::string> parse_completed(std::string_view xml) {
  pugi::xml_document document;
  RH_ASSIGN(const pugi::xml_node root, root_of(document, xml, "CompleteMultipartUploadResult"));
  return without_quotes(text_at(root, "ETag"));
}

Result<std::vector<OpenUpload>> parse_uploads(std::string_view xml) {
  pugi::xml_document document;
  RH_ASSIGN(const pugi::xml_node root, root_of(document, xml, "ListMultipartUploadsResult"));
  const bool encoded = text_at(root, "EncodingType") == "url";
  std::vector<OpenUpload> uploads;
  for (const pugi::xml_node& entry : root.children("Upload")) {
    const std::string key = text_at(entry, "Key");
    uploads.push_back({encoded ? uri_decode(key) : key, text_at(entry, "UploadId")});
  }
  return uploads;
}

Result<LentCredentials> parse_lent(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParsing);
  LentCredentials lent;
  lent.credentials = {deep_text(document, "AccessKeyId"), deep_text(document, "SecretAccessKey"),
                      deep_text(document, "SessionToken")};
  const auto expires = parse_iso_time(deep_text(document, "Expiration"));
  if (!parsed || lent.credentials.access_key_id.empty() || lent.credentials.secret_access_key.empty() ||
      !expires)
    return fail(ErrorKind::kDamaged, "the answer holds no credentials");
  lent.expires = *expires;
  return lent;
}

}  // namespace reelhouse::lake::s3
