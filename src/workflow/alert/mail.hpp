#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"

namespace reelhouse::workflow {

/// A mail of plain text. Addresses have been checked (is_mail_address); the other texts may hold anything.
struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string id;          ///< left part of its Message-ID
  std::string answers_id;  ///< of the mail that it belongs to; empty = none
  Time date;
};

/// Renders a message as RFC 5322 and 2045 say: UTF-8, its body in BASE64, a subject that is not plain ASCII
/// as words of RFC 2047, marked as automatic (RFC 3834), lines ended by CRLF. Control characters in the
/// subject become blanks and bytes that are no UTF-8 are replaced, so that no text can add a header.
std::string render_mail(const Mail& mail);

}  // namespace reelhouse::workflow
