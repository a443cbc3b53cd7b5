#include "base/hash.hpp"

#include <gtest/gtest.h>

namespace reelhouse {
namespace {

TEST(Hash, AgreesWithThePublishedVectors) {
  // FIPS 180-2, and the empty text.
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ContentHash().digest(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, DoesNotDependOnThePieces) {
  const std::string text(10'000, 'x');
  const auto bytes = std::as_bytes(std::span(text));
  ContentHash whole;
  whole.add(bytes);
  ContentHash pieces;
  for (size_t at = 0; at < bytes.size(); at += 7)
    pieces.add(bytes.subspan(at, std::min<size_t>(7, bytes.size() - at)));
  EXPECT_EQ(whole.digest(), pieces.digest());
  EXPECT_EQ(whole.digest().size(), 32);
  pieces.add(bytes.first(1));
  EXPECT_NE(whole.digest(), pieces.digest());
}

}  // namespace
}  // namespace reelhouse
