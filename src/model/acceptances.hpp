#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "model/build_mirror.hpp"
#include "model/share.hpp"

namespace reelhouse::model {

/// What somebody has let in although it lost more than it may: `accepted/<table>/<content>.json` in the store,
/// and in the bucket where the store is shared, so that every machine and every triggered run knows it. It holds
/// for exactly the bytes that were delivered, and for no greater loss than was let in: rules that reject more
/// of the same bytes later ask again.
class Acceptances {
 public:
  /// `mirror` outlives this; null where the store is a folder.
  explicit Acceptances(const std::filesystem::path& store, const BuildMirror* mirror = nullptr)
      : root_(store / "accepted"), mirror_(mirror) {}

  /// Errors: as BuildMirror::fetch.
  Result<bool> covers(const Loss& loss) const;
  /// Lets a loss in; `run` is the one that stopped on it, or that was told to let it in. Errors: kPermission,
  /// kFull, and as BuildMirror::store.
  Result<> add(const Loss& loss, const std::string& run, Time now) const;

 private:
  std::filesystem::path file_of(const Loss& loss) const;
  Result<Json> read(const Loss& loss) const;

  std::filesystem::path root_;
  const BuildMirror* mirror_;
};

}  // namespace reelhouse::model
