#include "catalog/structure_index.hpp"

#include <gmock/gmock.h>

#include <random>
#include <string>

namespace reelhouse::catalog {
namespace {

TEST(StructureIndex, FindsWhatAPlainLoopFinds) {
  std::mt19937 random(5);
  StructureIndex index;
  for (const size_t size : {0UL, 1UL, 31UL, 63UL, 64UL, 65UL, 127UL, 1000UL, 100'000UL}) {
    for (const unsigned rare : {1U, 4U, 300U}) {
      std::string text(size, 'x');
      for (auto& c : text)
        if (random() % rare == 0) c = ",\n\"\x80\xbf\xc0\xff"[random() % 7];
      std::vector<uint32_t> expected;
      size_t commas = 0;
      size_t leads = 0;
      for (uint32_t i = 0; i < size; ++i) {
        if (text[i] == ',' || text[i] == '\n' || text[i] == '"') expected.push_back(i);
        leads += static_cast<unsigned char>(text[i]) >= 0xC0 ? 1 : 0;
        commas += text[i] == ',' ? 1 : 0;
      }
      index.build(text.data(), size, ',', '\n', '"');
      EXPECT_EQ(std::vector<uint32_t>(index.positions(), index.positions() + index.count()), expected);
      EXPECT_EQ(count_lead_bytes(text.data(), size), leads);
      EXPECT_EQ(count_char(text.data(), size, ','), commas);
    }
  }
}

}  // namespace
}  // namespace reelhouse::catalog
