#include "serve/export.hpp"

#include <gmock/gmock.h>

namespace reelhouse::serve {
namespace {

TEST(CsvDownload, IsSafeInASpreadsheet) {
  metric::Answer answer;
  answer.columns.resize(3);
  answer.columns[0].label = "Title";
  answer.columns[1].label = "@Change";
  answer.columns[2].label = "Known";
  answer.rows = {{std::string("=cmd|' /C calc'!A0"), -1.5, true},
                 {std::string("Café, \"x\""), int64_t{-3}, engine::Cell{}},
                 {std::string("2024-01-01"), 0.25, false}};
  EXPECT_EQ(to_csv(answer),
            "\xef\xbb\xbfTitle,\"'@Change\",Known\n"
            "\"'=cmd|' /C calc'!A0\",-1.5,true\n"
            "\"Café, \"\"x\"\"\",-3,\n"
            "2024-01-01,0.25,false\n");
}

}  // namespace
}  // namespace reelhouse::serve
