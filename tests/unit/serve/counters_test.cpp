#include "serve/counters.hpp"

#include <gtest/gtest.h>

namespace reelhouse::serve {
namespace {

TEST(Counters, RenderWhatPrometheusReads) {
  Counters counters;
  counters.add("/api/query", 200, 0.004);
  counters.add("/api/query", 400, 0.2);
  counters.add_question(200);
  counters.add_question(200);
  counters.add_question(408);
  EXPECT_EQ(counters.render({{"reelhouse_version", "Published version that is open; 0 = none.", 12},
                             {"process_resident_memory_bytes", "Resident memory.", 123456789012.0}}),
            "# HELP reelhouse_version Published version that is open; 0 = none.\n"
            "# TYPE reelhouse_version gauge\n"
            "reelhouse_version 12\n"
            "# HELP process_resident_memory_bytes Resident memory.\n"
            "# TYPE process_resident_memory_bytes gauge\n"
            "process_resident_memory_bytes 123456789012\n"
            "# HELP reelhouse_requests_total Requests answered.\n"
            "# TYPE reelhouse_requests_total counter\n"
            "reelhouse_requests_total{route=\"/api/query\",status=\"200\"} 1\n"
            "reelhouse_requests_total{route=\"/api/query\",status=\"400\"} 1\n"
            "# HELP reelhouse_questions_total Questions answered, alone or several in a request.\n"
            "# TYPE reelhouse_questions_total counter\n"
            "reelhouse_questions_total{status=\"200\"} 2\n"
            "reelhouse_questions_total{status=\"408\"} 1\n"
            "# HELP reelhouse_request_seconds Time from the request's end to the answer's.\n"
            "# TYPE reelhouse_request_seconds histogram\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.001\"} 0\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.0025\"} 0\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.005\"} 1\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.01\"} 1\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.025\"} 1\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.05\"} 1\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.1\"} 1\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.25\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.5\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"1\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"2.5\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"5\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"10\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"30\"} 2\n"
            "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"+Inf\"} 2\n"
            "reelhouse_request_seconds_sum{route=\"/api/query\"} 0.204000\n"
            "reelhouse_request_seconds_count{route=\"/api/query\"} 2\n");
}

}  // namespace
}  // namespace reelhouse::serve
