#include "workflow/alert/state.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "base/sqlite.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using KeyAndChannel = std::pair<std::string, std::string>;

constexpr auto kClaimed = 2min;
constexpr int kLongestWait = 60;  ///< minutes
constexpr auto kGivenUpAfter = 24h;
constexpr auto kKept = std::chrono::days(90);
constexpr auto kClockSetBack = 2h;  ///< a time further ahead than any wait was noted by another clock

const std::vector<std::string> kMigrations = {
    R"sql(
    create table begun (at text not null);
    create table trouble (
      rule text not null,
      key text not null,
      title text not null,
      detail text not null,
      since text not null,
      primary key (rule, key)) without rowid;
    create table telling (            -- who knows of which trouble, and was not told that it healed
      key text not null,
      channel text not null,
      notice integer not null,        -- that told it
      primary key (key, channel)) without rowid;
    create table happening (
      rule text not null,
      key text not null,
      at text not null,
      primary key (rule, key)) without rowid;
    create table notice (
      number integer primary key autoincrement,
      id text not null unique,
      channel text not null,
      kind text not null,
      rule text not null,
      key text not null,
      title text not null,
      detail text not null,
      since text not null,
      ended text not null,
      made integer not null,          -- milliseconds since 1970, as the next two
      next_try integer not null,
      claimed_until integer not null default 0,
      attempts integer not null default 0,
      state text not null default 'waiting',
      why text not null default '');
    create index notice_by_state on notice (state, channel, key);
    )sql",
};

int64_t milliseconds(Time time) {
  return time.time_since_epoch().count();
}

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

struct OpenTrouble {
  Trouble trouble;
  std::string since;
};

class SqliteAlertState final : public AlertState {
 public:
  SqliteAlertState(std::unique_ptr<Sqlite> database, Time begun)
      : database_(std::move(database)), begun_(begun) {}

  Result<int> update(const AlertBook& book, const std::vector<std::string>& rules,
                     const std::vector<Trouble>& troubles, Time now) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(const auto before, read_troubles());
    std::set<std::string> healed;  // keys of which an answer says that they are gone
    RH_TRY(drop_gone(book, rules, troubles, before, healed));
    for (const auto& trouble : troubles) RH_TRY(put(trouble, now));
    RH_ASSIGN(const auto open, read_troubles());
    RH_ASSIGN(const int notices, tell(book, before, open, healed, now));
    RH_TRY(remove_old(now));
    RH_TRY(transaction.commit());
    return notices;
  }

  Result<int> happened(const AlertBook& book, const Trouble& trouble, Time now) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(Statement insert,
              database_->prepare("insert or ignore into happening (rule, key, at) values (?, ?, ?)"));
    RH_TRY(insert.run(trouble.rule, trouble.key, to_iso(now)));
    if (database_->changes() == 0) return 0;
    int notices = 0;
    for (const auto& channel : channels_of(book, trouble.rule)) {
      RH_TRY(add_notice(channel, Notice::Kind::kHappened, {trouble, to_iso(now)}, now));
      ++notices;
    }
    RH_TRY(transaction.commit());
    return notices;
  }

  Result<std::optional<Notice>> claim(const std::string& channel, Time now) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(Statement rows,
              database_->prepare(
                  "select number, id, kind, rule, key, title, detail, since, ended, attempts from notice n "
                  "where state = 'waiting' and channel = ?1 and (next_try <= ?2 or next_try > ?3) "
                  "and (claimed_until <= ?2 or claimed_until > ?3) and not exists (select 1 from notice e "
                  "where e.state = 'waiting' and e.channel = n.channel and e.key = n.key "
                  "and e.number < n.number) order by number limit 1"));
    RH_TRY(rows.bind_all(channel, milliseconds(now), milliseconds(now + kClockSetBack)));
    RH_ASSIGN(const bool found, rows.step());
    if (!found) return std::nullopt;
    Notice notice = read_notice(rows, channel);
    rows.reset();
    RH_ASSIGN(Statement mark, database_->prepare("update notice set claimed_until = ? where number = ?"));
    RH_TRY(mark.run(milliseconds(now + kClaimed), notice.number));
    RH_TRY(transaction.commit());
    return notice;
  }

  Result<> delivered(int64_t number) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement update,
              database_->prepare("update notice set state = 'delivered', attempts = attempts + 1, why = '' "
                                 "where number = ?"));
    return update.run(number);
  }

  Result<> not_delivered(int64_t number, const std::string& why, Time now) override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Transaction transaction, Transaction::begin(*database_));
    RH_ASSIGN(Statement row, database_->prepare("select attempts, made from notice where number = ?"));
    RH_TRY(row.bind_all(number));
    RH_ASSIGN(const bool found, row.step());
    if (!found) return {};
    const int64_t attempts = row.column_int(0) + 1;
    const bool given_up = milliseconds(now) - row.column_int(1) >= milliseconds(Time(kGivenUpAfter));
    row.reset();
    const int wait = attempts > 6 ? kLongestWait : std::min(kLongestWait, 1 << (attempts - 1));
    RH_ASSIGN(Statement update,
              database_->prepare("update notice set attempts = ?, why = ?, next_try = ?, claimed_until = 0, "
                                 "state = ? where number = ? and state = 'waiting'"));
    RH_TRY(update.run(attempts, why, milliseconds(now + std::chrono::minutes(wait)),
                      given_up ? "given_up" : "waiting", number));
    return transaction.commit();
  }

  Result<Json> open_troubles() const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(const auto open, read_troubles());
    RH_ASSIGN(Statement rows,
              database_->prepare("select t.channel, n.state, n.attempts, n.why from telling t join notice n "
                                 "on n.number = t.notice where t.key = ? order by t.channel"));
    Json list = Json::array();
    for (const auto& [trouble, since] : open) {
      RH_TRY(rows.bind_all(trouble.key));
      Json told = Json::array();
      while (true) {
        RH_ASSIGN(const bool more, rows.step());
        if (!more) break;
        told.push_back({{"channel", rows.column_text(0)},
                        {"state", rows.column_text(1)},
                        {"attempts", rows.column_int(2)},
                        {"why", rows.column_text(3)}});
      }
      list.push_back({{"rule", trouble.rule},
                      {"key", trouble.key},
                      {"title", trouble.title},
                      {"detail", trouble.detail},
                      {"since", since},
                      {"told", std::move(told)}});
    }
    return list;
  }

  Result<AlertCounts> counts() const override {
    const std::lock_guard lock(mutex_);
    RH_ASSIGN(Statement row, database_->prepare("select (select count(distinct key) from trouble), "
                                                "(select count(*) from notice where state = 'waiting'), "
                                                "(select count(*) from notice where state = 'given_up')"));
    RH_TRY(row.step());
    return AlertCounts{static_cast<int>(row.column_int(0)), static_cast<int>(row.column_int(1)),
                       static_cast<int>(row.column_int(2))};
  }

  Time begun() const override { return begun_; }

 private:
  static std::vector<std::string> channels_of(const AlertBook& book, const std::string& rule) {
    std::vector<std::string> channels;
    for (const auto& each : book.rules)
      if (each.name == rule)
        for (const auto& channel : each.to)
          if (book.channel(channel) != nullptr) channels.push_back(channel);
    return channels;
  }

  static bool has_rule(const AlertBook& book, const std::string& rule) {
    return std::ranges::find(book.rules, rule, &AlertRule::name) != book.rules.end();
  }

  Result<std::vector<OpenTrouble>> read_troubles() const {
    RH_ASSIGN(
        Statement rows,
        database_->prepare("select rule, key, title, detail, since from trouble order by since, key, rule"));
    std::vector<OpenTrouble> troubles;
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return troubles;
      troubles.push_back(
          {{rows.column_text(0), rows.column_text(1), rows.column_text(2), rows.column_text(3)},
           rows.column_text(4)});
    }
  }

  static Notice read_notice(const Statement& row, const std::string& channel) {
    Notice notice;
    notice.number = row.column_int(0);
    notice.id = row.column_text(1);
    notice.channel = channel;
    const std::string kind = row.column_text(2);
    for (const auto each : {Notice::Kind::kOpen, Notice::Kind::kHealed, Notice::Kind::kHappened})
      if (kind == name_of(each)) notice.kind = each;
    notice.trouble = {row.column_text(3), row.column_text(4), row.column_text(5), row.column_text(6)};
    notice.since = row.column_text(7);
    notice.ended = row.column_text(8);
    notice.attempts = static_cast<int>(row.column_int(9));
    return notice;
  }

  Result<> drop_gone(const AlertBook& book, const std::vector<std::string>& rules,
                     const std::vector<Trouble>& troubles, const std::vector<OpenTrouble>& before,
                     std::set<std::string>& healed) {
    RH_ASSIGN(Statement remove, database_->prepare("delete from trouble where rule = ? and key = ?"));
    for (const auto& [open, since] : before) {
      const bool is_there = std::ranges::any_of(troubles, [&](const Trouble& trouble) {
        return trouble.rule == open.rule && trouble.key == open.key;
      });
      const bool answered = std::ranges::find(rules, open.rule) != rules.end();
      const bool known = has_rule(book, open.rule);
      if (is_there || (known && !answered)) continue;
      RH_TRY(remove.run(open.rule, open.key));
      if (known) healed.insert(open.key);
    }
    return {};
  }

  Result<> put(const Trouble& trouble, Time now) {
    RH_ASSIGN(
        Statement insert,
        database_->prepare("insert into trouble (rule, key, title, detail, since) values (?, ?, ?, ?, ?) "
                           "on conflict (rule, key) do update set title = excluded.title, "
                           "detail = excluded.detail"));
    return insert.run(trouble.rule, trouble.key, trouble.title, trouble.detail, to_iso(now));
  }

  /// Holds who should know of a trouble against who does, and makes the notices between the two.
  Result<int> tell(const AlertBook& book, const std::vector<OpenTrouble>& before,
                   const std::vector<OpenTrouble>& open, const std::set<std::string>& healed, Time now) {
    std::map<KeyAndChannel, const OpenTrouble*> wanted;
    std::set<std::string> keys;
    for (const auto& each : open) {
      keys.insert(each.trouble.key);
      for (const auto& channel : channels_of(book, each.trouble.rule))
        wanted.emplace(KeyAndChannel{each.trouble.key, channel}, &each);
    }
    int notices = 0;
    RH_ASSIGN(const auto told, read_tellings());
    for (const auto& [who, notice] : told) {
      if (wanted.contains(who)) continue;
      const auto& [key, channel] = who;
      const auto was = std::ranges::find(before, key, [](const OpenTrouble& o) { return o.trouble.key; });
      const bool say = healed.contains(key) && !keys.contains(key) && book.channel(channel) != nullptr &&
                       was != before.end();
      RH_ASSIGN(const bool knows, forget_telling(who, notice, say));
      if (!knows) continue;
      RH_TRY(add_notice(channel, Notice::Kind::kHealed, *was, now));
      ++notices;
    }
    for (const auto& [who, trouble] : wanted) {
      if (told.contains(who)) continue;
      RH_TRY(add_notice(who.second, Notice::Kind::kOpen, *trouble, now));
      RH_ASSIGN(Statement insert,
                database_->prepare("insert into telling (key, channel, notice) values (?, ?, ?)"));
      RH_TRY(insert.run(who.first, who.second, database_->last_insert_id()));
      ++notices;
    }
    return notices;
  }

  Result<std::map<KeyAndChannel, int64_t>> read_tellings() const {
    RH_ASSIGN(Statement rows, database_->prepare("select key, channel, notice from telling"));
    std::map<KeyAndChannel, int64_t> told;
    while (true) {
      RH_ASSIGN(const bool more, rows.step());
      if (!more) return told;
      told[{rows.column_text(0), rows.column_text(1)}] = rows.column_int(2);
    }
  }

  /// Returns whether the healing is to be told: nobody hears of the end of what they never heard of.
  Result<bool> forget_telling(const KeyAndChannel& who, int64_t notice, bool say) {
    RH_ASSIGN(Statement remove, database_->prepare("delete from telling where key = ? and channel = ?"));
    RH_TRY(remove.run(who.first, who.second));
    if (!say) {
      RH_ASSIGN(
          Statement withdraw,
          database_->prepare("update notice set state = 'withdrawn' where number = ? and state = 'waiting'"));
      RH_TRY(withdraw.run(notice));
      return false;
    }
    RH_ASSIGN(Statement row, database_->prepare("select state from notice where number = ?"));
    RH_TRY(row.bind_all(notice));
    RH_ASSIGN(const bool found, row.step());
    return !found || row.column_text(0) != "given_up";
  }

  Result<> add_notice(const std::string& channel, Notice::Kind kind, const OpenTrouble& open, Time now) {
    RH_ASSIGN(
        Statement insert,
        database_->prepare("insert into notice (id, channel, kind, rule, key, title, detail, since, ended, "
                           "made, next_try) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    return insert.run(random_id(), channel, name_of(kind), open.trouble.rule, open.trouble.key,
                      open.trouble.title, open.trouble.detail, open.since,
                      kind == Notice::Kind::kHealed ? to_iso(now) : "", milliseconds(now), milliseconds(now));
  }

  Result<> remove_old(Time now) {
    RH_ASSIGN(Statement notices,
              database_->prepare("delete from notice where state <> 'waiting' and made < ? "
                                 "and number not in (select notice from telling)"));
    RH_TRY(notices.run(milliseconds(now - kKept)));
    RH_ASSIGN(Statement happenings, database_->prepare("delete from happening where at < ?"));
    return happenings.run(to_iso(now - kKept));
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Sqlite> database_;
  Time begun_;
};

/// Notes when the file was begun, or reads it.
Result<Time> begin(Sqlite& database, Time now) {
  RH_ASSIGN(Transaction transaction, Transaction::begin(database));
  RH_ASSIGN(Statement insert,
            database.prepare("insert into begun (at) select ? where not exists (select 1 from begun)"));
  RH_TRY(insert.run(to_iso(now)));
  RH_ASSIGN(Statement row, database.prepare("select at from begun"));
  RH_TRY(row.step());
  const Time begun = parse_iso(row.column_text(0)).value_or(now);
  row.reset();
  RH_TRY(transaction.commit());
  return begun;
}

}  // namespace

const char* name_of(Notice::Kind kind) {
  switch (kind) {
    case Notice::Kind::kOpen:
      return "open";
    case Notice::Kind::kHealed:
      return "healed";
    case Notice::Kind::kHappened:
      return "happened";
  }
  return "open";
}

Result<std::unique_ptr<AlertState>> open_alert_state(const std::filesystem::path& file, Time now) {
  RH_ASSIGN(auto database, Sqlite::open(file, "the memory of alerts",
                                        "Move the file away; troubles that are open are then told again."));
  RH_TRY(database->migrate(kMigrations));
  RH_ASSIGN(const Time begun, begin(*database, now));
  return std::make_unique<SqliteAlertState>(std::move(database), begun);
}

}  // namespace reelhouse::workflow
