#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <random>

#include "base/md5.hpp"

namespace reelhouse::lake::s3 {
namespace {

std::string by_openssl(const std::string& text) {
  std::string digest(16, '\0');
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_md5(),
             nullptr);
  return digest;
}

std::string random_text(std::mt19937& random, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(S3Md5Test, AgreesWithOpenSslAtEveryLengthAroundItsBlocks) {
  std::mt19937 random(7);
  for (size_t size = 0; size <= 300; ++size) {
    const std::string text = random_text(random, size);
    Md5 md5;
    for (size_t at = 0; at < size;) {  // in pieces of any length
      const size_t piece = std::min<size_t>(size - at, random() % 70 + 1);
      md5.add(std::as_bytes(std::span(text.data() + at, piece)));
      at += piece;
    }
    EXPECT_EQ(md5.value(), by_openssl(text)) << size;
  }
}

TEST(S3Md5Test, StreamsSideBySideAgreeWithOpenSsl) {
  std::mt19937 random(11);
  for (size_t streams = 1; streams <= 8; ++streams) {
    constexpr size_t kBlocks = 9;
    std::vector<std::string> texts;
    std::vector<Md5> sums(streams);
    std::vector<Md5Work> works(streams);
    std::vector<Md5Work*> asked;
    for (size_t i = 0; i < streams; ++i) {
      texts.push_back(random_text(random, kBlocks * 64 + i));  // whole blocks, and a rest of its own
      works[i] = {&sums[i].state(), reinterpret_cast<const std::byte*>(texts[i].data()), kBlocks};
      asked.push_back(&works[i]);
    }
    md5_side_by_side(asked, kBlocks);
    for (size_t i = 0; i < streams; ++i) {
      sums[i].count(kBlocks * 64);
      sums[i].add(std::as_bytes(std::span(texts[i]).subspan(kBlocks * 64)));
      EXPECT_EQ(sums[i].value(), by_openssl(texts[i])) << i << " of " << streams;
    }
  }
}

}  // namespace
}  // namespace reelhouse::lake::s3
