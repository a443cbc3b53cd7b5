#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "base/result.hpp"

/// What a test says of a Result: `EXPECT_THAT(rows, IsError(ErrorKind::kProject, HasPlace("f.yml:2")))`.
/// All of them say in their message which error there was instead.
namespace reelhouse {

/// Prints a Result in the messages of a failing test (found by GoogleTest through its name).
template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (result) {
    *out << "a value";
    return;
  }
  *out << "the error " << name_of(result.error().kind) << ": " << result.error().to_string();
}

/// Takes a Result that holds a value.
MATCHER(IsOk, negation ? "is an error" : "is no error") {
  *result_listener << (arg ? "which is no error" : "which is an error");
  return static_cast<bool>(arg);
}

/// Takes a Result that failed with this kind and nothing else.
MATCHER_P(HasKind, kind, std::string(negation ? "is not" : "is") + " an error of kind " + name_of(kind)) {
  if (!arg) return arg.error().kind == kind;
  *result_listener << "which is no error";
  return false;
}

/// Takes a Result that failed and of whose error a text fits (`part`: which, `matcher`: how).
MATCHER_P3(HasText, name, part, matcher,
           std::string("has a ") + name + " that " +
               testing::DescribeMatcher<const std::string&>(matcher, negation)) {
  if (arg) {
    *result_listener << "which is no error";
    return false;
  }
  *result_listener << "whose " << name << " is '" << arg.error().*part << "'";
  return testing::Matches(matcher)(arg.error().*part);
}

/// Turns what a test expects of a text into a matcher: a plain text has to be in it somewhere.
template <typename Expected>
testing::Matcher<const std::string&> text_with(const Expected& expected) {
  if constexpr (std::is_convertible_v<Expected, std::string>) {
    return testing::HasSubstr(std::string(expected));
  } else {
    return testing::SafeMatcherCast<const std::string&>(expected);
  }
}

/// Takes a failed Result with this in its message; `expected` is a part of it or a matcher.
template <typename Expected>
auto HasMessage(const Expected& expected) {
  return HasText("message", &Error::message, text_with(expected));
}

/// Takes a failed Result with this in its advice; `expected` is a part of it or a matcher.
template <typename Expected>
auto HasHint(const Expected& expected) {
  return HasText("hint", &Error::hint, text_with(expected));
}

/// Takes a failed Result that names this place, the whole of it; `expected` is a text or a matcher.
inline auto HasPlace(const testing::Matcher<const std::string&>& expected) {
  return HasText("place", &Error::where, expected);
}

/// Takes a Result that failed with `kind`, and of which all of `more` is true.
template <typename... More>
auto IsError(ErrorKind kind, More... more) {
  return testing::AllOf(HasKind(kind), std::move(more)...);
}

}  // namespace reelhouse
