#include "warehouse/postgresql/failures.hpp"

namespace reelhouse::warehouse::postgresql {

Error connect_failure(const Location& location, const std::string& message, bool needs_password) {
  const std::string said = without_secret(location, message);
  const auto says = [&](const char* text) { return said.find(text) != std::string::npos; };
  Error error{ErrorKind::kUnavailable, "connecting to the warehouse: " + said, "", location.name};
  if (needs_password || says("no password supplied")) {
    error.kind = ErrorKind::kPermission;
    error.hint = "The server asks for a password: put it in ~/.pgpass (mode 0600) or PGPASSWORD.";
  } else if (says("authentication failed")) {
    error.kind = ErrorKind::kPermission;
    error.hint = "Correct the user or the password: ~/.pgpass, PGPASSWORD, or the location's own.";
  } else if (says("no pg_hba.conf entry")) {
    error.kind = ErrorKind::kPermission;
    error.hint = "The server lets this user in from elsewhere or with TLS only; see its pg_hba.conf.";
  } else if (says("certificate") || says("SSL") || says("server does not support")) {
    error.kind = ErrorKind::kPermission;
    error.hint = "See sslmode and sslrootcert: the server has to prove that it is the one.";
  } else if (says("could not translate host name")) {
    error.kind = ErrorKind::kNotFound;
    error.hint = "Is the host's name right?";
  } else if (says("does not exist")) {
    error.kind = ErrorKind::kNotFound;
    error.hint = "Make it first (createdb, createuser), or correct the location.";
  } else if (says("Connection refused") || says("No such file")) {
    error.hint = "Is the server running there, and the port right?";
  } else {
    error.hint = "Is the server running and reachable?";
  }
  return error;
}

Error statement_failure(const Location& location, const std::string& state, const std::string& message,
                        const std::string& detail, const std::string& hint) {
  Error error{ErrorKind::kQuery, message, hint, location.name};
  if (!detail.empty()) error.message += " (" + detail + ")";
  if (state == "53100") {
    error.kind = ErrorKind::kFull;
    error.message = "the server's disk is full: " + error.message;  // its own words may only count bytes
    error.hint = "Free space on the server's disk, then run again.";
  } else if (state == "42501") {
    error.kind = ErrorKind::kPermission;
    if (hint.empty())
      error.hint = "Let a role that may do so grant it; docs/production.md lists what is needed.";
  } else if (state == "25006") {
    error.kind = ErrorKind::kPermission;
    error.hint =
        "Publish to the primary: this server only reads (a standby, or default_transaction_read_only).";
  } else if (state.starts_with("28")) {
    error.kind = ErrorKind::kPermission;
  } else if (state == "55P03" || state == "55006") {
    error.kind = ErrorKind::kBusy;
  } else if (state.starts_with("08") || state.starts_with("57") || state.starts_with("53") ||
             state == "40001" || state == "40P01" || state == "58030") {
    error.kind = ErrorKind::kUnavailable;
    if (hint.empty()) error.hint = "Look at the server, then run again: what was loaded whole is kept.";
  } else if (state.starts_with("XX")) {
    error.kind = ErrorKind::kDamaged;
  }
  return error;
}

}  // namespace reelhouse::warehouse::postgresql
