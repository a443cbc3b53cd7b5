#include "workflow/alert/alerts.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "matchers.hpp"
#include "workflow/alert/address.hpp"
#include "workflow/alert/mail.hpp"
#include "workflow/alert/notify.hpp"
#include "workflow/alert/troubles.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + 6h + 12min;

class AlertsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "alerts.XXXXXX";
    folder_ = ::mkdtemp(name.data());
    names_.workflows = {"default", "refresh"};
    names_.tables = {"shop", "shop_order", "fct_sale"};
    names_.promising = {"shop"};
    names_.measures = {"churn", "mrr"};
    names_.check_filter = [](const std::string&, const std::string& filter) -> Result<> {
      if (filter == "plan = Premium") return {};
      return fail(ErrorKind::kUsage, "there is no dimension like this", "Did you mean plan?");
    };
  }
  void TearDown() override { fs::remove_all(folder_); }

  AlertBook load(const std::string& text) {
    std::ofstream(folder_ / "alerts.yml") << text;
    problems_.clear();
    return load_alerts(folder_ / "alerts.yml", names_, problems_);
  }
  /// The only problem that a file has, as text.
  std::string problem(const std::string& text) {
    (void)load(text);
    EXPECT_THAT(problems_, SizeIs(1)) << text;
    return problems_.empty() ? "" : problems_.front().to_string();
  }
  std::string problem_of_rule(const std::string& rule) {
    return problem("channels: {team: {webhook: \"https://a.example/h\"}}\nalerts:\n  - " + rule + "\n");
  }
  std::string problem_of_channel(const std::string& channel) {
    return problem("channels:\n  team: " + channel + "\nalerts:\n  - {on: failed, to: team}\n");
  }

  fs::path folder_;
  AlertNames names_;
  std::vector<Error> problems_;
};

TEST_F(AlertsFile, NoFileAndAnEmptyOneSayNothing) {
  EXPECT_THAT(load_alerts(folder_ / "alerts.yml", names_, problems_).rules, IsEmpty());
  EXPECT_THAT(load("# nothing yet\n").channels, IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(AlertsFile, ReadsChannelsAndRules) {
  const auto book = load(R"(
channels:
  team: {webhook: TEAM_HOOK_URL, secret: TEAM_SECRET}
  ops: {mail: [ops@example.org, b@example.org], from: r@example.org, server: "smtp://mail.example.org:587",
        user: MAIL_USER, password: MAIL_PASSWORD}
alerts:
  - {on: failed, workflows: [refresh], to: [team, ops]}
  - {on: late, tables: shop, to: ops}
  - {name: too many leave, on: metric, measure: churn, where: plan = Premium, above: 0.2, to: team}
  - {on: metric, measure: mrr, below: 100, to: team}
)");
  ASSERT_THAT(problems_, IsEmpty());
  ASSERT_THAT(book.channels, SizeIs(2));
  EXPECT_EQ(book.channels[0].url_variable, "TEAM_HOOK_URL");
  EXPECT_THAT(book.channels[1].mail_to, ElementsAre("ops@example.org", "b@example.org"));
  ASSERT_THAT(book.rules, SizeIs(4));
  EXPECT_EQ(book.rules[0].name, "failed refresh");
  EXPECT_THAT(book.rules[0].to, ElementsAre("team", "ops"));
  EXPECT_EQ(book.rules[2].name, "too many leave");
  EXPECT_EQ(book.rules[3].name, "mrr below 100");
  EXPECT_THAT(book.rules[3].where, HasSubstr("alerts.yml:10"));
}

TEST_F(AlertsFile, RefusesWrongRulesWithLineAndFix) {
  EXPECT_THAT(problem_of_rule("{on: faild, to: team}"),
              AllOf(HasSubstr("alerts.yml:3"), HasSubstr("failed")));
  EXPECT_THAT(problem_of_rule("{on: failed, to: taem}"), HasSubstr("team"));
  EXPECT_THAT(problem_of_rule("{on: failed}"), HasSubstr("'to' is missing"));
  EXPECT_THAT(problem_of_rule("{to: team}"), HasSubstr("'on' is missing"));
  EXPECT_THAT(problem_of_rule("{on: failed, to: team, workflows: [refrsh]}"), HasSubstr("Did you mean"));
  EXPECT_THAT(problem_of_rule("{on: failed, to: team, tables: [shop]}"), HasSubstr("unknown key 'tables'"));
  EXPECT_THAT(problem_of_rule("{on: late, to: team, tables: [fct_sale]}"), HasSubstr("max_age"));
  EXPECT_THAT(problem_of_rule("{on: late, to: team, tables: [shp]}"), HasSubstr("shop"));
  EXPECT_THAT(problem_of_rule("{on: late, to: team, tables: []}"), HasSubstr("empty"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: chrn, above: 1, to: team}"), HasSubstr("churn"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: churn, to: team}"), HasSubstr("threshold"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: churn, above: much, to: team}"), HasSubstr("number"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: churn, above: .nan, to: team}"), HasSubstr("finite"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: churn, above: 1, below: 2, to: team}"),
              HasSubstr("below"));
  EXPECT_THAT(problem_of_rule("{on: metric, measure: churn, where: x = 1, above: 1, to: team}"),
              HasSubstr("Did you mean plan?"));
  EXPECT_THAT(problem_of_rule("{on: failed, to: team}\n  - {on: failed, to: team}"), HasSubstr("twice"));
  EXPECT_THAT(problem("alerts: {on: failed}"), HasSubstr("list of alerts"));
  EXPECT_THAT(problem("chanels: {}"), HasSubstr("channels"));
}

TEST_F(AlertsFile, RefusesWrongChannelsAndNobodyWhoNamesThem) {
  EXPECT_THAT(problem_of_channel("{}"), HasSubstr("neither"));
  EXPECT_THAT(problem_of_channel("{webhook: \"ftp://a.example\"}"), HasSubstr("https"));
  EXPECT_THAT(problem_of_channel("{webhook: \"https://u:p@a.example/h\"}"),
              AllOf(HasSubstr("user"), Not(HasSubstr("u:p"))));
  EXPECT_THAT(problem_of_channel("{mail: a@b.example, from: c@d.example}"), HasSubstr("server"));
  EXPECT_THAT(problem_of_channel("{mail: a@b.example, server: \"smtps://m.example\"}"), HasSubstr("from"));
  EXPECT_THAT(
      problem_of_channel("{mail: \"A <a@b.example>\", from: c@d.example, server: \"smtps://m.example\"}"),
      HasSubstr("mail address"));
  EXPECT_THAT(problem_of_channel("{mail: a@b.example, from: c@d.example, server: \"smtps://m.example/x\"}"),
              HasSubstr("ends with its host"));
  EXPECT_THAT(
      problem_of_channel("{mail: a@b.example, from: c@d.example, server: \"smtps://m.example\", user: U}"),
      HasSubstr("go together"));
}

TEST_F(AlertsFile, NeverRepeatsASecret) {
  for (const char* secret : {"whsec_c2VjcmV0", "hunter2!", "s3cr3t/+="}) {
    const std::string text =
        problem_of_channel(fmt::format("{{webhook: \"https://a.example/h\", secret: \"{}\"}}", secret));
    EXPECT_THAT(text, AllOf(HasSubstr("variable"), Not(HasSubstr(secret))));
  }
}

TEST(AlertAddress, TellsWhatMayBeShown) {
  EXPECT_EQ(parse_address("https://hooks.example/services/T0/SECRET?x=1").text(), "https://hooks.example");
  EXPECT_TRUE(parse_address("smtp://127.0.0.1:25").is_loopback());
  EXPECT_TRUE(parse_address("http://[::1]:8080/").is_loopback());
  EXPECT_FALSE(parse_address("http://127.0.0.1.example/").is_loopback());
  EXPECT_EQ(parse_address("not an address").scheme, "");
  EXPECT_EQ(parse_address("http://a.example/\r\nx: y").scheme, "");
}

TEST(AlertAddress, MailAddressesCannotEndALine) {
  EXPECT_TRUE(is_mail_address("ops+x@example.org"));
  for (const char* wrong :
       {"", "ops", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "<a@b>", "-a@b", "a@b>,<c@d"})
    EXPECT_FALSE(is_mail_address(wrong)) << wrong;
}

TEST(Mail, NoTextCanAddAHeader) {
  const std::string text = render_mail({"a@b.example",
                                        {"c@d.example"},
                                        "x\r\nBcc: evil@e.example\r\n\r\nbody",
                                        "line\n.\nBcc: x",
                                        "id1",
                                        "",
                                        kNow});
  const std::string head = text.substr(0, text.find("\r\n\r\n"));
  EXPECT_THAT(head, HasSubstr("Subject: x  Bcc: evil@e.example    body\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("\r\nBcc")));
  EXPECT_THAT(head, HasSubstr("Date: Sun, 22 Nov 2026 06:12:00 +0000\r\n"));
  EXPECT_THAT(head, HasSubstr("Message-ID: <id1@b.example>"));
  EXPECT_THAT(text.substr(head.size()), Not(HasSubstr("Bcc")));  // BASE64
}

TEST(Mail, SubjectsAreWordsOfUtf8ThatCutNoCharacter) {
  std::string subject;
  for (int i = 0; i < 40; ++i) subject += "ä漢";
  const std::string text =
      render_mail({"a@b.example", {"c@d.example"}, subject + "\xff", "", "id", "", kNow});
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 78u);
    at = end + 2;
  }
  EXPECT_THAT(text, HasSubstr("Subject: =?UTF-8?B?w6TmvKLDpOa8osOk"));
}

Run run(const std::string& workflow, RunState state, const std::string& id) {
  Run made;
  made.id = id;
  made.workflow = workflow;
  made.state = state;
  made.ended = "2026-11-22T06:12:00.000Z";
  return made;
}

AlertBook book() {
  AlertBook made;
  made.channels = {{.name = "team", .url = "http://127.0.0.1:1/"}};
  made.rules = {{.name = "failed", .on = AlertKind::kFailed, .to = {"team"}},
                {.name = "check_failed", .on = AlertKind::kCheckFailed, .to = {"team"}},
                {.name = "late", .on = AlertKind::kLate, .of = {"shop"}, .to = {"team"}}};
  return made;
}

std::vector<std::string> keys_of(const std::vector<Run>& newest_first) {
  std::vector<std::string> keys;
  for (const auto& trouble : troubles_of(book(), {outcome_since_success("refresh", newest_first)}, {}))
    keys.push_back(trouble.key);
  return keys;
}

TEST(Troubles, OnlyASuccessHealsARun) {
  using S = RunState;
  EXPECT_THAT(keys_of({run("refresh", S::kSucceeded, "2"), run("refresh", S::kFailed, "1")}), IsEmpty());
  EXPECT_THAT(keys_of({run("refresh", S::kDied, "2")}), ElementsAre("failed refresh"));
  EXPECT_THAT(keys_of({run("refresh", S::kCancelled, "3"), run("refresh", S::kRunning, "2"),
                       run("refresh", S::kSkipped, "2"), run("refresh", S::kFailed, "1")}),
              ElementsAre("failed refresh"));
  EXPECT_THAT(keys_of({run("refresh", S::kCheckFailed, "2"), run("refresh", S::kFailed, "1"),
                       run("refresh", S::kSucceeded, "0")}),
              ElementsAre("failed refresh", "check_failed refresh"));
  EXPECT_THAT(keys_of({run("other", S::kFailed, "1"), run("refresh", S::kCancelled, "1")}), IsEmpty());
}

TEST(Troubles, AStoppedDeliveryIsOneTroubleATableUntilARunSucceeds) {
  AlertBook stops;
  stops.rules = {{.name = "stopped", .on = AlertKind::kStopped, .of = {"shop"}, .to = {"team"}}};
  Outcome outcome = outcome_since_success("refresh", {run("refresh", RunState::kCheckFailed, "2")});
  const auto lost = [](const char* table, const char* words) {
    return Json{{"table", table}, {"words", {words}}};
  };
  outcome.stopped = {lost("shop_order", "9 of 10 records"), lost("shop_order", "8 of 9 values of day"),
                     lost("other", "all"), Json{{"table", "shop_item"}}, Json("odd")};
  const auto dataset_of = [](const std::string& table) { return table.substr(0, table.find('_')); };
  const auto troubles = troubles_of(stops, {outcome, outcome}, {}, dataset_of);
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].key, "stopped shop_order");
  EXPECT_THAT(troubles[0].detail, HasSubstr("9 of 10 records\n8 of 9 values of day\nRun 2."));
  EXPECT_THAT(troubles[0].detail, HasSubstr("reelhouse run --accept shop_order"));
  EXPECT_THAT(troubles_of(stops, {outcome}, {}), IsEmpty()) << "the rule names the dataset";
  outcome.check_failed.reset();
  EXPECT_THAT(troubles_of(stops, {outcome}, {}, dataset_of), IsEmpty());
}

TEST(Troubles, LateOnesThatTheRuleCovers) {
  Freshness shop{.name = "shop", .newest = kNow, .max_age = 60s, .age = 100s, .late = true};
  Freshness other = shop;
  other.name = "other";
  const auto troubles = troubles_of(book(), {}, {shop, other});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].key, "late shop");
  EXPECT_THAT(troubles[0].detail, HasSubstr("1 min old; it promises at most 1 min"));
}

TEST(Troubles, ThresholdsAreExclusive) {
  const AlertRule rule{.name = "r", .on = AlertKind::kMetric, .measure = "churn", .above = 0.2, .below = 0.1};
  EXPECT_FALSE(metric_trouble(rule, 0.2));
  EXPECT_FALSE(metric_trouble(rule, 0.1));
  EXPECT_THAT(metric_trouble(rule, 0.21)->title, HasSubstr("above 0.2"));
  EXPECT_THAT(metric_trouble(rule, 0.09)->title, HasSubstr("below 0.1"));
}

TEST(Troubles, SchemaChangesByTableAndDataset) {
  const Json changes = Json::parse(R"([
    {"what": "new column", "table": "shop_order", "subject": "tip", "detail": ""},
    {"what": "new object", "table": "shop_order", "subject": "raw/shop/a.csv", "detail": ""},
    {"what": "changed type", "table": "film", "subject": "year", "detail": "BIGINT -> VARCHAR"}])");
  AlertRule rule{.name = "s", .on = AlertKind::kSchemaChange};
  const auto dataset = [](const std::string& table) {
    return std::string(table == "film" ? "films" : "shop");
  };
  EXPECT_EQ(schema_trouble(rule, "r1", changes, dataset)->title, "2 schema changes");
  rule.of = {"films"};
  EXPECT_THAT(schema_trouble(rule, "r1", changes, dataset)->title, HasSubstr("film: changed type year"));
  rule.of = {"elsewhere"};
  EXPECT_FALSE(schema_trouble(rule, "r1", changes, dataset));
  EXPECT_FALSE(schema_trouble(rule, "r1", Json::object(), dataset));
}

TEST(Notify, SaysHowLongItLasted) {
  Notice notice;
  notice.kind = Notice::Kind::kHealed;
  notice.trouble = {"failed", "failed refresh", "refresh failed", "why"};
  notice.since = "2026-11-22T06:00:00.000Z";
  notice.ended = "2026-11-22T09:12:00.000Z";
  const Json json = notice_json(notice, "house");
  EXPECT_EQ(json["title"], "healed: refresh failed");
  EXPECT_EQ(json["state"], "healed");
  EXPECT_THAT(json["detail"].get<std::string>(), HasSubstr("lasted 3 h 12 min"));
}

TEST(Notify, NamesTheHostAndNoMore) {
  ::setenv("ALERTS_TEST_URL", "http://127.0.0.1:1/services/T0/SECRET", 1);
  const Channel channel{.name = "team", .url = "", .url_variable = "ALERTS_TEST_URL"};
  const auto sent = deliver({}, channel, {.project = "p", .stop = {}}, kNow);
  ASSERT_THAT(sent, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(sent.error().to_string(), AllOf(HasSubstr("http://127.0.0.1"), Not(HasSubstr("SECRET"))));
  ::unsetenv("ALERTS_TEST_URL");
  EXPECT_THAT(deliver({}, channel, {.project = "p", .stop = {}}, kNow), IsError(ErrorKind::kUsage));
}

}  // namespace
}  // namespace reelhouse::workflow
