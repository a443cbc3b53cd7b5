#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "catalog/format.hpp"

namespace reelhouse::catalog {

/// A format as the first megabyte shows it.
struct FoundFormat {
  Format format;
  bool encoding_is_certain = false;  ///< told by a byte-order mark, by NULs or by an override
};

/// Finds an object's format in its first megabyte of content (Parquet: in its first bytes); what
/// `fixed` says wins. For text without a byte-order mark the encoding is `text_encoding`: whether that
/// is right only the whole object tells. An object without any content is delimited, without fields;
/// the fields of JSON lines are not listed, which also takes the whole object.
/// Errors: kDamaged (none of the formats, or cannot be decompressed), kNotFound, kPermission,
/// kUnavailable.
Result<FoundFormat> find_format(const std::filesystem::path& file, const std::string& file_name,
                                const FormatOverride& fixed, Encoding text_encoding);

/// True when the quotes at the beginning of fields are quoting and not part of the values. `needed`
/// are fields in quotes that could not do without, `closed` all that end as they should, `broken` those
/// that do not. Tab-separated files often have no quoting at all, others nearly always have.
bool quoting_is_real(char delimiter, uint64_t records, uint64_t needed, uint64_t closed, uint64_t broken);

/// The escape that is looked for where a source's YAML does not fix one.
inline constexpr char kEscape = '\\';
/// True when a quote stands behind an escape somewhere in the text.
bool holds_escaped_quote(std::string_view text, const Format& format);
/// True when reading with an escape, and only that, makes a text consistent: `defects` are records that
/// are rejected, or that have another number of fields than most.
bool is_found_escape(uint64_t defects_without, uint64_t defects_with);

/// Finds the fields of a delimited format in a sample that begins where the object begins; exposed for
/// fuzzing.
void find_dialect(std::string_view sample, bool whole, const FormatOverride& fixed, Format& format);

}  // namespace reelhouse::catalog
