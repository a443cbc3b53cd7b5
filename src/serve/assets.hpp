#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"

namespace reelhouse::serve {

/// A file that the build put inside the program.
struct EmbeddedPage {
  std::string path;  ///< "index.html", "assets/index-4f3a.js", "assets/index-4f3a.js.br"
  std::string_view content;
};
/// Lists the built web pages; empty when they were not built.
std::vector<EmbeddedPage> embedded_pages();
/// The API's description, as YAML.
std::string_view embedded_openapi();

/// Serves files from memory: compressed as the client likes, those under /assets/ for ever (their names
/// change with their content), the others fingerprinted. Immutable, so thread-safe.
class Assets {
 public:
  /// `files` must live as long as the program.
  explicit Assets(const std::vector<EmbeddedPage>& files);
  Assets(const Assets&) = delete;
  Assets& operator=(const Assets&) = delete;

  /// Answers GET or HEAD; a path without a file's ending is a page of the application: index.html.
  Response answer(const Request& request) const;

 private:
  struct File {
    std::string_view plain, gzip, brotli;
    std::string etag;
  };
  std::map<std::string, File> files_;
  std::deque<std::string> packed_;  ///< what the build had not compressed
};

}  // namespace reelhouse::serve
