#include "model/testing/rows_reader.hpp"

#include <algorithm>

#include "engine/engine.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_text;

bool is_blank(const std::string& text) {
  return text.empty() || text == "\\N";
}

Result<std::string> read_value(const Yaml& yaml, bool blank_is_null) {
  if (yaml.empty()) return "null";
  if (yaml.is_map())
    return fail(yaml.error("expected a value here, or a list of values", "Quote a text that has braces."));
  if (!yaml.is_list()) {
    RH_ASSIGN(const std::string text, yaml.text());
    return blank_is_null && is_blank(text) ? "null" : quote_text(text);
  }
  std::string list;
  for (const auto& item : yaml.items()) {
    RH_ASSIGN(const std::string value, read_value(item, false));
    list += (list.empty() ? "" : ", ") + value;
  }
  return "[" + list + "]";
}

/// Gathers rows whose columns differ, and brings them to one form at the end.
class RowsGatherer {
 public:
  explicit RowsGatherer(const RowsForm& form) : form_(form) {
    for (const auto& [column, value] : form.defaults) add_column(column);
  }

  void add_column(const std::string& column) {
    if (std::ranges::find(rows_.columns, column) == rows_.columns.end()) rows_.columns.push_back(column);
  }
  void add_row(std::map<std::string, std::string> values, std::string where) {
    values_.push_back(std::move(values));
    rows_.rows.push_back({{}, std::move(where)});
  }

  TestRows finish(std::string where) && {
    rows_.where = std::move(where);
    for (size_t i = 0; i < values_.size(); ++i)
      for (const auto& column : rows_.columns) rows_.rows[i].values.push_back(value_of(values_[i], column));
    return std::move(rows_);
  }

 private:
  std::string value_of(const std::map<std::string, std::string>& row, const std::string& column) const {
    if (const auto named = row.find(column); named != row.end()) return named->second;
    const auto otherwise = form_.defaults.find(column);
    return otherwise == form_.defaults.end() ? "null" : otherwise->second;
  }

  const RowsForm& form_;
  TestRows rows_;
  std::vector<std::map<std::string, std::string>> values_;
};

/// Takes records of CSV (RFC 4180) off a text, one by one.
class CsvText {
 public:
  struct Field {
    std::string text;
    bool quoted = false;
  };
  explicit CsvText(const std::string& text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  /// The line that the next record begins on, from 0.
  size_t line() const { return line_; }

  std::vector<Field> next() {
    std::vector<Field> fields(1);
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\n') {
        ++line_;
        break;
      }
      if (c == ',')
        fields.emplace_back();
      else if (c == '"' && fields.back().text.empty() && !fields.back().quoted)
        read_quoted(fields.back());
      else if (c != '\r')
        fields.back().text += c;
    }
    return fields;
  }

 private:
  void read_quoted(Field& field) {
    field.quoted = true;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      field.text += text_[at_];
    }
    ++at_;
  }

  const std::string& text_;
  size_t at_ = 0;
  size_t line_ = 0;
};

/// "file:line", some lines further down.
std::string further_down(const std::string& where, size_t lines) {
  const size_t colon = where.rfind(':');
  if (colon == std::string::npos) return where;
  return fmt::format("{}:{}", where.substr(0, colon),
                     std::strtoul(where.c_str() + colon + 1, nullptr, 10) + lines);
}

bool is_blank_line(const std::vector<CsvText::Field>& fields) {
  return fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted;
}

/// A text's block begins on the line behind its key.
Result<TestRows> read_csv(const Yaml& yaml, const RowsForm& form) {
  RH_ASSIGN(const std::string text, yaml.text());
  RowsGatherer gatherer(form);
  CsvText csv(text);
  std::vector<std::string> header;
  for (const auto& field : csv.next()) {
    if (field.text.empty() || std::ranges::find(header, field.text) != header.end())
      return fail(yaml.error(fmt::format("'{}' is no name for a column", field.text),
                             "Text is CSV whose first line names the columns, each once; rows may be a list "
                             "of maps instead."));
    header.push_back(field.text);
    gatherer.add_column(field.text);
  }
  while (!csv.at_end()) {
    const std::string where = further_down(yaml.where(), csv.line() + 1);
    const auto fields = csv.next();
    if (is_blank_line(fields)) continue;
    if (fields.size() != header.size())
      return fail(
          ErrorKind::kProject,
          fmt::format("the row has {} values, and there are {} columns", fields.size(), header.size()),
          "Put a text that holds a comma between double quotes.", where);
    std::map<std::string, std::string> values;
    for (size_t i = 0; i < header.size(); ++i) {
      const bool null = fields[i].text.empty() ? form.blank_is_null || !fields[i].quoted
                                               : form.blank_is_null && is_blank(fields[i].text);
      values[header[i]] = null ? "null" : quote_text(fields[i].text);
    }
    gatherer.add_row(std::move(values), where);
  }
  return std::move(gatherer).finish(yaml.where());
}

}  // namespace

Result<std::map<std::string, std::string>> read_test_values(const Yaml& yaml, bool blank_is_null) {
  std::map<std::string, std::string> values;
  if (!yaml.is_map())
    return fail(yaml.error("expected columns and values here", "A row is written {column: value, ...}."));
  RH_TRY(yaml.only_keys(yaml.keys()));  // none of them twice
  for (const auto& column : yaml.keys()) {
    RH_ASSIGN(values[column], read_value(yaml.at(column), blank_is_null));
  }
  return values;
}

Result<TestRows> read_test_rows(const Yaml& yaml, const RowsForm& form) {
  if (yaml.is_scalar()) return read_csv(yaml, form);
  if (!yaml.empty() && !yaml.is_list())
    return fail(yaml.error("expected a list of rows", "Begin each with '- '; text is read as CSV."));
  RowsGatherer gatherer(form);
  for (const auto& item : yaml.items()) {
    RH_ASSIGN(auto values, read_test_values(item, form.blank_is_null));
    for (const auto& column : item.keys()) gatherer.add_column(column);
    gatherer.add_row(std::move(values), item.where());
  }
  return std::move(gatherer).finish(yaml.where());
}

}  // namespace reelhouse::model
