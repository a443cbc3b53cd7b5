#include "warehouse/postgresql/names.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

PublishedTable table(const std::string& name, const std::string& fingerprint, uint64_t rows) {
  PublishedTable made;
  made.name = name;
  made.fingerprint = fingerprint;
  made.rows = rows;
  return made;
}

TEST(Names, AreDerivedFromTheSchema) {
  const auto names = make_names({"postgresql:", "", "films", "", {}}).value();
  EXPECT_EQ(names.meta(), "films_meta");
  EXPECT_EQ(names.data(), "films_data");
  EXPECT_EQ(names.version(14), "films_v000014");
  EXPECT_EQ(names.reader, "films_reader");
  EXPECT_EQ(make_names({"postgresql:", "", "films", "bi", {}}).value().reader, "bi");
  EXPECT_NE(names.lock(), make_names({"postgresql:", "", "series", "", {}}).value().lock());
}

TEST(Names, RefuseWhatIsNoPlainSchema) {
  for (const char* schema : {"", "Films", "1films", "pg_films", "a-b", "a\"b", "é"})
    EXPECT_THAT(make_names({"postgresql:", "", schema, "", {}}), IsError(ErrorKind::kUsage)) << schema;
  EXPECT_FALSE(make_names({"postgresql:", "", std::string(41, 'a'), "", {}}));
}

TEST(Names, OfDataTablesTellBuildsApart) {
  const std::string name = data_name(table("fct_title", "f1", 10));
  EXPECT_TRUE(name.starts_with("fct_title__"));
  EXPECT_EQ(name, data_name(table("fct_title", "f1", 10)));
  EXPECT_NE(name, data_name(table("fct_title", "f2", 10)));
  EXPECT_NE(name, data_name(table("fct_title", "f1", 11)));
  auto keyed = table("fct_title", "f1", 10);
  keyed.primary_key = {"title_key"};
  EXPECT_NE(name, data_name(keyed));
}

TEST(Names, FitTheServersLimitAndSplitNoCharacter) {
  const std::string name = data_name(table(std::string(48, 'a') + "éé", "f", 1));
  EXPECT_LE(name.size(), 63);
  EXPECT_EQ(name.substr(0, 50), std::string(48, 'a') + "__");
  EXPECT_LE(object_name("fk", std::string(80, 'b'), "x").size(), 63);
  EXPECT_NE(object_name("fk", "a", "x"), object_name("fk", "a", "y"));
}

}  // namespace
}  // namespace reelhouse::warehouse::postgresql
