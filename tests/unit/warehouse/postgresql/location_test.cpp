#include "warehouse/postgresql/location.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Location, IsNamedWithoutItsPassword) {
  const auto location =
      read_location("postgresql://ada:s3cret@db.example:6432/films?sslmode=require").value();
  EXPECT_EQ(location.name, "postgresql://ada@db.example:6432/films");
  EXPECT_EQ(location.password, "s3cret");
  EXPECT_EQ(read_location("postgresql://ada@db/films?password=s3cret&port=1").value().name,
            "postgresql://ada@db:1/films");
}

TEST(Location, SaysNothingOfAPasswordThatWasNotEscaped) {
  for (const char* password : {"s3cret@x", "s3cret/x", "x/s3cret", "s3cret%zz", "s3[cret"}) {
    const auto location = read_location(fmt::format("postgresql://ada:{}@db/films", password));
    if (location) {
      EXPECT_THAT(location->name, Not(HasSubstr("s3"))) << password;
      continue;
    }
    EXPECT_THAT(location, IsError(ErrorKind::kUsage));
    EXPECT_THAT(location.error().to_string(), Not(HasSubstr("s3cret"))) << password;
    EXPECT_THAT(location, HasHint("%40"));
  }
}

TEST(Location, StrikesTheSecretFromWhatIsSaid) {
  const auto location = read_location("postgres://ada:s3cret@db/films").value();
  EXPECT_EQ(without_secret(location, "no \"postgres://ada:s3cret@db/films\"\n\tand s3cret\n"),
            "no \"postgresql://ada@db:5432/films\"; and ***");
}

}  // namespace
}  // namespace reelhouse::warehouse::postgresql
