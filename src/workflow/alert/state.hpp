#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "workflow/alert/alerts.hpp"
#include "workflow/alert/troubles.hpp"

namespace reelhouse::workflow {

/// What is told to one channel.
struct Notice {
  enum class Kind { kOpen, kHealed, kHappened };  ///< kHappened: it does not stay, so it never heals
  int64_t number = 0;
  std::string id;  ///< the same at every attempt, so that a receiver can tell a repetition
  std::string channel;
  Kind kind = Kind::kOpen;
  Trouble trouble;
  std::string since;  ///< ISO
  std::string ended;  ///< ISO; of one that has healed
  int attempts = 0;
};
/// "open", "healed", "happened".
const char* name_of(Notice::Kind kind);

struct AlertCounts {
  int open = 0;      ///< troubles
  int waiting = 0;   ///< notices to be delivered
  int given_up = 0;  ///< notices that were not delivered within a day, of the last 90 days
};

/// Remembers which troubles are open, who was told, and which notices are not delivered yet: SQLite, in a
/// file of its own (`.reelhouse/alerts.db`). Each channel is told of a trouble once when it begins and once
/// when it heals, whichever rules name it, across restarts and between processes. Thread-safe. Errors of all:
/// kBusy, kFull, kPermission, kUnavailable, kDamaged.
class AlertState {
 public:
  virtual ~AlertState() = default;
  /// Takes all troubles that are there now of the rules named in `rules`; what of them is gone has healed.
  /// What rules that are not named said before stays. A rule or channel that the book does not have any more
  /// is forgotten without a word. Returns the number of notices that this makes.
  virtual Result<int> update(const AlertBook& book, const std::vector<std::string>& rules,
                             const std::vector<Trouble>& troubles, Time now) = 0;
  /// Takes a happening that does not stay (a schema change): told once a rule and key.
  virtual Result<int> happened(const AlertBook& book, const Trouble& trouble, Time now) = 0;
  /// Takes the oldest notice of a channel that is due, for this process alone, for two minutes: what a
  /// process that dies has taken comes back. Of one trouble the beginning always comes before the end.
  virtual Result<std::optional<Notice>> claim(const std::string& channel, Time now) = 0;
  virtual Result<> delivered(int64_t number) = 0;
  /// Notes why a notice was not delivered: it is due again after 1, 2, 4 ... 60 minutes, and given up after a
  /// day; then its healing is not told either.
  virtual Result<> not_delivered(int64_t number, const std::string& why, Time now) = 0;
  /// Lists the troubles that are open, oldest first: rule, key, title, detail, since, and `told`: channel,
  /// state (delivered, waiting, given_up), attempts, why.
  virtual Result<Json> open_troubles() const = 0;
  virtual Result<AlertCounts> counts() const = 0;
  /// When this file was begun; what happened before is nobody's news.
  virtual Time begun() const = 0;
};

/// Opens the file, and makes it if need be. Errors: as AlertState; kUsage when a newer program wrote it.
Result<std::unique_ptr<AlertState>> open_alert_state(const std::filesystem::path& file, Time now);

}  // namespace reelhouse::workflow
