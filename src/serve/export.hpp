#pragma once

#include <string>

#include "metric/snapshot.hpp"

namespace reelhouse::serve {

/// Renders every row as CSV for people (RFC 4180, base/csv.hpp): a byte-order mark, labels as header, UTF-8,
/// no text that a spreadsheet would take for a formula, null as nothing.
std::string to_csv(const metric::Answer& answer);

/// Renders every row as an Excel workbook: typed and formatted cells, a second sheet that says what they
/// are. Rows beyond what one sheet holds go on in the next.
/// Errors: kUnavailable, kFull (the temporary file), kInternal.
Result<std::string> to_xlsx(const metric::Answer& answer, const std::string& title, const std::string& query);

/// Makes the Content-Disposition of a download: "Revenue by month" -> attachment; filename=...
std::string disposition(const std::string& title, const std::string& ending);

}  // namespace reelhouse::serve
