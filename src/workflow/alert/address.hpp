#pragma once

#include <string>

namespace reelhouse::workflow {

/// The parts of a URL that may be shown: never a user, password, path or query.
struct Address {
  std::string scheme;  ///< lower case; empty when the text is no URL
  std::string host;    ///< without brackets
  bool has_user = false;
  bool has_path = false;  ///< a path other than "/", a query or a fragment

  bool is_loopback() const;
  std::string text() const { return scheme + "://" + host; }
};

/// Reads a URL with libcurl's parser; an empty scheme when it is none.
Address parse_address(const std::string& url);

/// Say what is wrong with the place of a webhook or a mail server, without repeating it; empty when nothing
/// is.
std::string problem_of_webhook(const std::string& url);
std::string problem_of_mail_server(const std::string& url);

/// True for name@host in ASCII: nothing that could end a line, or begin another header or command.
bool is_mail_address(const std::string& text);

}  // namespace reelhouse::workflow
