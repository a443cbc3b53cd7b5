#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace reelhouse {

/// Lists every kind of failure; `app` maps a kind to an exit code, `serve` to an HTTP status.
enum class ErrorKind {
  kUsage,        ///< wrong flag, argument or setting
  kProject,      ///< the project's YAML or SQL is wrong
  kNotFound,     ///< a file, object, table, version or run that does not exist
  kPermission,   ///< not allowed to read or write
  kDamaged,      ///< an object that cannot be decoded: checksum, truncation, structure
  kUnavailable,  ///< a server or device that does not answer; trying again may help
  kFull,         ///< no space left where something had to be written
  kBusy,         ///< another process holds what is needed
  kCheckFailed,  ///< a check of severity error failed; nothing was published
  kQuery,        ///< the engine refused or failed a statement
  kInterrupted,  ///< Ctrl-C, SIGTERM or a cancel
  kInternal,     ///< a broken promise of our own code
};

/// Names a kind as receipts and JSON show it ("not_found").
const char* name_of(ErrorKind kind);

/// Says what was being done and what went wrong (`message`), where (`where`: file:line, object key,
/// table; may be empty) and what to do next (`hint`; may be empty).
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string hint;
  std::string where;

  /// Renders "where: message\n  hint" for a person; parts that are empty are left out.
  std::string to_string() const;
};

template <typename T = void>
using Result = tl::expected<T, Error>;

/// Makes the failed Result of any type: `return fail(ErrorKind::kUsage, "...")`.
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {},
                                  std::string where = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(hint), std::move(where)});
}

/// Passes an error on unchanged.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

/// Turns errno after a failed call on `path` into an Error: ENOENT, EACCES, ENOSPC and so on.
Error system_error(const std::string& doing, const std::string& path, int error_number);

}  // namespace reelhouse

#define RH_CONCAT_INNER(a, b) a##b
#define RH_CONCAT(a, b) RH_CONCAT_INNER(a, b)

/// `RH_TRY(expression)` returns the error of a failed Result<void>.
#define RH_TRY(expression)                                                                                 \
  do {                                                                                                     \
    if (auto rh_result = (expression); !rh_result) return ::reelhouse::fail(std::move(rh_result).error()); \
  } while (false)

/// `RH_ASSIGN(auto x, expression)` unwraps a Result<T>, or returns its error.
#define RH_ASSIGN(declaration, expression) \
  RH_ASSIGN_INNER(RH_CONCAT(rh_result_, __LINE__), declaration, expression)
#define RH_ASSIGN_INNER(name, declaration, expression)          \
  auto name = (expression);                                     \
  if (!name) return ::reelhouse::fail(std::move(name).error()); \
  declaration = std::move(*name)
