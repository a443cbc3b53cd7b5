#include "base/prometheus.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace reelhouse {
namespace {

TEST(Prometheus, WritesFamiliesInTheOrderOfTheirNaming) {
  Prometheus numbers;
  numbers.family("open", "gauge", "What is open.").sample({}, 3);
  numbers.family("asked_total", "counter", "Questions.")
      .sample({{"route", "/api"}, {"status", "200"}}, uint64_t{18446744073709551615U})
      .sample({{"route", "/"}, {"status", "404"}}, 1);
  numbers.family("none", "gauge", "Has no sample.");
  EXPECT_EQ(numbers.text(),
            "# HELP open What is open.\n"
            "# TYPE open gauge\n"
            "open 3\n"
            "# HELP asked_total Questions.\n"
            "# TYPE asked_total counter\n"
            "asked_total{route=\"/api\",status=\"200\"} 18446744073709551615\n"
            "asked_total{route=\"/\",status=\"404\"} 1\n"
            "# HELP none Has no sample.\n"
            "# TYPE none gauge\n");
}

TEST(Prometheus, AFamilyHasOneHelpAndItsSamplesStandTogether) {
  Prometheus numbers;
  auto& first = numbers.family("a", "gauge", "First.");
  for (int i = 0; i < 100; ++i) numbers.family(fmt::format("b{}", i), "gauge", "Between.");
  first.sample({}, 1);
  numbers.family("a", "counter", "Again.").sample({{"x", "y"}}, 2);
  EXPECT_TRUE(
      numbers.text().starts_with("# HELP a First.\n# TYPE a gauge\na 1\na{x=\"y\"} 2\n# HELP b0 Between.\n"));
}

TEST(Prometheus, EscapesLabelsAndHelp) {
  Prometheus numbers;
  numbers.family("a", "gauge", "A \"help\"\nof \\ lines.").sample({{"x", "q\" b\\ n\n {}"}}, 0);
  EXPECT_EQ(numbers.text(),
            "# HELP a A \"help\"\\nof \\\\ lines.\n# TYPE a gauge\na{x=\"q\\\" b\\\\ n\\n {}\"} 0\n");
}

TEST(Prometheus, WritesRealNumbersAndPartsOfHistograms) {
  Prometheus numbers;
  numbers.family("took", "histogram", "Times.")
      .part("_bucket", {{"le", "0.5"}}, 1)
      .part("_sum", {}, fmt::format("{:.3f}", 0.25))
      .part("_count", {}, 1);
  numbers.family("real", "gauge", "R.").sample({}, 0.0).sample({{"i", "1"}}, 0.1).sample({{"i", "2"}}, 1e20);
  EXPECT_EQ(numbers.text(),
            "# HELP took Times.\n# TYPE took histogram\n"
            "took_bucket{le=\"0.5\"} 1\ntook_sum 0.250\ntook_count 1\n"
            "# HELP real R.\n# TYPE real gauge\nreal 0\nreal{i=\"1\"} 0.1\nreal{i=\"2\"} 1e+20\n");
}

}  // namespace
}  // namespace reelhouse
