#include <algorithm>
#include <cctype>

#include "metric/query.hpp"

namespace reelhouse::metric {
namespace {

struct Token {
  std::string text;
  bool quoted = false;

  bool is_sign() const {
    return !quoted && std::string_view("=!<>~").find(text.front()) != std::string_view::npos;
  }
  bool is(const char* word) const {
    return !quoted && std::ranges::equal(text, std::string_view(word), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  }
};

Error not_understood(const std::string& text, const std::string& what) {
  return Error{
      ErrorKind::kUsage, fmt::format("the condition \"{}\" was not understood: {}", text, what),
      "Write for example: plan = Premium and country in Spain, Mexico and date from 2022-01 to 2022-12", ""};
}

Result<std::vector<Token>> split(const std::string& text) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
    } else if (c == '\'' || c == '"') {
      Token token{"", true};
      for (++at;; ++at) {
        if (at >= text.size()) return fail(not_understood(text, fmt::format("a {} is never closed", c)));
        if (text[at] == c && at + 1 < text.size() && text[at + 1] == c)
          ++at;
        else if (text[at] == c)
          break;
        token.text += text[at];
      }
      ++at;
      tokens.push_back(std::move(token));
    } else if (std::string_view("=!<>~,()").find(c) != std::string_view::npos) {
      const size_t length = at + 1 < text.size() && text[at + 1] == '=' &&
                                    std::string_view(",~()").find(c) == std::string_view::npos
                                ? 2
                                : 1;
      tokens.push_back({text.substr(at, length)});
      at += length;
    } else {
      const size_t end = text.find_first_of(" \t\n\r=!<>~,()'\"", at);
      tokens.push_back({text.substr(at, end - at)});
      at = std::min(end, text.size());
    }
  }
  return tokens;
}

class Parser {
 public:
  Parser(const std::string& text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  Result<std::vector<Filter>> parse() {
    std::vector<Filter> filters;
    while (at_ < tokens_.size()) {
      if (!filters.empty() && !take("and")) return fail(not_understood(text_, "an 'and' is missing"));
      RH_ASSIGN(auto filter, condition());
      filters.push_back(std::move(filter));
    }
    return filters;
  }

 private:
  bool take(const char* word) {
    if (at_ >= tokens_.size() || !tokens_[at_].is(word)) return false;
    ++at_;
    return true;
  }

  bool ends_value() const {
    if (at_ >= tokens_.size()) return true;
    const Token& token = tokens_[at_];
    return token.is("and") || token.is(",") || token.is("to") || token.is("(") || token.is(")");
  }

  /// Takes words up to the next comma or keyword: `United States` needs no quotes.
  Result<engine::Cell> value() {
    std::string text;
    bool quoted = false;
    size_t words = 0;
    for (; !ends_value(); ++at_, ++words) {
      if (tokens_[at_].is_sign())
        return fail(not_understood(text_, fmt::format("'{}' stands in a value", tokens_[at_].text)));
      text += (words == 0 ? "" : " ") + tokens_[at_].text;
      quoted = quoted || tokens_[at_].quoted;
    }
    if (words == 0) return fail(not_understood(text_, "a value is missing"));
    if (!quoted && (text == "null" || text == "NULL")) return engine::Cell{};
    return engine::Cell{text};
  }

  /// Reads values between commas; SQL's parentheses around them are welcome.
  Result<> list(Filter& filter) {
    const bool open = take("(");
    do {
      RH_ASSIGN(auto cell, value());
      filter.values.push_back(std::move(cell));
    } while (take(","));
    if (open && !take(")")) return fail(not_understood(text_, "a ( is never closed"));
    return {};
  }

  Result<Filter> condition() {
    Filter filter;
    if (at_ < tokens_.size()) filter.dimension = tokens_[at_++].text;
    if (take("=") || take("==") || take("in")) {
      RH_TRY(list(filter));
    } else if (take("!=") || (take("not") && take("in"))) {
      filter.kind = Filter::Kind::kNotIn;
      RH_TRY(list(filter));
    } else if (take("~")) {
      filter.kind = Filter::Kind::kSearch;
      RH_TRY(list(filter));
      if (filter.values.size() != 1)
        return fail(not_understood(text_, "a search has one text; put it in quotes if it has a comma"));
    } else if (take("from") || take(">=")) {
      filter.kind = Filter::Kind::kRange;
      RH_ASSIGN(filter.from, value());
      if (take("to")) {
        RH_ASSIGN(filter.to, value());
      }
    } else if (take("to") || take("<=")) {
      filter.kind = Filter::Kind::kRange;
      RH_ASSIGN(filter.to, value());
    } else {
      return fail(not_understood(
          text_, fmt::format("'{}' needs =, !=, in, not in, ~, from or to", filter.dimension)));
    }
    return filter;
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Filter>> parse_where(const std::string& text) {
  RH_ASSIGN(auto tokens, split(text));
  return Parser(text, std::move(tokens)).parse();
}

}  // namespace reelhouse::metric
