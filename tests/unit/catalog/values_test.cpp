#include "catalog/values.hpp"

#include <gmock/gmock.h>

namespace reelhouse::catalog {
namespace {

void expect_all(ValueKind kind, std::initializer_list<std::string_view> values) {
  for (const auto value : values) {
    EXPECT_EQ(classify(value), kind) << "'" << value << "'";
    FieldProfile field;
    count_value(field, value);
    EXPECT_EQ(field.kinds[static_cast<size_t>(kind)], 1U) << "'" << value << "'";
    EXPECT_EQ(field.longest, value.size());
  }
}

TEST(Values, Integers) {
  expect_all(ValueKind::kInteger, {"0", "7", "-7", "-0", "9223372036854775807", "-9223372036854775808", " 12",
                                   "12 ", "1000000000000000000"});
}

TEST(Values, Decimals) {
  expect_all(ValueKind::kDecimal, {"0.5", ".5", "-.5", "12.50", "1e5", "1.5E-3", "-2.0e+10", " 3.5 "});
}

TEST(Values, Dates) {
  expect_all(ValueKind::kDate, {"2021-09-25", "15-01-22", "15/01/2022", "1/31/2022", "31.1.22", "2021/9/5",
                                "September 25, 2021", " August 4, 2017", "Sep 5, 2021", "may 1, 1999",
                                "2024-02-29", "2021.12.31"});
}

TEST(Values, Timestamps) {
  expect_all(ValueKind::kTimestamp, {"2021-09-25T10:11:12Z", "2021-09-25 10:11", "2021-09-25 10:11:12.123456",
                                     "2021-09-25T10:11:12+02:00", "2021-09-25T10:11:12-0500"});
}

TEST(Values, Booleans) {
  expect_all(ValueKind::kBoolean, {"true", "FALSE", "t", "F", "Yes", "no"});
}

TEST(Values, Text) {
  expect_all(ValueKind::kText, {"007",
                                "00",
                                "-01",
                                "+49301234",
                                "9223372036854775808",
                                "-9223372036854775809",
                                "99999999999999999999",
                                "5.",
                                "1,5",
                                "1,234",
                                "1e",
                                "--1",
                                "-",
                                ".",
                                "1.2.3",
                                "2021-02-30",
                                "32-13-22",
                                "2021-13-01",
                                "15-01/22",
                                "25-Sep-21",
                                "September 31, 2021",
                                "Septembre 3, 2021",
                                "2021-09-25T",
                                "2021-09-25 25:00",
                                "2021-09-25 10:11:12+2",
                                "y",
                                "n",
                                "on",
                                "nan",
                                "inf",
                                "90 min",
                                "tt0000001",
                                "N/A",
                                " ",
                                "é",
                                "\xff",
                                "2021-9",
                                "1-2-345",
                                "0x10",
                                "1.5.",
                                "T2"});
}

TEST(Values, InfersTheNarrowestTypeThatHoldsAll) {
  const auto inferred = [](std::initializer_list<std::string_view> values) {
    FieldProfile field;
    for (const auto value : values) count_value(field, value);
    return field.inferred_type();
  };
  EXPECT_EQ(inferred({}), "VARCHAR");
  EXPECT_EQ(inferred({"1", "-2"}), "BIGINT");
  EXPECT_EQ(inferred({"1", "2.5"}), "DOUBLE");
  EXPECT_EQ(inferred({"2.5"}), "DOUBLE");
  EXPECT_EQ(inferred({"yes", "no"}), "BOOLEAN");
  EXPECT_EQ(inferred({"2021-01-01"}), "DATE");
  EXPECT_EQ(inferred({"2021-01-01", "2021-01-01 10:00"}), "TIMESTAMP");
  EXPECT_EQ(inferred({"2021-01-01", "1"}), "VARCHAR");
  EXPECT_EQ(inferred({"true", "1"}), "VARCHAR");
  EXPECT_EQ(inferred({"1", "x"}), "VARCHAR");
}

TEST(Values, AddsProfiles) {
  FieldProfile a;
  FieldProfile b;
  count_value(a, "1");
  count_value(b, "text");
  b.nulls = 3;
  b.example = "text";
  a.add(b);
  EXPECT_EQ(a.nulls, 3U);
  EXPECT_EQ(a.longest, 4U);
  EXPECT_EQ(a.example, "text");
  EXPECT_EQ(a.inferred_type(), "VARCHAR");
}

void expect_proof(Evidence what, std::initializer_list<std::string_view> values) {
  for (const auto value : values) {
    FieldProfile field;
    count_value(field, value);
    for (size_t i = 0; i < kEvidences; ++i)
      EXPECT_EQ(field.evidence[i], i == static_cast<size_t>(what) ? 1U : 0U) << "'" << value << "' " << i;
  }
}

TEST(Evidence, OrderOfDates) {
  expect_proof(Evidence::kDayFirst, {"15-01-22", "31/1/2022", "15.01.2022", " 15/01/22", "15/01/2022 10:30"});
  expect_proof(Evidence::kMonthFirst, {"01-15-22", "1/31/2022", "01.15.2022", "1/15/2022 10:30"});
  expect_proof(Evidence::kDayOrMonth, {"05-09-21", "5/9/2021", "05.09.2021"});
}

TEST(Evidence, DecimalSigns) {
  expect_proof(Evidence::kDecimalComma, {"12,50", "1.234,50", "1.234.567", "0,990", "-12,5", "€12,50",
                                         "12,50 EUR", "EUR 12,50", "1 234,50"});
  expect_proof(Evidence::kDecimalPoint, {"12.50", "1,234.50", "1,234,567", "$12.50", "0.990"});
  expect_proof(Evidence::kCommaOrGroups, {"9,990", "$9,990", "123,456"});
}

TEST(Evidence, NothingIsProved) {
  for (const std::string_view value : {"05-05-21", "2021-09-25", "31-02-22", "1234", "9.990", "1, 2, 3",
                                       "12:30", "September 25, 2021", "32/13/2022", "1.2.3.4", "word"}) {
    FieldProfile field;
    count_value(field, value);
    for (const uint64_t count : field.evidence) EXPECT_EQ(count, 0U) << "'" << value << "'";
  }
}

TEST(Evidence, DaysOfSpreadsheets) {
  expect_proof(Evidence::kDaySerial, {"44576", " 44576"});
}

}  // namespace
}  // namespace reelhouse::catalog
