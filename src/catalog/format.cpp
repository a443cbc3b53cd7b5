#include "catalog/format.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace reelhouse::catalog {
namespace {

template <typename Value, size_t size>
using Names = std::array<std::pair<Value, const char*>, size>;

constexpr Names<FormatKind, 3> kKindNames{{{FormatKind::kDelimited, "delimited"},
                                           {FormatKind::kJsonLines, "json_lines"},
                                           {FormatKind::kParquet, "parquet"}}};
constexpr Names<lake::Compression, 3> kCompressionNames{{{lake::Compression::kNone, "none"},
                                                         {lake::Compression::kGzip, "gzip"},
                                                         {lake::Compression::kZstd, "zstd"}}};
constexpr Names<Encoding, 4> kEncodingNames{{{Encoding::kUtf8, "utf-8"},
                                             {Encoding::kUtf16Le, "utf-16le"},
                                             {Encoding::kUtf16Be, "utf-16be"},
                                             {Encoding::kWindows1252, "windows-1252"}}};

template <typename Value, size_t size>
std::string name_in(const Names<Value, size>& names, Value value) {
  for (const auto& [candidate, name] : names)
    if (candidate == value) return name;
  return names.front().second;
}

template <typename Value, size_t size>
Value value_in(const Names<Value, size>& names, const std::string& text) {
  for (const auto& [value, name] : names)
    if (text == name) return value;
  return names.front().first;
}

std::string delimiter_text(char delimiter) {
  if (delimiter == '\t') return "tab";
  if (delimiter < ' ') return fmt::format("\\x{:02x}", static_cast<unsigned char>(delimiter));
  return fmt::format("'{}'", delimiter);
}

std::string one(char c) {
  return c == '\0' ? std::string() : std::string(1, c);
}

char first_of(const Json& json, const char* key, char otherwise) {
  if (!json.contains(key) || !json.at(key).is_string()) return otherwise;
  const auto text = json.at(key).get<std::string>();
  return text.empty() ? '\0' : text.front();
}

std::string text_of(const Json& json, const char* key) {
  return json.contains(key) && json.at(key).is_string() ? json.at(key).get<std::string>() : "";
}

}  // namespace

std::string describe(const Format& format) {
  std::string text;
  const bool delimited = format.kind == FormatKind::kDelimited;
  if (format.kind == FormatKind::kParquet) return "Parquet";
  if (!delimited) text = "JSON lines";
  if (delimited) text = format.delimiter == '\t' ? "TSV" : "CSV";
  switch (format.encoding) {
    case Encoding::kUtf8:
      text += ", UTF-8";
      break;
    case Encoding::kUtf16Le:
      text += ", UTF-16LE";
      break;
    case Encoding::kUtf16Be:
      text += ", UTF-16BE";
      break;
    case Encoding::kWindows1252:
      text += ", Windows-1252";
      break;
  }
  if (format.compression != lake::Compression::kNone)
    text += std::string(", ") + lake::name_of(format.compression);
  if (!delimited) return text;
  if (format.delimiter != '\t' && format.delimiter != ',') text += ", " + delimiter_text(format.delimiter);
  if (format.quote == '\0') text += ", no quoting";
  if (format.escape != '\0') text += fmt::format(", {} escapes", format.escape);
  if (format.newline == '\r') text += ", CR line ends";
  if (format.preamble > 0) text += fmt::format(", {} before the header", counted(format.preamble, "line"));
  if (!format.has_header) text += ", no header";
  return text;
}

Json to_json(const Format& format) {
  Json json;
  json["kind"] = name_in(kKindNames, format.kind);
  json["compression"] = name_in(kCompressionNames, format.compression);
  json["encoding"] = name_in(kEncodingNames, format.encoding);
  if (format.kind == FormatKind::kDelimited) {
    json["delimiter"] = one(format.delimiter);
    json["quote"] = one(format.quote);
    json["newline"] = one(format.newline);
    if (format.escape != '\0') json["escape"] = one(format.escape);
    if (format.preamble > 0) json["preamble"] = format.preamble;
    json["header"] = format.has_header;
  }
  json["fields"] = format.fields;
  return json;
}

Format format_from_json(const Json& json) {
  Format format;
  format.kind = value_in(kKindNames, text_of(json, "kind"));
  format.compression = value_in(kCompressionNames, text_of(json, "compression"));
  format.encoding = value_in(kEncodingNames, text_of(json, "encoding"));
  format.delimiter = first_of(json, "delimiter", ',');
  format.quote = first_of(json, "quote", '"');
  format.newline = first_of(json, "newline", '\n');
  format.escape = first_of(json, "escape", '\0');
  if (json.contains("preamble") && json.at("preamble").is_number_unsigned())
    format.preamble = json.at("preamble");
  if (json.contains("header") && json.at("header").is_boolean()) format.has_header = json.at("header");
  if (json.contains("fields"))
    for (const auto& field : json.at("fields"))
      if (field.is_string()) format.fields.push_back(field.get<std::string>());
  return format;
}

}  // namespace reelhouse::catalog
