#include "serve/address.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::serve {
namespace {

TEST(Address, ReadsHostsAndPorts) {
  const auto v4 = parse_address("127.0.0.1:8080").value();
  EXPECT_EQ(v4.numeric, "127.0.0.1");
  EXPECT_EQ(v4.port, 8080);
  EXPECT_TRUE(v4.loopback);
  EXPECT_EQ(v4.text(), "127.0.0.1:8080");
  const auto v6 = parse_address("[::1]:0").value();
  EXPECT_TRUE(v6.loopback);
  EXPECT_EQ(v6.text(), "[::1]:0");
  EXPECT_FALSE(parse_address("0.0.0.0:80").value().loopback);
  EXPECT_FALSE(parse_address("[::]:80").value().loopback);
  EXPECT_EQ(parse_address("9000").value().text(), "127.0.0.1:9000");
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* bad : {"", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", ":80",
                          "::1:80", "999.0.0.1.invalid:80"}) {
    const auto address = parse_address(bad);
    EXPECT_THAT(address, IsError(ErrorKind::kUsage)) << bad;
  }
}

}  // namespace
}  // namespace reelhouse::serve
