#include "base/yaml.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Yaml parse(const std::string& text) {
  return Yaml::parse(text, "file.yml").value();
}

TEST(YamlTest, ReadsScalarsWithDefaults) {
  const Yaml yaml = parse("name: plan\nrows: 12\nshare: 0.5\non: true\nnothing:\n");
  EXPECT_EQ(yaml.at("name").text().value(), "plan");
  EXPECT_EQ(yaml.at("rows").integer_or(0).value(), 12);
  EXPECT_EQ(yaml.at("share").number_or(0).value(), 0.5);
  EXPECT_TRUE(yaml.at("on").flag_or(false).value());
  EXPECT_EQ(yaml.at("absent").integer_or(7).value(), 7);
  EXPECT_EQ(yaml.at("nothing").text_or("x").value(), "x");
  EXPECT_TRUE(yaml.at("absent").at("deeper").empty());
  EXPECT_THAT(yaml.keys(), ElementsAre("name", "rows", "share", "on", "nothing"));
}

TEST(YamlTest, NamesFileLineAndValueInErrors) {
  const Yaml yaml = parse("a: 1\nrows: many\nlist: [1, 2]\n");
  const auto rows = yaml.at("rows").integer_or(0);
  EXPECT_THAT(rows, IsError(ErrorKind::kProject, HasPlace("file.yml:2"), HasMessage("many")));
  EXPECT_THAT(yaml.at("list").text(), HasPlace("file.yml:3"));
  EXPECT_FALSE(yaml.at("list").flag_or(false));
  EXPECT_FALSE(yaml.at("absent").text());
}

TEST(YamlTest, TakesAScalarForAListOfOne) {
  const Yaml yaml = parse("one: a\nmany: [a, b]\nbad: [a, [b]]");
  EXPECT_THAT(yaml.at("one").texts().value(), ElementsAre("a"));
  EXPECT_THAT(yaml.at("many").texts().value(), ElementsAre("a", "b"));
  EXPECT_TRUE(yaml.at("absent").texts()->empty());
  EXPECT_FALSE(yaml.at("bad").texts());
}

TEST(YamlTest, RefusesUnknownAndRepeatedKeys) {
  const auto unknown = parse("name: a\ndescripton: b\n").only_keys({"name", "description"});
  EXPECT_THAT(unknown, testing::AllOf(HasPlace("file.yml:2"), HasHint("description")));
  const auto twice = parse("name: a\nname: b\n").only_keys({"name"});
  EXPECT_THAT(twice, HasPlace("file.yml:2"));
  EXPECT_THAT(parse("name: a").only_keys({"name", "other"}), IsOk());
  EXPECT_THAT(parse("").only_keys({}), IsOk());
  EXPECT_FALSE(parse("- a").only_keys({"a"}));
}

TEST(YamlTest, SaysWhereTheSyntaxIsWrong) {
  const auto broken = Yaml::parse("a: 1\nb: [1, 2\nc: 3\n", "file.yml");
  EXPECT_THAT(broken, IsError(ErrorKind::kProject, HasPlace(testing::StartsWith("file.yml:"))));
  EXPECT_FALSE(Yaml::parse("a: 1\n---\nb: 2\n", "file.yml"));
  EXPECT_FALSE(Yaml::parse(std::string(100'000, '['), "file.yml"));
  EXPECT_THAT(Yaml::load("/nowhere/file.yml"), IsError(ErrorKind::kNotFound));
}

TEST(YamlTest, AssigningNamesAnotherNodeAndLeavesTheTree) {
  const Yaml root = parse("x: 1\ny: 2\n");
  Yaml node = root.at("x");
  node = root.at("y");
  EXPECT_EQ(node.integer_or(0).value(), 2);
  EXPECT_EQ(root.at("x").integer_or(0).value(), 1);
}

}  // namespace
}  // namespace reelhouse
