#include "serve/assets.hpp"

#include "base/hash.hpp"
#include "serve/compress.hpp"

namespace {

/// As cmake/embed.cmake lays it out.
struct Entry {
  const char* path;
  const char* begin;
  const char* end;
};

}  // namespace

extern "C" const Entry embedded_web[];
extern "C" const Entry embedded_web_end[];
extern "C" const char embedded_openapi_text[];
extern "C" const char embedded_openapi_text_end[];

namespace reelhouse::serve {
namespace {

constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Reelhouse</title>"
    "<main><h1>The pages were not built</h1><p>This program was built without its web pages. Build them "
    "(<code>npm ci</code> and <code>npm run build</code> in <code>web/</code>), then the program again "
    "(<code>make build</code>).</p><p>The API works: see <a href=\"/api/openapi.json\">its "
    "description</a>, the <a href=\"/api/model\">measures and dimensions</a>, and the "
    "<a href=\"/api/status\">published version</a>.</p></main></html>";

constexpr size_t kNotWorthwhile = 1024;

bool is_text(const std::string& type) {
  return type.starts_with("text/") || type == "application/json" || type == "image/svg+xml";
}

std::string media_type(std::string_view path) {
  static const std::map<std::string_view, std::string> types = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".geojson", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
  };
  const size_t dot = path.rfind('.');
  const auto found = dot == std::string_view::npos ? types.end() : types.find(path.substr(dot));
  return found == types.end() ? "application/octet-stream" : found->second;
}

}  // namespace

std::vector<EmbeddedPage> embedded_pages() {
  std::vector<EmbeddedPage> files;
  for (const Entry* entry = embedded_web; entry != embedded_web_end; ++entry)
    files.push_back({entry->path, {entry->begin, static_cast<size_t>(entry->end - entry->begin)}});
  return files;
}

std::string_view embedded_openapi() {
  return {embedded_openapi_text, static_cast<size_t>(embedded_openapi_text_end - embedded_openapi_text)};
}

Assets::Assets(const std::vector<EmbeddedPage>& files) {
  for (const auto& [path, content] : files) {
    if (path.ends_with(".gz"))
      files_[path.substr(0, path.size() - 3)].gzip = content;
    else if (path.ends_with(".br"))
      files_[path.substr(0, path.size() - 3)].brotli = content;
    else
      files_[path].plain = content;
  }
  std::erase_if(files_, [](const auto& entry) { return entry.second.plain.empty(); });
  if (!files_.contains("index.html")) files_["index.html"].plain = kNotBuilt;
  for (auto& [path, file] : files_) {
    file.etag = "W/\"" + sha256(file.plain).substr(0, 20) + "\"";
    if (file.gzip.empty() && file.plain.size() > kNotWorthwhile && is_text(media_type(path)))
      file.gzip = packed_.emplace_back(gzip(file.plain, 9));
  }
}

Response Assets::answer(const Request& request) const {
  const std::string path = request.path.substr(1);
  auto found = files_.find(path);
  const bool is_page = path.find('.', path.rfind('/') + 1) == std::string::npos;
  if (found == files_.end() && is_page && !path.starts_with("assets/")) found = files_.find("index.html");
  if (found == files_.end())
    return error_response(404,
                          {ErrorKind::kNotFound, "there is no such file", "", request.path.substr(0, 200)});
  const File& file = found->second;
  Response response;
  response.type = media_type(found->first);
  const bool has_other_forms = !file.gzip.empty() || !file.brotli.empty();
  if (has_other_forms) response.set("Vary", "Accept-Encoding");
  response.set("ETag", file.etag);
  response.set("Cache-Control",
               found->first.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (matches_etag(request.header("if-none-match"), file.etag)) {
    response.status = 304;
    return response;
  }
  const std::string& encodings = request.header("accept-encoding");
  response.fixed = file.plain;
  if (!file.brotli.empty() && accepts_encoding(encodings, "br")) {
    response.fixed = file.brotli;
    response.set("Content-Encoding", "br");
  } else if (!file.gzip.empty() && accepts_encoding(encodings, "gzip")) {
    response.fixed = file.gzip;
    response.set("Content-Encoding", "gzip");
  }
  return response;
}

}  // namespace reelhouse::serve
