#include "workflow/define/cron.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "matchers.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Time at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
  return std::chrono::sys_days(std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}) +
         std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

/// The firings after `from`, as "MM-DDTHH:MM" in UTC.
std::vector<std::string> firings(const char* text, const char* zone_name, Time from, size_t count) {
  const auto cron = Cron::parse(text);
  const auto zone = Zone::find(zone_name);
  if (!cron) return {cron.error().to_string()};
  if (!zone) return {zone.error().to_string()};
  std::vector<std::string> found;
  for (auto next = cron->next(from, *zone); next && found.size() < count; next = cron->next(*next, *zone))
    found.push_back(to_iso(*next).substr(5, 11));
  return found;
}

std::string error_of(const char* text) {
  const auto cron = Cron::parse(text);
  return cron ? "it was taken" : cron.error().to_string();
}

TEST(Cron, ReadsListsRangesStepsAndNames) {
  const Time monday = at(2026, 6, 1);
  EXPECT_THAT(firings("15 6 * * *", "UTC", monday, 2), ElementsAre("06-01T06:15", "06-02T06:15"));
  EXPECT_THAT(firings("0,30 9-10 * * MON-tue", "UTC", monday, 5),
              ElementsAre("06-01T09:00", "06-01T09:30", "06-01T10:00", "06-01T10:30", "06-02T09:00"));
  EXPECT_THAT(firings("10-50/20 0 1 jul,Aug *", "UTC", monday, 4),
              ElementsAre("07-01T00:10", "07-01T00:30", "07-01T00:50", "08-01T00:10"));
  EXPECT_THAT(firings("  0\t12 * *  7 ", "UTC", monday, 1), ElementsAre("06-07T12:00"));
  EXPECT_THAT(firings("0 0 * * 5-7", "UTC", monday, 3),
              ElementsAre("06-05T00:00", "06-06T00:00", "06-07T00:00"));
  EXPECT_THAT(firings("0 0 * * sat-sun", "UTC", monday, 2), ElementsAre("06-06T00:00", "06-07T00:00"));
  EXPECT_THAT(firings("@weekly", "UTC", monday, 1), ElementsAre("06-07T00:00"));
  EXPECT_THAT(firings("@Yearly", "UTC", monday, 1), ElementsAre("01-01T00:00"));
  EXPECT_THAT(firings("@hourly", "UTC", monday, 1), ElementsAre("06-01T01:00"));
  EXPECT_EQ(Cron::parse(" 0  1 * * * ")->text(), "0 1 * * *");
}

TEST(Cron, LetsEitherDayMatchWhenBothAreRestricted) {
  const Time monday = at(2026, 6, 1);
  EXPECT_THAT(firings("0 0 13 * fri", "UTC", monday, 3),
              ElementsAre("06-05T00:00", "06-12T00:00", "06-13T00:00"));
  EXPECT_THAT(firings("0 0 */2 * fri", "UTC", monday, 2), ElementsAre("06-05T00:00", "06-19T00:00"));
}

TEST(Cron, FiresStrictlyAfterTheTimeGiven) {
  const auto cron = Cron::parse("0 12 * * *").value();
  EXPECT_EQ(cron.next(at(2026, 1, 1, 12), Zone::utc()), at(2026, 1, 2, 12));
  EXPECT_EQ(cron.next(at(2026, 1, 1, 12) - 1ms, Zone::utc()), at(2026, 1, 1, 12));
  EXPECT_EQ(cron.next(at(2026, 1, 1, 12) + 1ms, Zone::utc()), at(2026, 1, 2, 12));
  EXPECT_EQ(cron.next(at(1965, 1, 1, 12) + 1ms, Zone::utc()), at(1965, 1, 2, 12));
}

TEST(Cron, FindsRareDays) {
  const auto leap = Cron::parse("0 0 29 2 *").value();
  EXPECT_EQ(leap.next(at(2096, 3, 1), Zone::utc()), at(2104, 2, 29));
  const auto monday = Cron::parse("0 0 */28 2 mon").value();
  EXPECT_EQ(monday.next(at(2027, 2, 2), Zone::utc()), at(2038, 2, 1));
  EXPECT_EQ(Cron::parse("0 0 31 2 mon")->next(at(2026, 1, 1), Zone::utc()), at(2026, 2, 2));
}

TEST(Cron, FiresOnceAtTheJumpWhatClocksSkip) {
  // Madrid: 29 March 2026 at 01:00 UTC, 02:00 -> 03:00; 25 October at 01:00 UTC, 03:00 -> 02:00.
  EXPECT_THAT(firings("30 2 * * *", "Europe/Madrid", at(2026, 3, 28), 3),
              ElementsAre("03-28T01:30", "03-29T01:00", "03-30T00:30"));
  EXPECT_THAT(firings("0,30 2,3 * * *", "Europe/Madrid", at(2026, 3, 29), 3),
              ElementsAre("03-29T01:00", "03-29T01:30", "03-30T00:00"));
  EXPECT_THAT(firings("30 2 * * *", "Europe/Madrid", at(2026, 10, 24, 12), 2),
              ElementsAre("10-25T00:30", "10-26T01:30"));
  // Asked in the hour that comes for the second time.
  EXPECT_THAT(firings("30 2,4 * * *", "Europe/Madrid", at(2026, 10, 25, 1, 10), 2),
              ElementsAre("10-25T03:30", "10-26T01:30"));
  EXPECT_THAT(firings("0,30 2,3 * * *", "Europe/Madrid", at(2026, 10, 25, 1, 10), 2),
              ElementsAre("10-25T02:00", "10-25T02:30"));
  EXPECT_THAT(firings("0 3 * * *", "Europe/Madrid", at(2026, 10, 25), 1), ElementsAre("10-25T02:00"));
}

TEST(Cron, FollowsTheClockWhenHourOrMinuteIsAStar) {
  EXPECT_THAT(firings("30 * * * *", "Europe/Madrid", at(2026, 3, 29), 3),
              ElementsAre("03-29T00:30", "03-29T01:30", "03-29T02:30"));
  EXPECT_THAT(firings("30 * * * *", "Europe/Madrid", at(2026, 10, 25), 3),
              ElementsAre("10-25T00:30", "10-25T01:30", "10-25T02:30"));
  EXPECT_THAT(firings("*/30 2 * * *", "Europe/Madrid", at(2026, 10, 24, 23), 5),
              ElementsAre("10-25T00:00", "10-25T00:30", "10-25T01:00", "10-25T01:30", "10-26T01:00"));
  EXPECT_THAT(firings("*/30 2 * * *", "Europe/Madrid", at(2026, 3, 29), 1), ElementsAre("03-30T00:00"));
  EXPECT_THAT(firings("0 */2 * * *", "Europe/Madrid", at(2026, 3, 28, 22), 3),
              ElementsAre("03-28T23:00", "03-29T02:00", "03-29T04:00"));
}

TEST(Cron, KnowsHalfHoursMidnightsAndAWholeDay) {
  // Lord Howe: 5 April 2026 at 15:00 UTC of the 4th, 02:00 -> 01:30; 4 October, 02:00 -> 02:30.
  EXPECT_THAT(firings("45 1 * * *", "Australia/Lord_Howe", at(2026, 4, 4), 2),
              ElementsAre("04-04T14:45", "04-05T15:15"));
  EXPECT_THAT(firings("15 2 * * *", "Australia/Lord_Howe", at(2026, 10, 3), 2),
              ElementsAre("10-03T15:30", "10-04T15:15"));
  // Sao Paulo: 4 November 2018, 00:00 -> 01:00, at 03:00 UTC.
  EXPECT_THAT(firings("@daily", "America/Sao_Paulo", at(2018, 11, 3, 4), 2),
              ElementsAre("11-04T03:00", "11-05T02:00"));
  EXPECT_THAT(firings("30 0 4 11 *", "America/Sao_Paulo", at(2018, 11, 3, 4), 1), ElementsAre("11-04T03:00"));
  // And back, 18 February 2018 at 00:00 to 23:00 of the 17th, at 02:00 UTC: midnight comes once.
  EXPECT_THAT(firings("0 0 * * *", "America/Sao_Paulo", at(2018, 2, 17, 12), 2),
              ElementsAre("02-18T03:00", "02-19T03:00"));
  // Apia has no 30 December 2011; the 31st begins at 10:00 UTC of the 30th.
  EXPECT_THAT(firings("0 6 * * *", "Pacific/Apia", at(2011, 12, 29, 12), 3),
              ElementsAre("12-29T16:00", "12-30T10:00", "12-30T16:00"));
  EXPECT_THAT(firings("0 6 30 12 *", "Pacific/Apia", at(2011, 12, 29, 12), 1), ElementsAre("12-30T10:00"));
}

TEST(Cron, RefusesWhatNeverFires) {
  for (const char* text : {"30 2 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb */2", "* * 30,31 2 *"})
    EXPECT_THAT(error_of(text), HasSubstr("never fires")) << text;
  EXPECT_EQ(error_of("0 0 31 4 mon"), "it was taken");
}

TEST(Cron, SaysWhatIsWrongInWhichField) {
  EXPECT_THAT(error_of("0 0 * * mun"),
              testing::AllOf(HasSubstr("day of week"), HasSubstr("Did you mean mon?")));
  EXPECT_THAT(error_of("0 0 * * monday"), HasSubstr("Did you mean mon?"));
  EXPECT_THAT(error_of("0 0 * jna *"), HasSubstr("Did you mean jan?"));
  EXPECT_THAT(error_of("60 0 * * *"), testing::AllOf(HasSubstr("minute"), HasSubstr("0 to 59")));
  EXPECT_THAT(error_of("0 24 * * *"), testing::AllOf(HasSubstr("hour"), HasSubstr("0 begins the next")));
  EXPECT_THAT(error_of("0 0 0 * *"), HasSubstr("1 to 31"));
  EXPECT_THAT(error_of("0 0 * 13 *"), HasSubstr("1 to 12"));
  EXPECT_THAT(error_of("0 0 * * 8"), HasSubstr("0 and 7 are Sunday"));
  EXPECT_THAT(error_of("99999999999999999999 0 * * *"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("-5 0 * * *"), HasSubstr("neither a value nor a range"));
  EXPECT_THAT(error_of("5- 0 * * *"), HasSubstr("two ends"));
  EXPECT_THAT(error_of("1,,2 0 * * *"), HasSubstr("comma"));
  EXPECT_THAT(error_of("1, 0 * * *"), HasSubstr("comma"));
  EXPECT_THAT(error_of("5/15 * * * *"), HasSubstr("Write 5-59/15"));
  EXPECT_THAT(error_of("*/0 * * * *"), HasSubstr("above 0"));
  EXPECT_THAT(error_of("*/ * * * *"), HasSubstr("above 0"));
  EXPECT_THAT(error_of("*/90 * * * *"), HasSubstr("longer than its range"));
  EXPECT_THAT(error_of("0 22-2 * * *"), HasSubstr("Write 22-23,0-2"));
  EXPECT_THAT(error_of("0 0 * * fri-mon"), HasSubstr("ends before it begins"));
  EXPECT_THAT(error_of("0 0 L * *"), HasSubstr("crontab(5)"));
  EXPECT_THAT(error_of("0 0 ? * *"), HasSubstr("'?' is written *"));
}

TEST(Cron, SaysWhatTheWrongNumberOfFieldsMeant) {
  EXPECT_THAT(error_of(""), HasSubstr("0 fields instead of 5"));
  EXPECT_THAT(error_of("0 6 * *"), HasSubstr("4 fields instead of 5"));
  EXPECT_THAT(error_of("0 15 6 ? * MON"), testing::AllOf(HasSubstr("Quartz"), HasSubstr("'15 6 * * MON'")));
  EXPECT_THAT(error_of("0 15 6 ? * MON 2026"), HasSubstr("'15 6 * * MON'"));
  EXPECT_THAT(error_of("15 6 * * * reelhouse"), HasSubstr("'15 6 * * *'"));
  EXPECT_THAT(error_of("@dayly"), HasSubstr("Did you mean @daily?"));
  EXPECT_THAT(error_of("@reboot"), HasSubstr("name a time"));
  EXPECT_THAT(error_of("@every 5m"), HasSubstr("*/5"));
}

TEST(Zone, IsFoundByItsNameOrSaysTheNearest) {
  EXPECT_EQ(Zone::find("Europe/Madrid")->name(), "Europe/Madrid");
  EXPECT_TRUE(Zone::find("UTC"));
  EXPECT_TRUE(Zone::find("Etc/GMT-2"));
  EXPECT_THAT(Zone::find("Europe/Madird"), HasHint("Europe/Madrid"));
  EXPECT_THAT(Zone::find("europe/madrid"), HasHint("Europe/Madrid"));
  EXPECT_THAT(Zone::find("Madrid"), HasHint("Europe/Madrid"));
  EXPECT_THAT(Zone::find("UTC+2"), HasHint("Etc/GMT-2"));
  for (const char* name : {"", "localtime", "libc:UTC", "/etc/localtime", "../zoneinfo/UTC", "right/UTC",
                           "Fixed/UTC+01:00:00", "Europe", "zone.tab", "Europe/../UTC"})
    EXPECT_FALSE(Zone::find(name)) << name;
}

}  // namespace
}  // namespace reelhouse::workflow
